"""受取: a link shows what was won; only a press shows the code, since mail and LINE fetch links by GET."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codes.errors import (
    BoundElsewhere,
    ClaimPaused,
    ClaimPinWrong,
    LineProofNeeded,
    PinNotUsable,
    SupplierUnavailable,
)
from codes.holders import holder_obstacle
from codes.links import claim_url
from codes.models import Award
from codes.selectors import last_use_of
from codes.services import move_award, open_claim, reveal_code
from core import clock
from core.clock import jst_day
from core.errors import DomainError
from distribution.services import send_moving_link
from participants.models import TraceKind
from participants.services import keep_traces
from portal.attempts import spend_guess
from portal.calendar import all_day_event
from portal.claiming import (
    GOODS_STATES,
    award_behind,
    award_state,
    claim_context,
    code_fields,
    last_moment,
    pin_form,
    till_context,
    use_sentences,
)
from portal.forms import ClaimPinForm
from portal.holder import Proof, holder_of, keep_device, keep_proof, with_device
from portal.refusals import private, refusal_page
from portal.session import remember, visitor_of
from portal.views.goods import goods_page

MOVES = 3  # links for another device that may be asked for within ten minutes


@require_http_methods(["GET", "HEAD", "POST"])
@private
def claim(request: HttpRequest, token: str) -> HttpResponse:
    """Show prize, value and deadline; by POST show the code to its holder, or take the address of goods."""
    award = award_behind(token)
    state = award_state(award, clock.now())
    if state in GOODS_STATES:
        return goods_page(request, award, token)
    if request.method != "POST" or state not in ("ready", "shown"):
        return _before(request, award, token)
    obstacle = holder_obstacle(award, holder_of(request, award))
    form = pin_form(obstacle, request)
    if form is not None and not form.is_valid():
        return _before(request, award, token, form=form, status=422)
    try:
        return _reveal(request, award, token, pin=form.cleaned_data["pin"] if form else "")
    except (ClaimPinWrong, PinNotUsable, ClaimPaused) as refusal:
        award.refresh_from_db()
        form = pin_form("pin" if award.pin_hash else "new_pin", request) or ClaimPinForm(request.POST)
        form.is_valid()
        form.refuse("pin", refusal)
        paused_until = refusal.until if isinstance(refusal, ClaimPaused) else None
        return _before(request, award, token, form=form, paused_until=paused_until, status=refusal.status)
    except (BoundElsewhere, LineProofNeeded) as refusal:
        award.refresh_from_db()
        return _before(request, award, token, status=refusal.status)
    except SupplierUnavailable as refusal:
        award.refresh_from_db()
        return _before(request, award, token, refusal=str(refusal), status=refusal.status)


def _reveal(request: HttpRequest, award: Award, token: str, *, pin: str) -> HttpResponse:
    holder, device = with_device(request, award, pin=pin)
    revealed = reveal_code(
        award_id=award.pk, now=clock.now(), actor_label=f"claim:{visitor_of(request).device}", holder=holder
    )
    _trace(request, award)
    award = award_behind(token)
    context = claim_context(award, token) | till_context(award, clock.now())
    context |= {
        "state": "shown",
        "revealed": revealed,
        "fields": code_fields(award.prize, revealed),
        "sentences": use_sentences(award.prize),
    }
    response = render(request, "portal/code.html", context)
    if award.device_digest:
        keep_device(response, device)
    if pin:
        keep_proof(response, award, Proof(knows_pin=True))
    return remember(response, visitor_of(request))


def _trace(request: HttpRequest, award: Award) -> None:
    """Note, hashed, which browser opened the code: one that opens those of many people tells of a ring."""
    keep_traces(entry_id=award.entry_id, traces={TraceKind.OPENING: visitor_of(request).device}, now=clock.now())


def _before(
    request: HttpRequest,
    award: Award,
    token: str,
    *,
    form: ClaimPinForm | None = None,
    paused_until: object = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    """Show the page before the press: the prize, and what this browser has to show to see its code."""
    state = award_state(award, clock.now())
    obstacle = holder_obstacle(award, holder_of(request, award)) if state in ("ready", "shown") else None
    context = claim_context(award, token) | {
        "state": state,
        "sentences": use_sentences(award.prize) if state in ("ready", "shown") else [],
        "obstacle": obstacle,
        "form": form.focus_first_wrong() if form else pin_form(obstacle),
        "paused_until": paused_until,
        "refusal": refusal,
        "last_use": last_use_of(award.gift_code) if state == "used" and award.gift_code else None,
        "is_sent": request.GET.get("sent") == "1",
    }
    return render(request, "portal/claim.html", context, status=status)


@require_POST
@private
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """Note that a person, not a scanner of links, has the page open."""
    open_claim(award_id=award_behind(token).pk, now=clock.now())
    return HttpResponse(status=204)


@require_POST
@private
def ask_to_move(request: HttpRequest, token: str) -> HttpResponse:
    """Have a link for this device sent to the winner, wherever he was written to before."""
    award = award_behind(token)
    spend_guess(request, "move", limit=MOVES, subject=str(award.public_id), now=clock.now())
    if award_state(award, clock.now()) in ("ready", "shown", *GOODS_STATES) and award.device_digest:
        send_moving_link(award_id=award.pk, now=clock.now())
    return redirect(f"/g/{token}/?sent=1")


@require_http_methods(["GET", "HEAD", "POST"])
@private
def move(request: HttpRequest, token: str, ticket: str) -> HttpResponse:
    """Ask before, and by POST let this device in; the one before is let go."""
    award = award_behind(token)
    if request.method != "POST":
        return render(request, "portal/move.html", claim_context(award, token))
    _holder, device = with_device(request, award)
    try:
        move_award(award_id=award.pk, ticket=ticket, device=device, now=clock.now())
    except DomainError as refusal:
        return refusal_page(request, refusal, prize=reverse("portal:claim", args=[token]))
    return keep_device(redirect("portal:claim", token=token), device)


@require_safe
@private
def expiry_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Give the last day as an entry for the phone's calendar."""
    award = award_behind(token)
    last_day = jst_day(last_moment(award) - timedelta(seconds=1))
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
