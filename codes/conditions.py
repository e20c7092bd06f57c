"""One pure function judges every use of a code, whichever way it comes: API, staff page or reported later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from campaigns.models import UseConditions, UseMode
from codes.errors import (
    AlreadyRedeemed,
    AmountOutOfRange,
    CodeExpired,
    CodeSuspended,
    InsufficientBalance,
    NotCombinable,
    NotYetValid,
    ProductNotAllowed,
    StoreNotAllowed,
    TimeNotAllowed,
)
from codes.models import MAX_JPY, CodeStatus, GiftCode
from core import rows
from core.clock import JST
from core.text import canonical_number

LONGEST_GOODS = 200
USABLE = (CodeStatus.ISSUED, CodeStatus.PRINTED)


@dataclass(frozen=True)
class Item:
    """A line of the purchase; `amount_jpy` is what the whole line costs."""

    item: str
    quantity: int
    amount_jpy: int


@dataclass(frozen=True)
class Purchase:
    """What is bought, as far as the till tells; `is_confirmed`: a person has looked at the goods."""

    total_jpy: int | None = None
    items: tuple[Item, ...] = ()
    basket_id: str = ""
    is_confirmed: bool = False

    @property
    def goods(self) -> str:
        """Name what is bought, as far as a line of the books has room."""
        return "、".join(line.item for line in self.items)[:LONGEST_GOODS]


NO_DETAILS = Purchase()


@dataclass(frozen=True)
class Conditions:
    """The conditions of a prize without their table, so that judging them asks no database."""

    mode: UseMode = UseMode.BALANCE
    use_limit: int | None = None
    minimum_jpy: int | None = None
    maximum_jpy: int | None = None
    products: frozenset[str] = frozenset()
    store_ids: frozenset[int] = frozenset()
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    weekdays: frozenset[int] = frozenset()
    hour_from: time | None = None
    hour_until: time | None = None
    is_combinable: bool = True
    is_offline_allowed: bool = False


NO_CONDITIONS = Conditions()


@dataclass(frozen=True)
class Use:
    """A use that is asked about or about to be booked.

    `others_combine` tells of each other code in the same purchase whether it goes with others. A question may leave
    open what only the sale brings: store, amounts and goods.
    """

    store_id: int | None
    at: datetime
    amount_jpy: int | None = None
    purchase: Purchase = NO_DETAILS
    others_combine: Sequence[bool] = ()
    is_question: bool = False


def conditions_of(prize_id: int) -> Conditions:
    """Read the conditions of a prize."""
    return conditions_in(rows.first(UseConditions, "prize_id = %s", [prize_id]))


def conditions_in(row: UseConditions | None) -> Conditions:
    """Read the conditions in a row; without one there are none but the balance."""
    if row is None:
        return NO_CONDITIONS
    return Conditions(
        mode=UseMode(row.mode),
        use_limit=row.most_uses,
        minimum_jpy=row.minimum_jpy,
        maximum_jpy=row.maximum_jpy,
        products=frozenset(canonical_number(product) for product in row.products),
        store_ids=frozenset(row.stores.values_list("pk", flat=True)),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        weekdays=frozenset(row.weekdays),
        hour_from=row.hour_from,
        hour_until=row.hour_until,
        is_combinable=row.is_combinable,
        is_offline_allowed=row.is_offline_allowed,
    )


def judge_use(code: GiftCode, conditions: Conditions, use: Use) -> int:
    """Give the amount that this use takes off the code, or refuse.

    Raises:
        CodeSuspended, AlreadyRedeemed, CodeExpired, NotYetValid: the code itself cannot be used now.
        StoreNotAllowed, TimeNotAllowed, NotCombinable, ProductNotAllowed: not here, now, or for this purchase.
        AmountOutOfRange, InsufficientBalance: not this amount.
    """
    if use.amount_jpy is not None and not 1 <= use.amount_jpy <= MAX_JPY:
        raise AmountOutOfRange
    _check_state(code, conditions, use.at)
    is_open = use.is_question and use.store_id is None
    if conditions.store_ids and use.store_id not in conditions.store_ids and not is_open:
        raise StoreNotAllowed
    if not _is_in_hours(conditions, use.at):
        raise TimeNotAllowed
    if use.others_combine and not (conditions.is_combinable and all(use.others_combine)):
        raise NotCombinable
    _check_purchase(conditions, use)
    return _amount(code, conditions, use)


def most_jpy(code: GiftCode, conditions: Conditions, purchase: Purchase) -> int:
    """Give the largest amount that one use may take off a code that can be used: no more than is bought.

    A code for one use goes as a whole; no change is given on it.
    """
    bought = _eligible_jpy(conditions, purchase)
    is_bounded = bought is not None and conditions.mode != UseMode.ONCE
    return min(code.balance_jpy, bought or 0) if is_bounded else code.balance_jpy


def usable_until(code: GiftCode, conditions: Conditions | UseConditions | None) -> datetime | None:
    """Give the exclusive end of a code's use: its own or that of its conditions, whichever is sooner."""
    ends = [code.expires_at, conditions.valid_until if conditions else None]
    return min((end for end in ends if end is not None), default=None)


def uses_left(code: GiftCode, most_uses: int | None) -> int | None:
    """Give how often a code can be used yet; None as long as its balance lasts."""
    return None if most_uses is None else max(0, most_uses - code.use_count)


def _check_state(code: GiftCode, conditions: Conditions, at: datetime) -> None:
    if code.status not in USABLE:
        raise CodeSuspended
    if code.balance_jpy == 0 or uses_left(code, conditions.use_limit) == 0:
        raise AlreadyRedeemed
    end = usable_until(code, conditions)
    if end is not None and end <= at:
        raise CodeExpired
    if conditions.valid_from is not None and at < conditions.valid_from:
        raise NotYetValid


def _is_in_hours(conditions: Conditions, at: datetime) -> bool:
    """Hours may run over midnight (22:00 to 2:00); the weekday is that of the calendar, in Japan."""
    local = at.astimezone(JST)
    if conditions.weekdays and local.weekday() not in conditions.weekdays:
        return False
    first, last, clock = conditions.hour_from or time.min, conditions.hour_until, local.time()
    if last is None or last == time.min:
        return first <= clock
    return first <= clock < last if first < last else clock >= first or clock < last


def _check_purchase(conditions: Conditions, use: Use) -> None:
    bought = _eligible_jpy(conditions, use.purchase)
    if conditions.products:
        is_told = bool(use.purchase.items) or use.purchase.is_confirmed or use.is_question
        if not is_told or (use.purchase.items and not bought):
            raise ProductNotAllowed
    figure = use.amount_jpy if bought is None else bought
    if figure is None:
        if not use.is_question and (conditions.minimum_jpy is not None or conditions.maximum_jpy is not None):
            raise AmountOutOfRange
        return
    if not (conditions.minimum_jpy or 0) <= figure <= (conditions.maximum_jpy or MAX_JPY):
        raise AmountOutOfRange


def _eligible_jpy(conditions: Conditions, purchase: Purchase) -> int | None:
    """Add up what counts: the products that are named, or else the whole purchase; None where the till told nothing."""
    if purchase.items and conditions.products:
        return sum(line.amount_jpy for line in purchase.items if canonical_number(line.item) in conditions.products)
    if purchase.total_jpy is not None:
        return purchase.total_jpy
    return sum(line.amount_jpy for line in purchase.items) if purchase.items else None


def _amount(code: GiftCode, conditions: Conditions, use: Use) -> int:
    """Once takes all; several times take equal shares unless the till says otherwise."""
    most = most_jpy(code, conditions, use.purchase)
    if most < 1:  # nothing is bought that it could pay
        raise AmountOutOfRange
    if use.amount_jpy is None:
        if conditions.mode != UseMode.TIMES:
            return most
        left = max(1, (conditions.use_limit or 1) - code.use_count)
        return min(most, max(1, code.balance_jpy // left))
    if use.amount_jpy > code.balance_jpy:
        raise InsufficientBalance
    if use.amount_jpy > most or (conditions.mode == UseMode.ONCE and use.amount_jpy != code.balance_jpy):
        raise AmountOutOfRange
    return use.amount_jpy
