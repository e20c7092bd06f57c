"""受取: a link shows what was won; only a press shows the code, since mail and LINE fetch links by GET."""

from datetime import datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.models import PrizeKind
from codes.links import claim_url, presentation_token
from codes.models import Award
from codes.selectors import award_by_token
from codes.services import open_claim, reveal_code
from core import clock
from core.clock import jst_day
from core.qr import qr_svg
from portal.calendar import all_day_event
from portal.refusals import private
from portal.session import visitor_of
from portal.views.my import award_state


@require_http_methods(["GET", "HEAD", "POST"])
@private
def claim(request: HttpRequest, token: str) -> HttpResponse:
    """Show prize, value and deadline; by POST show the code."""
    award = _award(token)
    state = award_state(award, clock.now())
    context = _context(award, token) | {"state": state}
    if request.method != "POST" or state not in ("ready", "shown"):
        return render(request, "portal/claim.html", context)
    revealed = reveal_code(
        award_id=award.pk,
        now=clock.now(),
        actor_label=f"claim:{visitor_of(request).device}",
    )
    award.refresh_from_db()
    context |= {"revealed": revealed, "state": "shown", "qr": _instore_qr(award)}
    return render(request, "portal/code.html", context)


@require_POST
@private
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """Note that a person, not a scanner of links, has the page open."""
    open_claim(award_id=_award(token).pk, now=clock.now())
    return HttpResponse(status=204)


@require_POST
@private
def instore_qr(request: HttpRequest, token: str) -> HttpResponse:
    """Give the next QR for the till; the old one soon stops to be good, so that a picture of it is worth nothing."""
    award = _award(token)
    if (
        award.revealed_at is None
        or award_state(award, clock.now()) != "shown"
        or award.prize.kind != PrizeKind.OWN_CODE
    ):
        raise Http404
    context = {"token": token, "qr": _instore_qr(award)}
    return render(request, "portal/parts/instore.html", context)


@require_safe
@private
def expiry_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Give the last day as an entry for the phone's calendar."""
    award = _award(token)
    last_day = jst_day(_expires_at(award) - timedelta(seconds=1))
    event = all_day_event(
        uid=f"{award.public_id}@expiry",
        day=last_day,
        title=award.prize.name,
        url=claim_url(award),
        stamp=clock.now(),
    )
    response = HttpResponse(event, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="expiry.ics"'
    return response


def _award(token: str) -> Award:
    award = award_by_token(token)
    if award is None:
        raise Http404
    return award


def _context(award: Award, token: str) -> dict[str, object]:
    campaign = award.entry.campaign
    return {
        "award": award,
        "token": token,
        "prize": award.prize,
        "code": award.gift_code,
        "campaign": campaign,
        "sponsor": campaign.sponsor,
        "expires_at": _expires_at(award),
    }


def _expires_at(award: Award) -> datetime:
    code = award.gift_code
    if award.revealed_at and code and code.expires_at:
        return code.expires_at
    return award.claim_expires_at


def _instore_qr(award: Award) -> SafeString | None:
    """Draw the presentation token; only codes of our own are read at our tills."""
    if award.prize.kind != PrizeKind.OWN_CODE:
        return None
    drawn = qr_svg(presentation_token(award))
    return SafeString(drawn)  # made by us out of a token, no foreign text in it
