"""マイページ: the entries of this browser's person, what was won, and what was written to them."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from codes.conditions import usable_until
from codes.holders import holder_obstacle
from codes.links import claim_url
from codes.models import Award
from core import clock
from distribution.models import Delivery
from participants.models import EntryStatus
from portal.claiming import award_state, use_conditions
from portal.holder import holder_of
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
        Award.objects.filter(entry__in=entries)
        .select_related("prize__conditions", "gift_code", "entry__campaign", "replaced_by", "shipment")
        .order_by("-pk")
    )
    messages = Delivery.objects.filter(entry__in=entries).select_related("entry__campaign").order_by("-pk")[:20]
    context = {
        "rows": [(e, page_of(e), e.status in WITHDRAWABLE) for e in entries],
        "awards": [(a, _state(request, a, now), claim_url(a), _usable_until(a)) for a in awards],
        "messages": messages,
        "sponsors": {e.campaign.sponsor for e in entries},
    }
    return render(request, "portal/my.html", context)


def _usable_until(award: Award) -> datetime | None:
    return usable_until(award.gift_code, use_conditions(award.prize)) if award.gift_code else None


def _state(request: HttpRequest, award: Award, now: datetime) -> str:
    """Name the state of an award, and besides whether it is another device that may open it."""
    state = award_state(award, now)
    if state in ("ready", "shown") and holder_obstacle(award, holder_of(request, award)) == "device":
        return "bound"
    return state
