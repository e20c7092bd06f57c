"""A use of a code: once, so many times, or down to a balance of zero."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import Model

from accounts import audit
from campaigns.models import Store
from codes.conditions import NO_DETAILS, USABLE, Conditions, Purchase, Use, judge_use
from codes.errors import AlreadyRedeemed, DuplicateTransaction, ReversedBeforeArrival, StoreNotAllowed
from codes.models import GiftCode, Redemption, RedemptionKind
from codes.selectors import others_in_basket
from codes.services.journaling import journal_after_commit
from codes.services.presenting import consume_earlier_presentation, consume_presentation
from codes.services.redemption.checking import check_not_locked
from codes.services.redemption.days import day_lock, open_day
from codes.services.redemption.finding import find_code
from codes.services.redemption.ledger import moves_of_use
from codes.services.redemption.past import Facts, Past, facts_of
from core import rows
from core.crashpoints import crashpoint
from core.named_locks import hold_all
from participants.models import Touch, TouchKind

# A till that makes its call anew tells a later time; where numbers begin anew each day, one comes again a night later.
SAME_SALE_WITHIN = timedelta(hours=6)
MOST_COUNTED = 32_767  # what the column holds
DEBIT = """
UPDATE codes_giftcode SET balance_jpy = balance_jpy - %s, redeemed_at = COALESCE(redeemed_at, %s),
    use_count = CASE WHEN use_count < %s THEN use_count + 1 ELSE use_count END
WHERE id = %s AND status IN (%s, %s) AND balance_jpy >= %s AND use_count <= %s RETURNING balance_jpy
"""


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


def redeem_in_transaction(
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

    In the caller's transaction, which a refusal has to undo; `redeem_code` does it in one of its own.

    Raises:
        CodeNotAccepted, CodeTokenExpired, Locked and the refusals of `judge_use`: why it cannot be used.
        DuplicateTransaction: the POS transaction was another sale, as `is_same_sale` tells.
        ReversedBeforeArrival: the till has undone this POS transaction.
    """
    number = transaction_lock(store_id, pos_transaction_id)
    hold_all([*number, (day_lock(store_id), True), *basket_lock(store_id, purchase.basket_id)])
    gift_code = find_code(agency_id, presented, is_held=True)
    facts = facts_of(gift_code, store_id, pos_transaction_id)
    if facts.store is None:
        raise StoreNotAllowed(store_id=store_id)
    sale = Sale(
        store=facts.store,
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
    return known_sale(sale, gift_code, facts.past) or book_sale(sale, gift_code, facts, now)


redeem_code = transaction.atomic(redeem_in_transaction)


def transaction_lock(store_id: int, pos_transaction_id: str) -> list[tuple[str, bool]]:
    """Name what lets a sale and its undoing, or two sales of one number, come one after the other."""
    return [(f"pos:{store_id}:{pos_transaction_id}", False)] if pos_transaction_id else []


def basket_lock(store_id: int, basket_id: str) -> list[tuple[str, bool]]:
    """Name what lets the codes of one purchase come one after the other, each before its row is locked."""
    return [(f"basket:{store_id}:{basket_id}", False)] if basket_id else []


def known_sale(sale: Sale, gift_code: GiftCode, past: Past) -> Redemption | None:
    """Give the line that this POS transaction made before.

    Raises:
        DuplicateTransaction, ReversedBeforeArrival: as `redeem_code`.
    """
    if past.is_undone:
        raise ReversedBeforeArrival
    known = past.known
    if known is None:
        return None
    if not is_same_sale(sale, gift_code.pk, known):
        raise DuplicateTransaction
    known.is_repeat = True
    return known


def is_same_sale(sale: Sale, gift_code_id: int, line: Redemption) -> bool:
    """Tell whether a line is of this very sale, which is sent again, or of another under the same number.

    Two tills of a store, or one on two days, may count alike: the second sale of a code would be given away. What was
    not told, or is not known any more since the line came back from the journal, speaks against nothing.
    """
    is_same = (
        line.kind == RedemptionKind.REDEEM
        and line.gift_code_id == gift_code_id
        and sale.amount_jpy in (None, line.amount_jpy)
        and (not sale.terminal or line.terminal in ("", sale.terminal))
    )
    if not is_same or sale.occurred_at is None or line.occurred_at is None:
        return is_same
    return abs(sale.occurred_at - line.occurred_at) <= SAME_SALE_WITHIN


def book_sale(sale: Sale, gift_code: GiftCode, facts: Facts, now: datetime) -> Redemption:
    """Take a use off its code and write line, postings, trail and timeline.

    The caller holds the sale's number, its purchase, the store's day and the code's row, and read the facts after that.
    """
    conditions = facts.conditions
    others = others_in_basket(gift_code, sale.store.pk, sale.purchase.basket_id)
    at = sale.occurred_at if sale.is_offline and sale.occurred_at else now
    amount = judge_use(gift_code, conditions, Use(sale.store.pk, at, sale.amount_jpy, sale.purchase, others))
    # What is reported later had left the store before anybody set the code aside.
    if not sale.is_offline:
        check_not_locked(facts.lock, now, sale.lock_public_id)
    consume = consume_earlier_presentation if sale.is_offline else consume_presentation
    consume(gift_code=gift_code, presented=sale.presented, now=at)
    redemption = Redemption(
        agency=gift_code.agency,
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
        business_day=open_day(sale.store, facts.past.settled_day, now),
        api_key_id=sale.api_key_id,
        call_hashes=sale.call_hashes,
    )
    if facts.lock is not None:
        facts.lock.delete()
    _write(redemption, facts)
    journal_after_commit(redemption=redemption, now=now)
    crashpoint("redeem.before_commit")
    transaction.on_commit(partial(crashpoint, "redeem.after_commit"))
    return redemption


def _debit(gift_code: GiftCode, amount: int, conditions: Conditions, now: datetime) -> int:
    """Take an amount off what is left, in one statement that asks once more whether it may."""
    limit = MOST_COUNTED if conditions.use_limit is None else conditions.use_limit - 1
    values = [amount, now, MOST_COUNTED, gift_code.pk, *(status.value for status in USABLE), amount, limit]
    left = rows.one(DEBIT, values)
    if left is None:
        raise AlreadyRedeemed
    return int(left[0])


def _write(redemption: Redemption, facts: Facts) -> None:
    """Add a line with all that tells of it.

    A number of the till that another code took at the same moment undoes this one's debit.
    """
    line = audit.line_of(
        "code.redeemed", subject=redemption, actor_label=redemption.store.code, amount_jpy=redemption.amount_jpy
    )
    told: list[Model] = [line]
    if facts.holder is not None:
        participant_id, campaign_id, entry_id = facts.holder
        touch = Touch(
            kind=TouchKind.REDEEMED,
            agency_id=redemption.agency_id,
            participant_id=participant_id,
            campaign_id=campaign_id,
            entry_id=entry_id,
            at=redemption.at,
        )
        told.append(touch)
    try:
        rows.add_together([redemption, *moves_of_use(redemption, facts.standing), *told])
    except IntegrityError as error:
        raise DuplicateTransaction from error
