"""Where prizes end up, as traces for the search for rings: codes used up in one purchase, or at one till in a burst.

What one browser opens is traced by the claim page itself. A contact that messages go to belongs to one person only, and
no postal address is kept: neither can be shared.
"""

from datetime import datetime, timedelta

from codes.models import Redemption, RedemptionKind
from eligibility.ring_changes import OVERLAP
from eligibility.shared import live_campaigns
from participants.models import Touch, TouchKind, TraceKind
from participants.selectors import TRACES_KEPT
from participants.services import keep_traces

BURST = timedelta(minutes=10)


def trace_payouts(*, sponsor_id: int, since: datetime | None, now: datetime) -> int:
    """Keep what links the uses of a sponsor's codes since then; returns how many uses were looked at."""
    after = since - OVERLAP if since else now - TRACES_KEPT
    touches = Touch.objects.filter(
        campaign__in=live_campaigns(sponsor_id), kind=TouchKind.REDEEMED, at__gt=after, entry__isnull=False
    )
    entries = set(
        touches.values_list("entry", flat=True)
    )  # a timeline has an index by time, the tills' lines have none
    if not entries:
        return 0
    uses = Redemption.objects.filter(gift_code__award__entry__in=entries, kind=RedemptionKind.REDEEM, at__gt=after)
    uses = uses.select_related("gift_code__award").order_by("pk")
    for use in uses:
        keep_traces(entry_id=use.gift_code.award.entry_id, traces=_traces(use), now=now)
    return len(uses)


def _traces(use: Redemption) -> dict[TraceKind, str]:
    """Staff pages name no terminal: there the store is the till. Only some tills send a purchase's number."""
    burst = int((use.occurred_at or use.at).timestamp() // BURST.total_seconds())
    return {
        TraceKind.PURCHASE: f"{use.store_id}:{use.basket_id}" if use.basket_id else "",
        TraceKind.TILL: f"{use.store_id}:{use.terminal}:{burst}",
    }
