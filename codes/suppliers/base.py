"""What every supplier does: make one card under an id of ours, once, and show it again under the same id."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from uuid import UUID

MAX_REQUEST_ID = 40
CANCELLED_THERE = "cancelled"  # the reason of a supplier that shows a card no more, since it was taken back


@dataclass(frozen=True, kw_only=True)
class MadeCard:
    """A card as its supplier describes it. What is kept of it is its id; the rest is for the holder's eyes only."""

    card_id: str
    amount_jpy: int  # 0 where the supplier's figure is no whole yen
    currency: str
    code: str = field(repr=False)
    pin: str = field(default="", repr=False)
    url: str = field(default="", repr=False)


class SupplierRefused(Exception):
    """Nothing was made, and a repeat is refused until somebody changes something.

    Attributes:
        reason: a stable machine word; `out_of_funds` where the deposit is used up.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Supplier(Protocol):
    """A company's interface. Every method but `request_id` calls it: never within a transaction.

    Where the outcome is not known, all of them raise `codes.errors.SupplierUnavailable`.
    """

    @property
    def cancellable_for(self) -> timedelta:
        """How long after its making a card can be taken back."""
        ...

    def request_id(self, public_id: UUID) -> str:
        """Give the id under which the card of a code is asked for: the same for ever, at most 40 signs."""
        ...

    def make(self, *, request_id: str, amount_jpy: int) -> MadeCard:
        """Make the card of a request, or give the one that it made before.

        Raises:
            SupplierRefused: there is none.
        """
        ...

    def show(self, *, request_id: str, amount_jpy: int) -> MadeCard:
        """Give the card that a request made; raises as `make`."""
        ...

    def cancel(self, *, request_id: str) -> None:
        """Have the card of a request taken back and its value put to the deposit.

        Raises:
            SupplierRefused: too late, claimed already, or no such card.
        """
        ...

    def available_funds(self) -> int | None:
        """Give what is left of the deposit in yen; None where the supplier does not say.

        Raises:
            SupplierRefused: our account is not in order.
        """
        ...
