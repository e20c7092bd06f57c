"""お届け先: after the win, and only then, its winner says where a prize goes; who may is asked as with codes."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from codes.address_errors import AddressFixed, AddressNotAccepted, HouseholdLimit
from codes.errors import BoundElsewhere, ClaimPaused, ClaimPinWrong, LineProofNeeded, PinNotUsable
from codes.holders import holder_obstacle
from codes.models import Award
from codes.services import give_address
from core import clock
from core.errors import DomainError
from participants.models import TraceKind
from participants.services import keep_traces
from portal.address_forms import AddressForm
from portal.claiming import award_behind, award_state, claim_context, pin_form
from portal.forms import ClaimPinForm
from portal.holder import Proof, holder_of, keep_device, keep_proof, with_device
from portal.session import remember, visitor_of

TAKES_ADDRESS = ("address", "address_given")


def goods_page(request: HttpRequest, award: Award, token: str) -> HttpResponse:
    """Show where goods stand; by POST take their address."""
    if request.method != "POST" or award_state(award, clock.now()) not in TAKES_ADDRESS:
        return _page(request, award, token)
    form = AddressForm(request.POST)
    if "fill" in request.POST:
        return _filled(request, award, token, form)
    pin = pin_form(holder_obstacle(award, holder_of(request, award)), request)
    if pin is not None and not pin.is_valid():
        form.is_valid()
        return _page(request, award, token, form=form, pin=pin, status=422)
    try:
        return _take(request, award, token, form, pin=pin.cleaned_data["pin"] if pin else "")
    except AddressNotAccepted as refusal:
        form.refuse_all(refusal.problems)
        return _page(request, award, token, form=form, pin=pin, refusal=refusal)
    except (ClaimPinWrong, PinNotUsable, ClaimPaused) as refusal:
        award.refresh_from_db()
        pin = pin_form("pin" if award.pin_hash else "new_pin", request) or ClaimPinForm(request.POST)
        pin.is_valid()
        pin.refuse("pin", refusal)
        return _page(request, award, token, form=form, pin=pin, refusal=refusal)
    except (HouseholdLimit, AddressFixed, BoundElsewhere, LineProofNeeded) as refusal:
        return _page(request, award_behind(token), token, form=form, pin=pin, refusal=refusal)


def _filled(request: HttpRequest, award: Award, token: str, form: AddressForm) -> HttpResponse:
    """Show the form again with what its postal code tells; nothing is kept."""
    try:
        form.fill_in()
    except DomainError as refusal:
        form.refuse_all({"postal_code": refusal})
        return _page(request, award, token, form=form, status=refusal.status)
    return _page(request, award, token, form=form)


def _take(request: HttpRequest, award: Award, token: str, form: AddressForm, *, pin: str) -> HttpResponse:
    form.check_place()
    holder, device = with_device(request, award, pin=pin)
    give_address(award_id=award.pk, typed=form.typed, now=clock.now(), holder=holder)
    keep_traces(entry_id=award.entry_id, traces={TraceKind.OPENING: visitor_of(request).device}, now=clock.now())
    award = award_behind(token)
    response: HttpResponse = redirect(f"/g/{token}/?given=1")
    if award.device_digest:
        keep_device(response, device)
    if pin:
        keep_proof(response, award, Proof(knows_pin=True))
    return remember(response, visitor_of(request))


def _page(
    request: HttpRequest,
    award: Award,
    token: str,
    *,
    form: AddressForm | None = None,
    pin: ClaimPinForm | None = None,
    refusal: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    state = award_state(award, clock.now())
    obstacle = holder_obstacle(award, holder_of(request, award))
    asked = form or AddressForm()
    context = claim_context(award, token) | {
        "state": state,
        "shipment": award.shipment,
        "obstacle": obstacle,
        "form": asked.focus_first_wrong(),
        "pin_form": pin or pin_form(obstacle),
        "refusal": refusal,
        "is_correcting": bool(form) or "correct" in request.GET,
        "is_given": request.GET.get("given") == "1",
        "is_sent": request.GET.get("sent") == "1",
    }
    return render(request, "portal/goods.html", context, status=refusal.status if refusal else status)
