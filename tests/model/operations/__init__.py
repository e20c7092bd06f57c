"""What can be done to codes, each with what the model expects of it and what the services do.

A new operation is a class: `objects` names what it can be done to, `drawn` draws its other fields, `expected` changes
the ledger or raises Refused, `perform` calls the service and gives the same outcome.
"""

from tests.model.operations.base import KINDS, Operation, outcome_of
from tests.model.operations.holdings import Enter, VoidCode
from tests.model.operations.recalls import HoldBack, Recall, Reissue, Replace, WorkOnHold, WorkOnRecall
from tests.model.operations.reservations import EnterKept, Release, Reserve
from tests.model.operations.stock import Activate, AdvanceClock, Discard, Generate
from tests.model.operations.tills import Redeem, Reverse, SetAside, Undo
from tests.model.operations.upkeep import KilledRedeem, KilledReveal, KilledReverse, Purge, Rotate

# Stock and winners, so that there is something to do.
BEGINNING = [Generate("L1", 3, None), Activate("-", "L1"), Generate("L2", 2, 20), Enter("W1"), Enter("W2")]

__all__ = [
    "BEGINNING",
    "KINDS",
    "Activate",
    "AdvanceClock",
    "Discard",
    "Enter",
    "EnterKept",
    "Generate",
    "HoldBack",
    "KilledRedeem",
    "KilledReveal",
    "KilledReverse",
    "Operation",
    "Purge",
    "Recall",
    "Redeem",
    "Reissue",
    "Release",
    "Replace",
    "Reserve",
    "Reverse",
    "Rotate",
    "SetAside",
    "Undo",
    "VoidCode",
    "WorkOnHold",
    "WorkOnRecall",
    "outcome_of",
]
