"""What an operation is, and how its two outcomes are made comparable."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from codes.errors import FileAlreadyImported, FileNotAccepted
from core.errors import DomainError
from tests.model.desk import Desk
from tests.model.ledger import Ledger, Refused

Draw = Callable[[Sequence[Any]], Any]
KINDS: list[type["Operation"]] = []


@dataclass(frozen=True)
class Operation:
    """One act; `name` is what it makes, new for each operation."""

    name: str
    at_once: ClassVar[bool] = True  # may be drawn for threads that run at the same moment

    def __init_subclass__(cls) -> None:
        if "expected" in vars(cls):  # else it is what several have in common
            KINDS.append(cls)

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        """Name what it can be done to now; one empty name where it needs nothing."""
        return [""]

    @classmethod
    def drawn(cls, name: str, target: str, draw: Draw) -> Self:
        """Draw the rest of it."""
        return cls(name, target) if target else cls(name)  # type: ignore[call-arg]

    def prepare(self, desk: Desk) -> None:
        """Do what comes before, never at the same moment as others."""

    def expected(self, ledger: Ledger) -> Any:
        """Do it to the model."""
        raise NotImplementedError

    def perform(self, desk: Desk) -> Any:
        """Do it to the rows."""
        raise NotImplementedError


def outcome_of(act: Callable[[], Any]) -> Any:
    """Give what an act gave, or the code of its refusal."""
    try:
        return act()
    except Refused as refusal:
        return f"refused: {refusal}"
    except (FileAlreadyImported, FileNotAccepted):
        return "refused: known_file"
    except DomainError as refusal:
        return f"refused: {refusal.code}"
