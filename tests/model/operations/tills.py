"""A code is used at a till, set aside there for a cart, and a use is undone, in part or before it came."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Self

from campaigns.models import UseConditions, UseMode
from codes.models import GiftCode, Redemption
from codes.services import (
    close_accounts,
    lock_code,
    redeem_code,
    release_lock,
    reverse_redemption,
    reverse_transaction,
    settle_days,
)
from core.clock import jst_day
from tests.model.desk import Desk
from tests.model.ledger import Cart, Code, Ledger, Refused, Use
from tests.model.operations.base import Draw, Operation
from tests.model.operations.holdings import OfCode

AMOUNTS = [None, None, 1, 200, 300, 500, 501]
PARTS = [None, 1, 200, 300]
NUMBERS = ["P1", "P2", "P3"]
TRANSACTIONS = ["", "", *NUMBERS]
MODES = [(UseMode.BALANCE, 1), (UseMode.ONCE, 1), (UseMode.TIMES, 2), (UseMode.TIMES, 3)]
SECONDS = [60, 300]


def check_usable(ledger: Ledger, code: Code) -> None:
    """Refuse a code that no till takes."""
    limit = {UseMode.ONCE: 1, UseMode.TIMES: ledger.use_limit}.get(ledger.mode)
    if code.is_void:
        raise Refused("suspended")
    if code.balance == 0 or (limit is not None and code.use_count >= limit):
        raise Refused("already_redeemed")
    if code.expires_at is not None and code.expires_at <= ledger.now:
        raise Refused("expired")


def amount_taken(ledger: Ledger, code: Code, asked: int | None) -> int:
    """Tell what a use takes: all, an equal share of several uses, or what the till says."""
    if asked is None:
        left = max(1, ledger.use_limit - code.use_count)
        return max(1, code.balance // left) if ledger.mode == UseMode.TIMES else code.balance
    if asked > code.balance:
        raise Refused("insufficient_balance")
    if ledger.mode == UseMode.ONCE and asked != code.balance:
        raise Refused("amount_out_of_range")
    return asked


@dataclass(frozen=True)
class Condition(Operation):
    """The prize's conditions of use are changed: how often its codes may be used."""

    mode: UseMode
    limit: int
    at_once: ClassVar[bool] = False

    @classmethod
    def drawn(cls, name: str, target: str, draw: Draw) -> Self:
        return cls(name, *draw(MODES))

    def expected(self, ledger: Ledger) -> Any:
        ledger.mode, ledger.use_limit = self.mode, self.limit

    def perform(self, desk: Desk) -> Any:
        wanted = {"mode": self.mode, "use_limit": self.limit}
        UseConditions.objects.update_or_create(prize=desk.world.prize, defaults=wanted)


@dataclass(frozen=True)
class Redeem(OfCode):
    """A till takes an amount, or everything; few transaction numbers, so that they come again."""

    amount: int | None
    transaction: str

    @classmethod
    def drawn(cls, name: str, target: str, draw: Draw) -> Self:
        return cls(name, target, draw(AMOUNTS), draw(TRANSACTIONS))

    @property
    def key(self) -> str:
        """Name the use: a transaction number is one use, however often it is sent."""
        return self.transaction or self.name

    def expected(self, ledger: Ledger) -> Any:
        return self.book(ledger, self.code, None)

    def book(self, ledger: Ledger, name: str, cart: str | None) -> int:
        """Book the use in the model, for a cart or none."""
        if self.key in ledger.buried:
            raise Refused("reversed_before_arrival")
        if known := ledger.uses.get(self.key):
            if known.code != name or self.amount not in (None, known.amount):
                raise Refused("duplicate_transaction")
            return known.amount
        code = ledger.codes[name]
        check_usable(ledger, code)
        amount = amount_taken(ledger, code, self.amount)
        if ledger.cart_of(name) not in (None, cart):
            raise Refused("locked")
        ledger.carts = {key: other for key, other in ledger.carts.items() if other.code != name}
        code.balance -= amount
        code.use_count += 1
        ledger.uses[self.key] = Use(name, amount, jst_day(ledger.now))
        ledger.days[jst_day(ledger.now)] += amount
        return amount

    def perform(self, desk: Desk) -> Any:
        line = redeem_code(**self.sale(desk), now=desk.now)
        desk.uses[self.key] = line.pk
        return line.amount_jpy

    def sale(self, desk: Desk) -> dict[str, Any]:
        """Give what the till sends."""
        return {
            "agency_id": desk.world.agency.pk,
            "presented": desk.text_of(desk.presented[self.name]),
            "store_id": desk.world.store.pk,
            "amount_jpy": self.amount,
            "pos_transaction_id": self.transaction,
        }


@dataclass(frozen=True)
class SetAside(OfCode):
    """A till keeps a code for a cart."""

    seconds: int

    @classmethod
    def drawn(cls, name: str, target: str, draw: Draw) -> Self:
        return cls(name, target, draw(SECONDS))

    def expected(self, ledger: Ledger) -> Any:
        check_usable(ledger, ledger.codes[self.code])
        if ledger.cart_of(self.code):
            raise Refused("locked")
        ledger.carts[self.name] = Cart(self.code, ledger.now + timedelta(seconds=self.seconds))
        ledger.cart_codes[self.name] = self.code

    def perform(self, desk: Desk) -> Any:
        desk.carts[self.name] = lock_code(
            agency_id=desk.world.agency.pk,
            presented=desk.text_of(desk.presented[self.name]),
            store_id=desk.world.store.pk,
            ttl_seconds=self.seconds,
            now=desk.now,
        )


@dataclass(frozen=True)
class Pay(Redeem):
    """The cart that a code was set aside for is paid with it; `code` names the cart."""

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return list(ledger.cart_codes)

    def prepare(self, desk: Desk) -> None:
        desk.presented[self.name] = GiftCode.objects.get(pk=desk.carts[self.code].gift_code_id)  # sealed anew since

    def expected(self, ledger: Ledger) -> Any:
        return self.book(ledger, ledger.cart_codes[self.code], self.code)

    def perform(self, desk: Desk) -> Any:
        line = redeem_code(**self.sale(desk), lock_public_id=desk.carts[self.code].public_id, now=desk.now)
        desk.uses[self.key] = line.pk
        return line.amount_jpy


@dataclass(frozen=True)
class PutBack(Operation):
    """The cart is given up before its time."""

    cart: str

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return list(ledger.cart_codes)

    def expected(self, ledger: Ledger) -> Any:
        cart = ledger.carts.get(self.cart)
        if cart is None or cart.until <= ledger.now:
            raise Refused("lock_not_found")
        del ledger.carts[self.cart]

    def perform(self, desk: Desk) -> Any:
        cart = desk.carts[self.cart]
        release_lock(agency_id=desk.world.agency.pk, lock_public_id=cart.public_id, now=desk.now)


@dataclass(frozen=True)
class Reverse(Operation):
    """A part of a use is given back, or all that is left of it."""

    use: str
    amount: int | None

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return list(ledger.uses)

    @classmethod
    def drawn(cls, name: str, target: str, draw: Draw) -> Self:
        return cls(name, target, draw(PARTS))

    def expected(self, ledger: Ledger) -> Any:
        use = ledger.uses[self.use]
        if use.left == 0:
            raise Refused("already_reversed")
        amount = use.left if self.amount is None else self.amount
        if amount > use.left:
            raise Refused("reversal_too_large")
        return ledger.give_back(use, amount, jst_day(ledger.now))

    def perform(self, desk: Desk) -> Any:
        line = reverse_redemption(
            agency_id=desk.world.agency.pk,
            redemption_public_id=str(Redemption.objects.get(pk=desk.uses[self.use]).public_id),
            amount_jpy=self.amount,
            now=desk.now,
        )
        return line.kind, line.amount_jpy


@dataclass(frozen=True)
class Undo(Operation):
    """A till that got no answer undoes a sale, known or not; it may be sent once more, and may still arrive."""

    number: str

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return NUMBERS

    def expected(self, ledger: Ledger) -> Any:
        ledger.buried.add(self.number)
        use = ledger.uses.get(self.number)
        if use is None:
            return None
        return ledger.give_back(use, use.left, jst_day(ledger.now)) if use.left else use.returns[-1]

    def perform(self, desk: Desk) -> Any:
        line = reverse_transaction(
            agency_id=desk.world.agency.pk,
            store_id=desk.world.store.pk,
            pos_transaction_id=self.number,
            now=desk.now,
        )
        return None if line is None else (line.kind, line.amount_jpy)


@dataclass(frozen=True)
class Settle(Operation):
    """The days that are over are settled; nothing is booked on them afterwards."""

    def expected(self, ledger: Ledger) -> Any:
        today = jst_day(ledger.now)
        ledger.settled |= {day: net for day, net in ledger.days.items() if day < today and day not in ledger.settled}

    def perform(self, desk: Desk) -> Any:
        settle_days(now=desk.now)


@dataclass(frozen=True)
class CloseBooks(Operation):
    """What nobody can use any more leaves the books of its code; no balance is touched."""

    def expected(self, ledger: Ledger) -> Any:
        return None

    def perform(self, desk: Desk) -> Any:
        close_accounts(now=desk.now)
