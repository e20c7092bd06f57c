"""The staff page: sign in for a shift, scan or type, see one big answer, take it off, undo within the day."""

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import wraps

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Agency
from campaigns.errors import PinNotAccepted
from campaigns.models import Store, UseMode
from campaigns.selectors import check_store_pin, conditions_sentences, store_by_number
from codes.business_day import business_day
from codes.conditions import conditions_of, uses_left
from codes.errors import InsufficientBalance
from codes.models import Redemption, RedemptionKind
from codes.selectors import last_use, open_disputes, refusal_sentence
from codes.services import (
    CodeState,
    check_code,
    check_guesser,
    redeem_code,
    reverse_redemption,
    unknown_codes_counted,
)
from core import clock
from core.errors import DomainError
from portal.attempts import spend_guess, staff_of
from portal.errors import NotACustomersCode
from portal.forms import LONGEST_CODE, CodeForm, RedeemForm, StaffLoginForm
from portal.refusals import private
from portal.staff_session import Place, place_of, remember_place, sign_in, sign_out, store_of

LOGINS = 10  # wrong PINs of one store, or from one browser, within ten minutes
CHECKS = 120  # codes that one phone may try within ten minutes; a busy till stays below
# The word on the big sign for each refusal; whatever else there may be is 対象外.
SIGNS = {
    "already_redeemed": "used",
    "expired": "expired",
    "code_token_expired": "again",
    "not_a_customers_code": "again",
}


def shift(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let only a signed-in store pass; the view gets it as its second argument."""

    @private
    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        store = store_of(request)
        if store is None:
            return redirect("portal:staff-login")
        return view(request, store, *args, **kwargs)

    return wrapped


@require_safe
@private
def at_agency(request: HttpRequest, slug: str) -> HttpResponse:
    """Open the staff page by an agency's own address, from a store's QR; the phone remembers where it belongs."""
    agency = get_object_or_404(Agency, slug=slug)
    return remember_place(redirect("portal:staff"), Place(agency.slug, request.GET.get("store", "")))


@require_http_methods(["GET", "HEAD", "POST"])
@private
def login(request: HttpRequest) -> HttpResponse:
    """Sign in with the store's number and PIN; of two agencies' stores of one number the phone has to know which."""
    place = place_of(request)
    if request.method != "POST":
        return render(request, "portal/staff/login.html", {"form": StaffLoginForm(initial={"store": place.number})})
    form = StaffLoginForm(request.POST)
    status = 422
    if form.is_valid():
        number, pin = form.cleaned_data["store"], form.cleaned_data["pin"]
        try:
            agency = Agency.objects.filter(slug=place.agency).first() if place.agency else None
            store = staff_store(request, number, pin, agency_id=agency.pk if agency else None)
        except DomainError as refusal:
            name = "pin" if isinstance(refusal, PinNotAccepted) else "store"
            form.refuse(name, refusal)
            status = refusal.status
        else:
            signed_in = sign_in(redirect("portal:staff"), store)
            return remember_place(signed_in, Place(store.agency.slug, store.code))
    context = {"form": form.focus_first_wrong()}
    return render(request, "portal/staff/login.html", context, status=status)


def staff_store(request: HttpRequest, number: str, pin: str, *, agency_id: int | None) -> Store:
    """Find the store that a number and a PIN open; tries count for the store, whichever page they are typed on.

    Raises:
        TooManyAttempts, PinNotAccepted: why it stays closed.
    """
    store = store_by_number(code=number, agency_id=agency_id)
    owner = agency_id if store is None else store.agency_id
    spend_guess(request, "pin", limit=LOGINS, subject=f"{owner or ''}:{number}", now=clock.now())
    return check_store_pin(store, pin)


@require_POST
@private
def logout(request: HttpRequest) -> HttpResponse:
    """End the shift."""
    return sign_out(redirect("portal:staff-login"))


@require_safe
@shift
def scan(request: HttpRequest, store: Store) -> HttpResponse:
    """Show the camera and the field to type into, with the last redemption and its undo."""
    done_id = _uuid(request.GET.get("done", ""))
    done = _today(store).select_related("gift_code").filter(public_id=done_id).first() if done_id else None
    known = conditions_of(done.gift_code.prize_id) if done else None
    left = uses_left(done.gift_code, known.use_limit) if done and known and known.mode == UseMode.TIMES else None
    context = {"store": store, "form": CodeForm(), "done": done, "uses_left": left}
    return render(request, "portal/staff/scan.html", context)


@require_POST
@shift
def check(request: HttpRequest, store: Store) -> HttpResponse:
    """Tell whether a code can be used here and now."""
    form = CodeForm(request.POST)
    if _is_of_something_else(request.POST.get("code", "")):
        return _sign(request, store, refusal=NotACustomersCode())
    if not form.is_valid():
        context = {"store": store, "form": form.focus_first_wrong()}
        return render(request, "portal/staff/scan.html", context, status=422)
    presented, now = form.cleaned_data["code"], clock.now()
    try:
        spend_guess(request, "till", limit=CHECKS, now=now)
        state = _state(store, presented, now)
    except DomainError as refusal:
        return _sign(request, store, refusal=refusal)
    form = RedeemForm(initial={"code": presented}, conditions=state.conditions)
    return _result(request, store, state, form, once=uuid.uuid4().hex)


@require_POST
@shift
def redeem(request: HttpRequest, store: Store) -> HttpResponse:
    """Take an amount, or all, off a code; the same press twice takes it once."""
    code_form = CodeForm(request.POST)
    if not code_form.is_valid():
        context = {"store": store, "form": code_form.focus_first_wrong()}
        return render(request, "portal/staff/scan.html", context, status=422)
    presented, now = code_form.cleaned_data["code"], clock.now()
    try:
        state = _state(store, presented, now)
    except DomainError as refusal:
        return _sign(request, store, refusal=refusal)
    form = RedeemForm(request.POST, conditions=state.conditions)
    if not form.is_valid():
        return _result(request, store, state, form.focus_first_wrong(), once=request.POST.get("once", ""), status=422)
    once = f"staff-{_uuid(request.POST.get('once', '')) or uuid.uuid4()}"
    try:
        redemption = redeem_code(
            agency_id=store.agency_id,
            presented=presented,
            store_id=store.pk,
            amount_jpy=form.cleaned_data.get("amount"),
            purchase=form.purchase,
            pos_transaction_id=once,
            terminal="staff page",
            now=now,
        )
    except InsufficientBalance as refusal:
        if "amount" not in form.fields:
            return _sign(request, store, refusal=refusal)
        form.refuse_above(state.balance_jpy)
        return _result(request, store, state, form.focus_first_wrong(), once=request.POST.get("once", ""), status=422)
    except DomainError as refusal:
        return _sign(request, store, refusal=refusal)
    return redirect(f"/staff/?done={redemption.public_id}")


@require_POST
@shift
def undo(request: HttpRequest, store: Store, public_id: uuid.UUID) -> HttpResponse:
    """Take a redemption of this store and this business day back."""
    redemption = get_object_or_404(_today(store), public_id=public_id)
    reverse_redemption(
        redemption_public_id=str(redemption.public_id),
        agency_id=store.agency_id,
        store_id=store.pk,
        reason="staff page",
        now=clock.now(),
    )
    return redirect("portal:staff-today")


@require_safe
@shift
def today(request: HttpRequest, store: Store) -> HttpResponse:
    """List what was redeemed at this store today."""
    rows = _today(store).select_related("gift_code__prize")
    left = [row.amount_jpy - row.reversed_jpy for row in rows]
    context = {
        "store": store,
        "rows": rows,
        "count": sum(1 for amount in left if amount),
        "total": sum(left),
        "disputes": [(dispute, refusal_sentence(dispute.reason_code)) for dispute in open_disputes(store)],
    }
    return render(request, "portal/staff/today.html", context)


def _state(store: Store, presented: str, now: datetime) -> CodeState:
    """Ask about a code; a store whose staff type too many that nobody knows has to wait."""
    guesser = staff_of(store)
    check_guesser(guesser=guesser, now=now)
    with unknown_codes_counted(guesser=guesser, now=now):
        return check_code(agency_id=store.agency_id, presented=presented, store_id=store.pk, now=now)


def _is_of_something_else(scanned: str) -> bool:
    """Tell what the camera reads out of a poster's QR from a code: asked as one, it would count as a guess."""
    return "://" in scanned or len(scanned) > LONGEST_CODE


def _today(store: Store) -> QuerySet[Redemption]:
    """Give what was taken on the store's business day, which may run over midnight."""
    today = business_day(store, clock.now())
    return Redemption.objects.filter(store=store, kind=RedemptionKind.REDEEM, business_day=today)


def _result(
    request: HttpRequest, store: Store, state: CodeState, form: RedeemForm, *, once: str, status: int = 200
) -> HttpResponse:
    """Show what a code is good for, and ask for what its conditions need."""
    known = state.use_conditions
    sign = "good" if state.is_redeemable else word_of(state.refusal_code)
    presented = request.POST.get("code", "")
    context = {
        "store": store,
        "state": state,
        "sign": sign,
        "last_use": last_use(agency_id=store.agency_id, presented=presented) if sign == "used" else None,
        "reason": refusal_sentence(state.refusal_code) if state.refusal_code else "",
        "conditions": conditions_sentences(known),
        "form": form,
        "once": once,
    }
    return render(request, "portal/staff/result.html", context, status=status)


def _sign(request: HttpRequest, store: Store, *, refusal: DomainError) -> HttpResponse:
    context = {
        "store": store,
        "sign": word_of(refusal.code),
        "message": str(refusal),
        "form": CodeForm(),
    }
    return render(request, "portal/staff/result.html", context, status=refusal.status)


def word_of(refusal_code: str | None) -> str:
    """Give the word on the big sign for a refusal."""
    return SIGNS.get(refusal_code or "", "not_accepted")


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
