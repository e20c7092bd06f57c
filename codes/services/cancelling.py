"""A card taken back at its supplier on an operator's word, while nobody has seen its code.

From the order on the code is shown to nobody. What the supplier did not answer is asked again under the same request
until it is known: a refusal is believed only after the supplier has shown that the card still stands.
"""

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F

from accounts import audit
from accounts.models import AuditEntry
from codes.cancel_errors import CancelOutcomeUnknown, CancelRefused, CancelTooLate, CardNotCancellable, CodeShown
from codes.errors import SupplierUnavailable
from codes.models import Award, CodeStatus, GiftCode, SupplierCard, SupplierCardStatus
from codes.selectors import FOR_PEOPLE, due_cancellations
from codes.services.journaling import journal_void
from codes.suppliers import CANCELLED_THERE, SupplierRefused, supplier_of
from core.crashpoints import crashpoint
from core.errors import DomainError

log = structlog.get_logger(__name__)

IN_A_SWEEP = 100


@dataclass(frozen=True)
class CancelPreview:
    """What cancelling a card means: what comes back, until when the supplier does it, and what stands against it."""

    supplier: str
    request_id: str
    card_id: str
    amount_jpy: int
    until: datetime | None
    obstacle: DomainError | None


def preview_cancellation(*, gift_code_id: int, now: datetime) -> CancelPreview:
    """Tell what cancelling the card of a code would do now; changes nothing.

    Raises:
        SupplierNotConnected: the account at the supplier is not in the settings.
    """
    card = SupplierCard.objects.select_related("gift_code").get(gift_code=gift_code_id)
    return CancelPreview(
        supplier=card.supplier,
        request_id=card.request_id,
        card_id=card.card_id,
        amount_jpy=worth_at_supplier(card=card),
        until=_until(card),
        obstacle=_obstacle(card, Award.objects.filter(gift_code=gift_code_id).first(), now),
    )


def worth_at_supplier(*, card: SupplierCard) -> int:
    """Give what a card is worth in yen: what was asked for, unless its supplier made another value (from the trail)."""
    if card.failure_code != "wrong_amount":
        return card.amount_jpy
    refusals = AuditEntry.objects.filter(
        action="card.refused", subject_type=SupplierCard._meta.label_lower, subject_id=str(card.public_id)
    )
    facts = refusals.order_by("pk").values_list("facts", flat=True).last() or {}
    return int(facts.get("given_jpy", card.amount_jpy))


def cancel_card(*, gift_code_id: int, reason: str, now: datetime, actor_id: int | None = None) -> SupplierCard:
    """Take a card back at its supplier and block its code for ever; its value returns to the deposit.

    Raises:
        CodeShown, CardNotCancellable, CancelTooLate: nothing was done.
        CancelRefused: the supplier did not take it back; the code stays as it was.
        CancelOutcomeUnknown: the supplier did not answer; the sweep goes on, and nobody is shown the code meanwhile.
    """
    _order(gift_code_id, reason, now, actor_id)
    return carry_out(gift_code_id=gift_code_id, now=now)


def carry_out(*, gift_code_id: int, now: datetime) -> SupplierCard:
    """Ask the supplier to take back a card whose cancelling was ordered; a repeat is harmless.

    Raises:
        CancelRefused, CancelOutcomeUnknown: as `cancel_card`.
    """
    card = SupplierCard.objects.get(gift_code=gift_code_id)
    if card.status != SupplierCardStatus.CANCELLING:
        return card
    crashpoint("cancel.after_order")
    try:
        if refusal := _refusal_of(card):
            _give_up(card.pk, refusal, now)
            raise CancelRefused(reason=refusal)
    except SupplierUnavailable as error:
        _note_silence(card.pk, error.reason, now)
        raise CancelOutcomeUnknown(reason=error.reason) from error
    crashpoint("cancel.after_answer")
    return _finish(card.pk, now)


def carry_out_due(*, now: datetime) -> int:
    """Go on with every cancellation that a lost answer or a dead process left; returns how many are done."""
    done = 0
    for gift_code_id in due_cancellations(now, limit=IN_A_SWEEP):
        try:
            carry_out(gift_code_id=gift_code_id, now=now)
            done += 1
        except DomainError as error:
            log.warning("card_not_cancelled", gift_code_id=gift_code_id, code=error.code)
    return done


@transaction.atomic
def _order(gift_code_id: int, reason: str, now: datetime, actor_id: int | None) -> None:
    """Note the order while the award is held: a showing has been noted before, or finds the order."""
    award = Award.objects.select_for_update().filter(gift_code=gift_code_id).first()
    GiftCode.objects.select_for_update().get(pk=gift_code_id)
    card = SupplierCard.objects.select_for_update().filter(gift_code=gift_code_id).first()
    if card is None:
        raise CardNotCancellable
    if obstacle := _obstacle(card, award, now):
        raise obstacle
    card.move_to(SupplierCardStatus.CANCELLING, attempts=0, updated_at=now)
    audit.record(
        "card.cancel_ordered",
        subject=card,
        actor_id=actor_id,
        reason=reason[:200],
        amount_jpy=worth_at_supplier(card=card),
    )


def _obstacle(card: SupplierCard, award: Award | None, now: datetime) -> DomainError | None:
    if award is not None and award.revealed_at is not None:
        return CodeShown()
    if not card.card_id or not card.can_move_to(SupplierCardStatus.CANCELLING):
        return CardNotCancellable()
    until = _until(card)
    return CancelTooLate() if until is not None and until <= now else None


def _until(card: SupplierCard) -> datetime | None:
    """Give the supplier's deadline; None where only the supplier knows when the card was made."""
    return card.made_at and card.made_at + supplier_of(card.supplier).cancellable_for


def _refusal_of(card: SupplierCard) -> str:
    """Have a card taken back; returns why not, and nothing where it is gone."""
    supplier = supplier_of(card.supplier)
    try:
        supplier.cancel(request_id=card.request_id)
    except SupplierRefused as refusal:
        reason = refusal.reason
    else:
        return ""
    try:  # an earlier try whose answer was lost may have done it
        supplier.show(request_id=card.request_id, amount_jpy=card.amount_jpy)
    except SupplierRefused as refusal:
        if refusal.reason == CANCELLED_THERE:
            return ""
        raise SupplierUnavailable(reason=refusal.reason) from refusal
    return reason


@transaction.atomic
def _finish(card_id: int, now: datetime) -> SupplierCard:
    card = _locked(card_id)
    if card.status == SupplierCardStatus.CANCELLING:
        worth = worth_at_supplier(card=card)
        card.move_to(SupplierCardStatus.CANCELLED, failure_code="", updated_at=now)
        if card.gift_code.status == CodeStatus.ISSUED:
            card.gift_code.move_to(CodeStatus.VOID)
            journal_void(gift_code=card.gift_code, now=now)
        audit.record("card.cancelled", subject=card, amount_jpy=worth)
    return card


@transaction.atomic
def _give_up(card_id: int, refusal: str, now: datetime) -> None:
    card = _locked(card_id)
    if card.status == SupplierCardStatus.CANCELLING:
        is_for_people = card.failure_code in FOR_PEOPLE
        card.move_to(SupplierCardStatus.REFUSED if is_for_people else SupplierCardStatus.MADE, updated_at=now)
        audit.record("card.cancel_refused", subject=card, reason=refusal[:200])


def _note_silence(card_id: int, reason: str, now: datetime) -> None:
    cards = SupplierCard.objects.filter(pk=card_id, status=SupplierCardStatus.CANCELLING)
    cards.update(attempts=F("attempts") + 1, updated_at=now)
    log.warning("card_cancel_unanswered", card_id=card_id, reason=reason)


def _locked(card_id: int) -> SupplierCard:
    """Hold code and card, in the order of the flow."""
    gift_code = GiftCode.objects.select_for_update().get(supplier_card=card_id)
    card = SupplierCard.objects.select_for_update().get(pk=card_id)
    card.gift_code = gift_code
    return card
