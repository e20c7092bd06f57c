"""What can be done to codes, each with what the model expects of it and what the services do.

A new operation is a class: `objects` names what it can be done to, `drawn` draws its other fields, `expected` changes
the ledger or raises Refused, `perform` calls the service and gives the same outcome.
"""

from tests.model.operations.base import KINDS, Operation, outcome_of
from tests.model.operations.holdings import Enter, Redeem, VoidCode
from tests.model.operations.stock import Activate, AdvanceClock, Discard, Generate

__all__ = [
    "KINDS",
    "Activate",
    "AdvanceClock",
    "Discard",
    "Enter",
    "Generate",
    "Operation",
    "Redeem",
    "VoidCode",
    "outcome_of",
]
