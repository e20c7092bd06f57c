"""A use of a code: once, so many times, or down to a balance of zero."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Least

from accounts import audit
from campaigns.models import Store
from codes.conditions import NO_DETAILS, USABLE, Conditions, Purchase, Use, conditions_of, judge_use
from codes.errors import AlreadyRedeemed, DuplicateTransaction, ReversedBeforeArrival
from codes.models import CodeLock, GiftCode, Redemption, RedemptionKind
from codes.selectors import is_buried, others_in_basket, redemption_of_transaction
from codes.services.journaling import journal_after_commit
from codes.services.presenting import consume_earlier_presentation, consume_presentation
from codes.services.redemption.checking import check_not_locked
from codes.services.redemption.days import day_of_booking
from codes.services.redemption.finding import find_code, find_store
from codes.services.redemption.ledger import post_use
from core.crashpoints import crashpoint
from core.named_locks import hold
from participants.models import TouchKind
from participants.services import record_touch

MOST_COUNTED = 32_767  # what the column holds


@dataclass(frozen=True)
class Sale:
    """One use as a till sends it, at once or later."""

    store: Store
    presented: str = ""
    amount_jpy: int | None = None
    purchase: Purchase = NO_DETAILS
    pos_transaction_id: str = ""
    terminal: str = ""
    lock_public_id: uuid.UUID | None = None
    occurred_at: datetime | None = None
    is_offline: bool = False
    api_key_id: int | None = None
    call_hashes: str = ""


@transaction.atomic
def redeem_code(
    *,
    agency_id: int,
    presented: str,
    store_id: int,
    now: datetime,
    amount_jpy: int | None = None,
    purchase: Purchase = NO_DETAILS,
    pos_transaction_id: str = "",
    terminal: str = "",
    lock_public_id: uuid.UUID | None = None,
    occurred_at: datetime | None = None,
    api_key_id: int | None = None,
    call_hashes: str = "",
) -> Redemption:
    """Use a code for an amount, or for what its conditions give; the same POS transaction again is the same line.

    Raises:
        CodeNotAccepted, CodeTokenExpired, Locked and the refusals of `judge_use`: why it cannot be used.
        DuplicateTransaction: the POS transaction was another code or amount.
        ReversedBeforeArrival: the till has undone this POS transaction.
    """
    sale = Sale(
        store=find_store(agency_id, store_id),
        presented=presented,
        amount_jpy=amount_jpy,
        purchase=purchase,
        pos_transaction_id=pos_transaction_id,
        terminal=terminal,
        lock_public_id=lock_public_id,
        occurred_at=occurred_at,
        api_key_id=api_key_id,
        call_hashes=call_hashes,
    )
    gift_code = find_code(agency_id, presented)
    hold_transaction(sale.store, pos_transaction_id)
    return known_sale(sale, gift_code) or book_sale(sale, gift_code, now)


def hold_transaction(store: Store, pos_transaction_id: str) -> None:
    """Let a sale and its undoing, or two sales of one number, come one after the other."""
    if pos_transaction_id:
        hold(f"pos:{store.pk}:{pos_transaction_id}")


def hold_basket(store: Store, basket_id: str) -> None:
    """Let the codes of one purchase come one after the other, each before its row is locked."""
    if basket_id:
        hold(f"basket:{store.pk}:{basket_id}")


def known_sale(sale: Sale, gift_code: GiftCode) -> Redemption | None:
    """Find the line that this POS transaction made before.

    Raises:
        DuplicateTransaction, ReversedBeforeArrival: as `redeem_code`.
    """
    number = sale.pos_transaction_id
    if not number:
        return None
    if is_buried(agency_id=gift_code.agency_id, store_id=sale.store.pk, pos_transaction_id=number):
        raise ReversedBeforeArrival
    known = redemption_of_transaction(agency_id=gift_code.agency_id, store_id=sale.store.pk, pos_transaction_id=number)
    if known is None:
        return None
    is_same = known.gift_code_id == gift_code.pk and sale.amount_jpy in (None, known.amount_jpy)
    if known.kind != RedemptionKind.REDEEM or not is_same:
        raise DuplicateTransaction
    known.is_repeat = True
    return known


def book_sale(sale: Sale, found: GiftCode, now: datetime) -> Redemption:
    """Take a use off its code under the code's lock and write line, posting and trail."""
    day = day_of_booking(sale.store, now)
    hold_basket(sale.store, sale.purchase.basket_id)
    gift_code = GiftCode.objects.select_for_update().get(pk=found.pk)
    conditions = conditions_of(gift_code.prize_id)
    others = others_in_basket(gift_code, sale.store.pk, sale.purchase.basket_id)
    at = sale.occurred_at if sale.is_offline and sale.occurred_at else now
    amount = judge_use(gift_code, conditions, Use(sale.store.pk, at, sale.amount_jpy, sale.purchase, others))
    if not sale.is_offline:  # what was reported later had left the store before anybody set the code aside
        check_not_locked(gift_code, now, sale.lock_public_id)
    consume = consume_earlier_presentation if sale.is_offline else consume_presentation
    consume(gift_code=gift_code, presented=sale.presented, now=at)
    redemption = _write_line(
        agency_id=gift_code.agency_id,
        gift_code=gift_code,
        store=sale.store,
        kind=RedemptionKind.REDEEM,
        amount_jpy=amount,
        balance_after_jpy=_debit(gift_code, amount, conditions, now),
        pos_transaction_id=sale.pos_transaction_id,
        basket_id=sale.purchase.basket_id,
        goods=sale.purchase.goods,
        terminal=sale.terminal,
        at=now,
        occurred_at=sale.occurred_at,
        is_offline=sale.is_offline,
        business_day=day,
        api_key_id=sale.api_key_id,
        call_hashes=sale.call_hashes,
    )
    CodeLock.objects.filter(gift_code=gift_code).delete()
    post_use(redemption)
    journal_after_commit(redemption=redemption, now=now)
    audit.record("code.redeemed", subject=redemption, actor_label=sale.store.code, amount_jpy=amount)
    _touch(gift_code, now)
    crashpoint("redeem.before_commit")
    transaction.on_commit(partial(crashpoint, "redeem.after_commit"))
    return redemption


def _debit(gift_code: GiftCode, amount: int, conditions: Conditions, now: datetime) -> int:
    covered = GiftCode.objects.filter(pk=gift_code.pk, status__in=USABLE, balance_jpy__gte=amount)
    if conditions.use_limit is not None:
        covered = covered.filter(use_count__lt=conditions.use_limit)
    counted = Least(F("use_count") + 1, Value(MOST_COUNTED))
    changes = {"balance_jpy": F("balance_jpy") - amount, "use_count": counted}
    if not covered.update(**changes, redeemed_at=Coalesce("redeemed_at", now)):
        raise AlreadyRedeemed
    return gift_code.balance_jpy - amount


def _write_line(**values: Any) -> Redemption:
    """Add a line; a number of the till that another code took at the same moment undoes this one's debit."""
    try:
        with transaction.atomic():
            return Redemption.objects.create(**values)
    except IntegrityError as error:
        raise DuplicateTransaction from error


def _touch(gift_code: GiftCode, now: datetime) -> None:
    """Add the use to its holder's timeline; a printed voucher has no holder."""
    award = getattr(gift_code, "award", None)
    if award is None:
        return
    record_touch(
        kind=TouchKind.REDEEMED,
        agency_id=gift_code.agency_id,
        participant_id=award.entry.participant_id,
        campaign_id=award.entry.campaign_id,
        entry_id=award.entry_id,
        now=now,
    )
