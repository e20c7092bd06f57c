"""What the books should say, kept in plain dictionaries: the model that the real ledger is compared with.

It knows nothing of rows, locks or SQL. An operation that is refused raises `Refused` and has changed nothing, save what
the operation itself says.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from campaigns.models import UseMode
from codes.models import BatchStatus, CodeStatus, JobKind, RedemptionKind, ReservationStatus

FACE = 500


class Refused(Exception):
    """The refusal that is expected, by its stable code."""


@dataclass
class Lot:
    """Codes that came in together; `codes` counts them by state, `work` is what has been asked for and not done yet."""

    status: BatchStatus
    codes: Counter[str]
    expires_at: datetime | None
    is_file: bool
    work: JobKind | None = None

    def move(self, old: CodeStatus, new: CodeStatus, count: int | None = None) -> None:
        """Count codes from one state to another, all of them unless told how many."""
        moved = self.codes[old] if count is None else count
        self.codes[old] -= moved
        self.codes[new] += moved

    def lasts_until(self, at: datetime) -> bool:
        """Tell whether its codes are still valid at an instant."""
        return self.expires_at is None or self.expires_at > at


@dataclass
class Code:
    """A code that was given out."""

    lot: str
    expires_at: datetime | None
    balance: int = FACE
    use_count: int = 0
    is_void: bool = False


@dataclass
class Holding:
    """What a winner holds: an award with one code of a lot, or in its place another award."""

    code: str
    deadline: datetime
    code_count: int = 1
    is_withdrawn: bool = False
    is_claimed: bool = False
    shown: int = 0
    mail: str = "queued"
    replaced_by: str | None = None


@dataclass
class Use:
    """One use of a code at a till, and what was given back of it."""

    code: str
    amount: int
    day: date
    returns: list[tuple[str, int]] = field(default_factory=list)

    @property
    def left(self) -> int:
        """What can still be given back."""
        return self.amount - sum(amount for _kind, amount in self.returns)


@dataclass
class Kept:
    """A code in stock that is kept for somebody until an instant."""

    lot: str
    reference: str
    until: datetime
    status: ReservationStatus = ReservationStatus.HELD
    is_blocked: bool = False


@dataclass
class Cart:
    """A code that is set aside for one cart at the till."""

    code: str
    until: datetime


@dataclass
class Ledger:
    """Everything, by names that the operations chose."""

    now: datetime
    mode: UseMode = UseMode.BALANCE
    use_limit: int = 1
    lots: dict[str, Lot] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    holdings: dict[str, Holding] = field(default_factory=dict)
    uses: dict[str, Use] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)
    carts: dict[str, Cart] = field(default_factory=dict)
    cart_codes: dict[str, str] = field(default_factory=dict)  # of those that have ended, too
    buried: set[str] = field(default_factory=set)
    days: Counter[date] = field(default_factory=Counter)
    settled: dict[date, int] = field(default_factory=dict)

    def take(self) -> Code:
        """Take the first code of the stock that is valid."""
        for key, lot in self.lots.items():
            if lot.codes[CodeStatus.AVAILABLE] and lot.lasts_until(self.now):
                lot.move(CodeStatus.AVAILABLE, CodeStatus.ISSUED, 1)
                return Code(key, lot.expires_at)
        raise Refused("out_of_stock")

    def put_code(self, holding: str, code: Code) -> str:
        """Put a code into a holding; returns the code's name, which counts the codes that it had."""
        held = self.holdings[holding]
        held.code = f"{holding}#{held.code_count}"
        self.codes[held.code] = code
        return held.code

    def code_of(self, holding: str) -> Code:
        """Give the code that a holding has now."""
        return self.codes[self.holdings[holding].code]

    def block(self, code: Code) -> None:
        """Block a code that was given out, unless it is."""
        if not code.is_void:
            code.is_void = True
            self.lots[code.lot].move(CodeStatus.ISSUED, CodeStatus.VOID, 1)

    def free(self, kept: Kept, status: ReservationStatus) -> None:
        """End a reservation; its code goes where the others of its lot are."""
        kept.status = status
        lot = self.lots[kept.lot]
        if not kept.is_blocked:
            is_in_stock = lot.status == BatchStatus.ACTIVE
            lot.move(CodeStatus.RESERVED, CodeStatus.AVAILABLE if is_in_stock else CodeStatus.HELD, 1)

    def cart_of(self, code: str) -> str | None:
        """Name the cart that a code is set aside for now."""
        live = (name for name, cart in self.carts.items() if cart.code == code and cart.until > self.now)
        return next(live, None)

    def give_back(self, use: Use, amount: int, day: date) -> tuple[str, int]:
        """Give an amount of a use back to its code."""
        code = self.codes[use.code]
        if amount == use.left:
            code.use_count -= 1
        kind = RedemptionKind.REVERSAL if day <= use.day else RedemptionKind.REFUND
        use.returns.append((kind.value, amount))
        code.balance += amount
        self.days[day] -= amount
        return use.returns[-1]

    def facts(self) -> dict[str, Any]:
        """Give what must be found in the database as well."""
        return {
            "lots": {name: (lot.status.value, +lot.codes) for name, lot in self.lots.items()},
            "codes": {
                name: (code.lot, code.is_void, code.balance, code.use_count) for name, code in self.codes.items()
            },
            "holdings": {
                name: (h.code, h.is_withdrawn, h.is_claimed, h.shown, h.mail, h.replaced_by)
                for name, h in self.holdings.items()
            },
            "uses": {name: (use.code, use.amount, use.amount - use.left) for name, use in self.uses.items()},
            "kept": {name: (kept.lot, kept.status.value, kept.until) for name, kept in self.kept.items()},
            "carts": {name for name, cart in self.carts.items() if cart.until > self.now},
            "buried": self.buried,
            "settled": self.settled,
        }
