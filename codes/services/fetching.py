"""A code that its supplier makes: asked for once, by a request that is stored first, and shown without being kept.

The row of the request is the queue. Whatever became of a call, the next one goes out under the same id, so that two
workers, a dead one or a lost answer end with one card. Nothing here calls a supplier within a transaction.
"""

from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F

from accounts import audit
from codes.errors import CodeSuspended, SupplierUnavailable
from codes.models import Award, CodeSource, CodeStatus, GiftCode, SupplierCard, SupplierCardStatus
from codes.selectors import FOR_PEOPLE, RevealedCode, due_cards, open_code, unasked_codes
from codes.services.fetched_stock import pause_batch
from codes.suppliers import MadeCard, SupplierRefused, supplier_of
from core.crashpoints import crashpoint
from core.errors import DomainError
from core.queueing import enqueue_on_commit

log = structlog.get_logger(__name__)

CURRENCY = "JPY"
IN_A_SWEEP = 100
TAKEN_BACK = (SupplierCardStatus.CANCELLING, SupplierCardStatus.CANCELLED)  # a late answer changes nothing of these


def order_cards(*, entry_id: int) -> None:
    """Store a request for each code of a win that its supplier makes, in the transaction that gives it out.

    Raises:
        SupplierNotConnected: the account at the supplier is not in the settings.
    """
    for gift_code in unasked_codes().filter(award__entry=entry_id):
        _order(gift_code)


def order_missed_cards(*, now: datetime) -> int:
    """Store the requests for codes that were given out in another way than by a win; returns how many."""
    missed = list(unasked_codes()[:IN_A_SWEEP])
    for gift_code in missed:
        _order(gift_code)
    return len(missed)


def make_card(*, gift_code_id: int, now: datetime) -> SupplierCard:
    """Have the card of a code made; one that is made already is only looked up.

    Raises:
        SupplierUnavailable: there is no card yet; the sweep or the next press tries again.
        CodeSuspended: the code was withdrawn.
    """
    card = _counted_try(gift_code_id, now)
    if card.status == SupplierCardStatus.MADE:
        return card
    if card.failure_code in FOR_PEOPLE:
        raise SupplierUnavailable(reason=card.failure_code)
    crashpoint("fetch.after_request_stored")
    try:
        made = supplier_of(card.supplier).make(request_id=card.request_id, amount_jpy=card.amount_jpy)
    except SupplierUnavailable as error:
        _note_failure(card.pk, SupplierCardStatus.UNKNOWN, error.reason, now)
        raise
    except SupplierRefused as error:
        _note_failure(card.pk, SupplierCardStatus.REFUSED, error.reason, now)
        raise SupplierUnavailable(reason=error.reason) from error
    crashpoint("fetch.after_answer")
    return _note_answer(card.pk, made, now)


def prepare_card(*, award_id: int, now: datetime) -> None:
    """Have the card of an award made before its showing is noted: a supplier that is away uses up nothing.

    Raises:
        SupplierUnavailable: there is no card yet.
    """
    unmade = GiftCode.objects.filter(award=award_id, status=CodeStatus.ISSUED, code_ciphertext="")
    unmade = unmade.filter(batch__source=CodeSource.FETCHED).exclude(supplier_card__status=SupplierCardStatus.MADE)
    for gift_code_id in unmade.values_list("pk", flat=True):
        make_card(gift_code_id=gift_code_id, now=now)


def shown_code(*, gift_code: GiftCode, now: datetime) -> RevealedCode:
    """Open a code that we hold, or have its supplier show it; the line in the trail is committed before (I13).

    Raises:
        SupplierUnavailable: it cannot be shown now; the same press works later.
    """
    if gift_code.code_ciphertext or gift_code.batch.source != CodeSource.FETCHED:
        return open_code(gift_code)
    card = make_card(gift_code_id=gift_code.pk, now=now)
    try:
        shown = supplier_of(card.supplier).show(request_id=card.request_id, amount_jpy=card.amount_jpy)
    except SupplierRefused as error:
        _note_failure(card.pk, SupplierCardStatus.REFUSED, error.reason, now)
        raise SupplierUnavailable(reason=error.reason) from error
    _note_answer(card.pk, shown, now)
    return RevealedCode(code=shown.code, pin=shown.pin, url=shown.url)


@transaction.atomic
def note_not_shown(*, award_id: int) -> None:
    """Take back the note that a code was shown, where its supplier did not show it: the next press is the first."""
    award = Award.objects.select_for_update().get(pk=award_id)
    count = award.reveal_count - 1
    revealed_at = award.revealed_at if count else None
    Award.objects.filter(pk=award_id).update(reveal_count=count, revealed_at=revealed_at)
    audit.record("code.not_shown", subject=award)


def make_due_cards(*, now: datetime) -> int:
    """Ask for every card that is due; one that fails does not hold up the others. Returns how many are made."""
    made = 0
    for gift_code_id in due_cards(now, limit=IN_A_SWEEP):
        try:
            make_card(gift_code_id=gift_code_id, now=now)
            made += 1
        except DomainError as error:
            log.warning("card_not_made", gift_code_id=gift_code_id, code=error.code, reason=str(error.context))
    return made


def _order(gift_code: GiftCode) -> SupplierCard:
    brand = gift_code.prize.gift_brand
    supplier = brand.supplier if brand else ""
    card, is_new = SupplierCard.objects.get_or_create(
        gift_code=gift_code,
        defaults={
            "agency_id": gift_code.agency_id,
            "supplier": supplier,
            "request_id": supplier_of(supplier).request_id(gift_code.public_id),
            "amount_jpy": gift_code.face_value_jpy,
        },
    )
    if is_new:
        enqueue_on_commit("codes.tasks.make_card", gift_code_id=gift_code.pk)
    return card


@transaction.atomic
def _counted_try(gift_code_id: int, now: datetime) -> SupplierCard:
    """Count the try in the row before the call goes out; a made card is not tried."""
    gift_code = GiftCode.objects.select_related("batch", "prize__gift_brand").get(pk=gift_code_id)
    card = _order(gift_code)
    if card.status == SupplierCardStatus.MADE:
        return card
    if card.status in TAKEN_BACK:
        raise SupplierUnavailable(reason="cancelled")
    if gift_code.status != CodeStatus.ISSUED:
        raise CodeSuspended(gift_code_id=gift_code_id)
    SupplierCard.objects.filter(pk=card.pk).update(attempts=F("attempts") + 1, updated_at=now)
    return card


def _note_answer(card_id: int, made: MadeCard, now: datetime) -> SupplierCard:
    card = _kept(card_id, made, now)
    if card.status in TAKEN_BACK:
        raise SupplierUnavailable(reason="cancelled")
    if problem := _problem(card, made):
        raise SupplierUnavailable(reason=problem)
    return card


@transaction.atomic
def _kept(card_id: int, made: MadeCard, now: datetime) -> SupplierCard:
    """Keep the card's id where value and currency are right; else set card and batch aside for a person."""
    card = SupplierCard.objects.select_for_update(of=("self",)).select_related("gift_code").get(pk=card_id)
    if card.status in TAKEN_BACK:
        return card
    if problem := _problem(card, made):
        facts = {"asked_jpy": card.amount_jpy, "given_jpy": made.amount_jpy, "currency": made.currency[:3]}
        _refuse(card, problem, now, card_id=card.card_id or made.card_id, **facts)
    elif card.status != SupplierCardStatus.MADE:
        card.move_to(SupplierCardStatus.MADE, card_id=made.card_id, made_at=now, failure_code="", updated_at=now)
        audit.record("card.made", subject=card, amount_jpy=card.amount_jpy)
    return card


def _problem(card: SupplierCard, made: MadeCard) -> str:
    if (made.amount_jpy, made.currency) != (card.amount_jpy, CURRENCY):
        return "wrong_amount"
    return "other_card" if card.card_id not in ("", made.card_id) else ""


@transaction.atomic
def _note_failure(card_id: int, status: SupplierCardStatus, reason: str, now: datetime) -> None:
    """Note why there is no card; one that another worker has made meanwhile stays made."""
    card = SupplierCard.objects.select_for_update(of=("self",)).select_related("gift_code").get(pk=card_id)
    if card.status in TAKEN_BACK:
        return
    if status == SupplierCardStatus.REFUSED:
        _refuse(card, reason, now)
    elif card.can_move_to(status):
        card.move_to(status, failure_code=reason[:40], updated_at=now)
    elif card.status == status:
        SupplierCard.objects.filter(pk=card_id).update(failure_code=reason[:40], updated_at=now)


def _refuse(card: SupplierCard, reason: str, now: datetime, *, card_id: str = "", **facts: Any) -> None:
    """Set the card aside, if it is not made, and hold back what is left of its batch; each once."""
    is_new = (card.status, card.failure_code) != (SupplierCardStatus.REFUSED, reason[:40])
    changes = {"failure_code": reason[:40], "updated_at": now} | ({"card_id": card_id} if card_id else {})
    if card.can_move_to(SupplierCardStatus.REFUSED):
        card.move_to(SupplierCardStatus.REFUSED, **changes)
    elif card.status == SupplierCardStatus.REFUSED:
        SupplierCard.objects.filter(pk=card.pk).update(**changes)
    if is_new:
        facts |= {"supplier_request": card.request_id, "supplier_card": card.card_id or card_id}
        audit.record("card.refused", subject=card, reason=reason, **facts)
    pause_batch(batch_id=card.gift_code.batch_id, reason=reason, now=now)
