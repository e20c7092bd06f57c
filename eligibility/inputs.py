"""What the rules of eligibility are given: gathered once, stored with the decision, enough to repeat its verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class ReceiptFacts:
    """What is known of a receipt: figures as JSON types, and how it relates to others."""

    status: str
    id: str = ""  # public, so that a verdict says which receipt counted for what
    is_receipt: bool = True
    is_complete: bool = True
    is_return_slip: bool = False
    is_returned: bool = False  # the goods were given back after all
    is_confirmed: bool = False  # a person has corrected or confirmed the figures
    needs_review: bool = False
    doubts: tuple[str, ...] = ()  # why, in the reader's and the shop master's codes
    looks_like_screen: bool = False
    figures: Mapping[str, Any] = field(default_factory=dict)
    items: tuple[Mapping[str, Any], ...] = ()
    regions: Mapping[str, Any] = field(default_factory=dict)
    is_used_elsewhere: bool = False
    is_repeated: bool = False  # the same purchase as an earlier receipt of this entry
    look_alike: str | None = None


@dataclass(frozen=True)
class Inputs:
    """Everything the rules may look at, gathered once and stored with the decision."""

    submitted_at: str
    other_entries: int = 0
    other_entries_that_day: int = 0
    receipt: ReceiptFacts | None = None  # the last one sent; the only one unless the campaign sums several
    earlier_receipts: tuple[ReceiptFacts, ...] = ()
    serial: str = "absent"  # absent, accepted, refused
    reference: str = "absent"
    answers: Mapping[str, list[str]] = field(default_factory=dict)
    line_is_friend: bool | None = None
    x: Mapping[str, Any] = field(default_factory=dict)

    @property
    def receipts(self) -> tuple[ReceiptFacts, ...]:
        """Give all receipts of the entry in the order of their sending."""
        return (*self.earlier_receipts, self.receipt) if self.receipt else ()

    def with_receipts(self, receipts: Sequence[ReceiptFacts]) -> "Inputs":
        """Give the same inputs with other facts about the receipts, in the order of their sending."""
        last = receipts[-1] if receipts else None
        return replace(self, earlier_receipts=tuple(receipts[:-1]), receipt=last)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Inputs":
        """Read what `to_json` has written, in this release or an earlier one."""
        last = stored["receipt"]
        earlier = tuple(ReceiptFacts(**facts) for facts in stored.get("earlier_receipts", ()))
        return cls(**{**stored, "earlier_receipts": earlier, "receipt": ReceiptFacts(**last) if last else None})
