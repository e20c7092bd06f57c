"""マイページ: the entries of this browser's person, what was won, and what was written to them."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from codes.links import claim_url
from codes.models import Award, CodeStatus
from core import clock
from distribution.models import Delivery
from participants.models import EntryStatus
from portal.refusals import private
from portal.session import entries_to_show, visitor_of
from portal.views.result import page_of

WITHDRAWABLE = (
    EntryStatus.STARTED,
    EntryStatus.SUBMITTED,
    EntryStatus.SENT_BACK,
    EntryStatus.IN_REVIEW,
)


@require_safe
@private
def my_page(request: HttpRequest) -> HttpResponse:
    """Show entries with their state, awards with their deadlines, and messages."""
    entries = entries_to_show(visitor_of(request))
    now = clock.now()
    awards = (
        Award.objects.filter(entry__in=entries).select_related("prize", "gift_code", "entry__campaign").order_by("-pk")
    )
    messages = Delivery.objects.filter(entry__in=entries).select_related("entry__campaign").order_by("-pk")[:20]
    context = {
        "rows": [(e, page_of(e), e.status in WITHDRAWABLE) for e in entries],
        "awards": [(a, award_state(a, now), claim_url(a)) for a in awards],
        "messages": messages,
        "sponsors": {e.campaign.sponsor for e in entries},
    }
    return render(request, "portal/my.html", context)


def award_state(award: Award, now: datetime) -> str:
    """Name what can be done with an award: ready, shown, used, expired, void, or goods that need no code."""
    code = award.gift_code
    if award.voided_at or (code and code.status == CodeStatus.VOID):
        return "void"
    if code is None:
        return "goods"
    if code.redeemed_at and code.balance_jpy == 0:
        return "used"
    if code.expires_at and code.expires_at <= now:
        return "expired"
    if award.revealed_at is None and award.claim_expires_at <= now:
        return "expired"
    return "shown" if award.revealed_at else "ready"
