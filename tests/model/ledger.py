"""What the books should say, kept in plain dictionaries: the model that the real ledger is compared with.

It knows nothing of rows, locks or SQL. An operation that is refused raises `Refused` and has changed nothing, save what
the operation itself says.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from codes.models import BatchStatus, CodeStatus


class Refused(Exception):
    """The refusal that is expected, by its stable code."""


@dataclass
class Lot:
    """Codes that came in together; `codes` counts them by state."""

    status: BatchStatus
    codes: Counter[str]
    expires_at: datetime | None
    is_file: bool

    def move(self, old: CodeStatus, new: CodeStatus, count: int | None = None) -> None:
        """Count codes from one state to another, all of them unless told how many."""
        moved = self.codes[old] if count is None else count
        self.codes[old] -= moved
        self.codes[new] += moved


@dataclass
class Holding:
    """What a winner holds: an award with one code of a lot."""

    lot: str
    face: int
    balance: int
    deadline: datetime
    expires_at: datetime | None
    is_void: bool = False
    is_withdrawn: bool = False
    is_claimed: bool = False
    shown: int = 0
    mail: str = "queued"


@dataclass
class Use:
    """One use of a code at a till."""

    holding: str
    amount: int
    is_reversed: bool = False


@dataclass
class Ledger:
    """Everything, by names that the operations chose."""

    now: datetime
    lots: dict[str, Lot] = field(default_factory=dict)
    holdings: dict[str, Holding] = field(default_factory=dict)
    uses: dict[str, Use] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Give what must be found in the database as well."""
        return {
            "lots": {name: (lot.status.value, +lot.codes) for name, lot in self.lots.items()},
            "holdings": {
                name: (h.lot, h.is_withdrawn, h.is_void, h.balance, h.is_claimed, h.shown, h.mail)
                for name, h in self.holdings.items()
            },
            "uses": {name: (use.holding, use.amount, use.is_reversed) for name, use in self.uses.items()},
        }
