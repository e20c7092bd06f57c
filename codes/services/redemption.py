"""At the till: check, redeem at most once or down to a balance of zero, reverse."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from accounts import audit
from campaigns.models import PrizeKind, Store
from codes.errors import (
    AlreadyRedeemed,
    AlreadyReversed,
    AmountOutOfRange,
    CodeExpired,
    CodeNotAccepted,
    CodeSuspended,
    DuplicateTransaction,
    InsufficientBalance,
    RedemptionNotFound,
    StoreNotAllowed,
)
from codes.models import CodeStatus, GiftCode, Redemption, RedemptionKind
from codes.selectors import presented_code, redemption_of_transaction
from codes.services.presenting import check_presentation, consume_presentation
from core.errors import DomainError
from participants.models import TouchKind
from participants.services import record_touch

MAX_JPY = 100_000_000


@dataclass(frozen=True)
class CodeState:
    """What a till is told before it redeems; checking changes nothing."""

    is_redeemable: bool
    refusal_code: str | None
    prize_name: str
    balance_jpy: int
    expires_at: datetime | None


def check_code(
    *, agency_id: int, presented: str, store_id: int, now: datetime, amount_jpy: int | None = None
) -> CodeState:
    """Tell whether a code could be redeemed now, and if not, why.

    Raises:
        CodeNotAccepted: not a code that this agency gave out.
    """
    gift_code = _find(agency_id, presented)
    refusal: str | None = None
    try:
        _check_store(agency_id, store_id)
        _check(gift_code, amount_jpy, now)
        check_presentation(gift_code=gift_code, presented=presented, now=now)
    except DomainError as error:
        refusal = error.code
    return CodeState(
        is_redeemable=refusal is None,
        refusal_code=refusal,
        prize_name=gift_code.prize.name,
        balance_jpy=gift_code.balance_jpy,
        expires_at=gift_code.expires_at,
    )


@transaction.atomic
def redeem_code(
    *,
    agency_id: int,
    presented: str,
    store_id: int,
    now: datetime,
    amount_jpy: int | None = None,
    pos_transaction_id: str = "",
    terminal: str = "",
    api_key_id: int | None = None,
) -> Redemption:
    """Use a code for an amount, or for all that is left of it; the same POS transaction again returns the same line.

    Raises:
        CodeNotAccepted, CodeTokenExpired, AlreadyRedeemed, CodeExpired, CodeSuspended, InsufficientBalance,
        AmountOutOfRange, StoreNotAllowed: why it cannot be used.
        DuplicateTransaction: the POS transaction was another code or amount.
    """
    store = _check_store(agency_id, store_id)
    gift_code = GiftCode.objects.select_for_update().get(pk=_find(agency_id, presented).pk)
    if pos_transaction_id and (
        known := redemption_of_transaction(
            agency_id=agency_id, store_id=store.pk, pos_transaction_id=pos_transaction_id
        )
    ):
        return _same_or_refused(known, gift_code, amount_jpy)
    amount = _check(gift_code, amount_jpy, now)
    consume_presentation(gift_code=gift_code, presented=presented, now=now)
    balance = _debit(gift_code, amount, now)
    redemption = _write_line(
        agency_id=agency_id,
        gift_code=gift_code,
        store=store,
        kind=RedemptionKind.REDEEM,
        amount_jpy=amount,
        balance_after_jpy=balance,
        pos_transaction_id=pos_transaction_id,
        terminal=terminal,
        at=now,
        api_key_id=api_key_id,
    )
    audit.record("code.redeemed", subject=redemption, actor_label=store.code, amount_jpy=amount)
    _touch(gift_code, now)
    return redemption


@transaction.atomic
def reverse_redemption(
    *,
    agency_id: int,
    redemption_public_id: str,
    now: datetime,
    reason: str = "",
    store_id: int | None = None,
    api_key_id: int | None = None,
) -> Redemption:
    """Undo a redemption, once; the code has its amount back.

    Raises:
        RedemptionNotFound: none of this agency (and store, if one is given).
        AlreadyReversed: it was undone before.
    """
    found = Redemption.objects.filter(agency_id=agency_id, public_id=redemption_public_id, kind=RedemptionKind.REDEEM)
    if store_id is not None:
        found = found.filter(store_id=store_id)
    original = found.select_related("store").first()
    if original is None:
        raise RedemptionNotFound
    gift_code = GiftCode.objects.select_for_update().get(pk=original.gift_code_id)
    if Redemption.objects.filter(reverses=original).exists():
        raise AlreadyReversed
    balance = _credit(gift_code, original.amount_jpy)
    reversal = Redemption.objects.create(
        agency_id=agency_id,
        gift_code=gift_code,
        store=original.store,
        kind=RedemptionKind.REVERSAL,
        amount_jpy=original.amount_jpy,
        balance_after_jpy=balance,
        reverses=original,
        at=now,
        api_key_id=api_key_id,
    )
    audit.record("code.reversed", subject=reversal, actor_label=original.store.code, reason=reason)
    return reversal


def _find(agency_id: int, presented: str) -> GiftCode:
    gift_code = presented_code(agency_id=agency_id, presented=presented)
    if gift_code is None or gift_code.prize.kind != PrizeKind.OWN_CODE:
        raise CodeNotAccepted
    return gift_code


def _check_store(agency_id: int, store_id: int) -> Store:
    store = Store.objects.filter(pk=store_id, agency_id=agency_id, is_active=True).first()
    if store is None:
        raise StoreNotAllowed(store_id=store_id)
    return store


def _check(gift_code: GiftCode, amount_jpy: int | None, now: datetime) -> int:
    """Give the amount that would be taken, or refuse."""
    if amount_jpy is not None and not 1 <= amount_jpy <= MAX_JPY:
        raise AmountOutOfRange
    if gift_code.status != CodeStatus.ISSUED:
        raise CodeSuspended
    if gift_code.balance_jpy == 0:
        raise AlreadyRedeemed
    if gift_code.expires_at is not None and gift_code.expires_at <= now:
        raise CodeExpired
    amount = gift_code.balance_jpy if amount_jpy is None else amount_jpy
    if amount > gift_code.balance_jpy:
        raise InsufficientBalance
    return amount


def _debit(gift_code: GiftCode, amount: int, now: datetime) -> int:
    covered = GiftCode.objects.filter(pk=gift_code.pk, status=CodeStatus.ISSUED, balance_jpy__gte=amount)
    if not covered.update(balance_jpy=F("balance_jpy") - amount, redeemed_at=Coalesce("redeemed_at", now)):
        raise AlreadyRedeemed
    return gift_code.balance_jpy - amount


def _credit(gift_code: GiftCode, amount: int) -> int:
    balance = gift_code.balance_jpy + amount
    changes = {"redeemed_at": None} if balance == gift_code.face_value_jpy else {}
    GiftCode.objects.filter(pk=gift_code.pk).update(balance_jpy=F("balance_jpy") + amount, **changes)
    return balance


def _write_line(**values: Any) -> Redemption:
    """Add a line; the same transaction of the till with another code at the same moment undoes this one's debit."""
    try:
        with transaction.atomic():
            return Redemption.objects.create(**values)
    except IntegrityError as error:
        raise DuplicateTransaction from error


def _same_or_refused(known: Redemption, gift_code: GiftCode, amount_jpy: int | None) -> Redemption:
    is_same = known.gift_code_id == gift_code.pk and amount_jpy in (None, known.amount_jpy)
    if known.kind != RedemptionKind.REDEEM or not is_same:
        raise DuplicateTransaction
    return known


def _touch(gift_code: GiftCode, now: datetime) -> None:
    entry = gift_code.award.entry
    record_touch(
        kind=TouchKind.REDEEMED,
        agency_id=gift_code.agency_id,
        participant_id=entry.participant_id,
        campaign_id=entry.campaign_id,
        entry_id=entry.pk,
        now=now,
    )
