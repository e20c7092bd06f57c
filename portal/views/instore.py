"""店頭: the phone shows a QR code that changes, a barcode that is good once, or has the staff press a button on it."""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.models import Store
from codes.conditions import Item, Purchase, conditions_of
from codes.errors import InsufficientBalance
from codes.models import Award, GiftCode, Redemption, RedemptionKind
from codes.presentation import NUMBER_SECONDS, presentation_token
from codes.printing import COMPANY_INTERNAL
from codes.selectors import refusal_sentence
from codes.services import CodeState, check_code, redeem_code, show_number
from core import clock
from core.barcodes import barcode_svg
from core.errors import DomainError
from portal.attempts import spend_guess
from portal.claiming import award_behind, claim_context, own_award_at_the_till, till_context, use_sentences
from portal.errors import PressTooLate
from portal.forms import PressForm
from portal.refusals import private, refusal_page
from portal.views.staff import staff_store, word_of

NUMBERS = 20  # barcodes that one prize may show within ten minutes
TICKET_SECONDS = 120  # between the staff's PIN and the press that uses the code
MARK_SECONDS = 300  # how long the page of a use moves; later it only tells
SALT = "portal.press"


@require_POST
@private
def instore_qr(request: HttpRequest, token: str) -> HttpResponse:
    """Give the next QR for the till; the old one soon stops to be good, so that a picture of it is worth nothing."""
    award = own_award_at_the_till(request, token)
    return render(request, "portal/parts/instore.html", {"token": token} | till_context(award, clock.now()))


@require_POST
@private
def number(request: HttpRequest, token: str) -> HttpResponse:
    """Show a barcode for tills that read nothing but bars: once, and for five minutes."""
    award = own_award_at_the_till(request, token)
    spend_guess(request, "number", limit=NUMBERS, subject=str(award.public_id), now=clock.now())
    symbology = settings.PRESENTED_BARCODE
    shown = show_number(gift_code_id=_code(award).pk, symbology=symbology, now=clock.now())
    content = f"{COMPANY_INTERNAL}{shown}" if symbology == "gs1_128" else shown
    context = claim_context(award, token) | {
        "number": shown,
        "bars": SafeString(barcode_svg(symbology, content)),  # drawn by us out of digits
        "seconds": NUMBER_SECONDS,
        "good_until": clock.now() + timedelta(seconds=NUMBER_SECONDS),
    }
    return render(request, "portal/number.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@private
def press(request: HttpRequest, token: str) -> HttpResponse:
    """Hand the phone to the staff: their store's number and PIN, and the amount."""
    award = own_award_at_the_till(request, token)
    form = _form(award, request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _press_page(request, award, token, form)
    if not form.is_valid():
        return _press_page(request, award, token, form, status=422)
    purchase, amount = form.purchase(_code(award).balance_jpy), form.cleaned_data.get("amount")
    try:
        store = _store(request, award, form)
        state = _check(award, store, amount, purchase)
    except DomainError as refusal:
        form.refuse("pin", refusal)
        return _press_page(request, award, token, form, status=refusal.status)
    if state.refusal_code == InsufficientBalance.code and "amount" in form.fields:
        form.refuse_above(state.balance_jpy)
        return _press_page(request, award, token, form, status=422)
    lines = [(line.item, line.quantity, line.amount_jpy) for line in purchase.items]
    told = [str(award.public_id), str(store.public_id), amount, purchase.total_jpy, lines, uuid.uuid4().hex]
    context = claim_context(award, token) | {
        "store": store,
        "state": state,
        "sign": "good" if state.is_redeemable else word_of(state.refusal_code),
        "reason": refusal_sentence(state.refusal_code) if state.refusal_code else "",
        "goods": purchase.goods,
        "ticket": signing.dumps(told, salt=SALT),
    }
    return render(request, "portal/press_confirm.html", context)


@require_POST
@private
def use(request: HttpRequest, token: str) -> HttpResponse:
    """Use the code as the staff confirmed it; the same press twice uses it once."""
    award = award_behind(token)
    now = clock.now()
    try:
        store, amount, purchase, once = _ticket(request, award)
        redemption = redeem_code(
            agency_id=award.agency_id,
            presented=presentation_token(_code(award), now=now),
            store_id=store.pk,
            amount_jpy=amount,
            purchase=purchase,
            pos_transaction_id=f"phone-{once}",
            terminal="phone",
            now=now,
        )
    except DomainError as refusal:
        return refusal_page(request, refusal, prize=reverse("portal:claim", args=[token]))
    return redirect("portal:claim-used", token=token, public_id=redemption.public_id)


@require_safe
@private
def used(request: HttpRequest, token: str, public_id: uuid.UUID) -> HttpResponse:
    """Show that the code was used, with a mark that moves as long as it is news; or that the store has undone it."""
    award = award_behind(token)
    redemption = get_object_or_404(
        Redemption.objects.select_related("store"),
        gift_code=award.gift_code,
        public_id=public_id,
        kind=RedemptionKind.REDEEM,
    )
    now = clock.now()
    context = claim_context(award, token) | {
        "redemption": redemption,
        "now": now,
        "is_undone": redemption.reversed_jpy == redemption.amount_jpy,
        "news_seconds": max(0, int((redemption.at + timedelta(seconds=MARK_SECONDS) - now).total_seconds())),
    }
    return render(request, "portal/used.html", context)


def _press_page(request: HttpRequest, award: Award, token: str, form: PressForm, *, status: int = 200) -> HttpResponse:
    context = claim_context(award, token) | {
        "form": form.focus_first_wrong(),
        "sentences": use_sentences(award.prize),
    }
    return render(request, "portal/press.html", context, status=status)


def _store(request: HttpRequest, award: Award, form: PressForm) -> Store:
    number, pin = form.cleaned_data["store"], form.cleaned_data["pin"]
    return staff_store(request, number, pin, agency_id=award.agency_id)


def _form(award: Award, typed: QueryDict | None) -> PressForm:
    """Ask for what the conditions of this code need; its products stand there as the operator wrote them."""
    known = getattr(award.prize, "conditions", None)
    products = known.products if known else []
    return PressForm(typed, conditions=conditions_of(award.prize_id), products=products)


def _check(award: Award, store: Store, amount: int | None, purchase: Purchase) -> CodeState:
    """Ask what the till would say, before anything is pressed that cannot be taken back on this screen."""
    now = clock.now()
    presented = presentation_token(_code(award), now=now)
    return check_code(
        agency_id=award.agency_id,
        presented=presented,
        store_id=store.pk,
        amount_jpy=amount,
        purchase=purchase,
        now=now,
    )


def _ticket(request: HttpRequest, award: Award) -> tuple[Store, int | None, Purchase, str]:
    try:
        kept: Any = signing.loads(request.POST.get("ticket", ""), salt=SALT, max_age=TICKET_SECONDS)
        public_id, store, amount, total, lines, once = kept
    except (signing.BadSignature, TypeError, ValueError) as error:
        raise PressTooLate from error
    if public_id != str(award.public_id):
        raise PressTooLate
    purchase = Purchase(total_jpy=total, items=tuple(Item(*line) for line in lines))
    return get_object_or_404(Store, public_id=store, agency_id=award.agency_id), amount, purchase, once


def _code(award: Award) -> GiftCode:
    if award.gift_code is None:
        raise Http404
    return award.gift_code
