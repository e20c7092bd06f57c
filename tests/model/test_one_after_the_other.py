"""Any sequence of what can be done to codes leaves the books as a plain model says, and every invariant whole.

The books are compared after each step, the invariants at the end of each sequence. `MODEL_EXAMPLES` sets how many
sequences are tried: a few by default, thousands at night.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.factories import NOW
from tests.model.desk import Desk
from tests.model.invariants import broken
from tests.model.ledger import Ledger
from tests.model.operations import BEGINNING, KINDS, Operation, WorkOnHold, WorkOnRecall, outcome_of
from tests.races.racing import without_locks
from tests.worlds import World, open_campaign

pytestmark = pytest.mark.django_db

FEW = 12 if connection.vendor == "postgresql" else 6
EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", FEW))
STEPS = 30
PROFILE: dict[str, Any] = {
    "stateful_step_count": STEPS,
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "print_blob": True,
}


class Codes(RuleBasedStateMachine):
    """Each operation is done to the model and to the rows; outcomes, books and invariants are compared at once."""

    world: ClassVar[World]
    steps_held: ClassVar[int]

    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.desk, self.ledger, self.count = Desk(self.world), Ledger(now=NOW), 0
        self.is_as_expected = True
        for operation in BEGINNING:
            self.step(operation)

    def teardown(self) -> None:
        """Ask for the invariants once more, unless a step has failed; leave nothing to the next sequence."""
        try:
            assert not self.is_as_expected or broken(self.desk.now) == {}
        finally:
            self._undo()

    def _undo(self) -> None:
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    def step(self, operation: Operation) -> None:
        """Do one operation on both sides."""
        self.is_as_expected = False
        expected = outcome_of(lambda: operation.expected(self.ledger))
        operation.prepare(self.desk)
        assert outcome_of(lambda: operation.perform(self.desk)) == expected, operation
        assert self.desk.facts() == self.ledger.facts(), operation
        self.is_as_expected = True
        Codes.steps_held += 1


def rule_of(kind: type[Operation]) -> Callable[..., None]:
    """Make the rule that draws one kind of operation."""

    def do(self: Codes, data: st.DataObject) -> None:
        self.count += 1

        def draw(options: Sequence[Any]) -> Any:
            return data.draw(st.sampled_from(options))

        self.step(kind.drawn(f"N{self.count:03d}", draw(kind.objects(self.ledger)), draw))
        for work in (WorkOnHold, WorkOnRecall):  # a worker comes by more often than a rule is drawn
            for lot in work.objects(self.ledger):
                if data.draw(st.booleans()):
                    self.step(work("worker", lot))

    do.__name__ = kind.__name__
    return precondition(lambda self: bool(kind.objects(self.ledger)))(rule(data=st.data())(do))


for kind in KINDS:
    setattr(Codes, f"do_{kind.__name__}", rule_of(kind))


def run_machine(**profile: Any) -> int:
    """Try sequences on one campaign, of which each leaves nothing behind; returns how many steps held."""
    Codes.world, Codes.steps_held = open_campaign(codes=0), 0
    run_state_machine_as_test(Codes, settings=settings(**PROFILE, **profile))
    return Codes.steps_held


def test_I01_I02_I03_I05_I06_I07_I10_I13_any_sequence_of_operations_leaves_what_the_model_says():
    assert run_machine(max_examples=EXAMPLES) > EXAMPLES * len(BEGINNING)  # each has drawn some of its own


def test_negative_control_a_move_that_looks_at_no_state_is_found():
    """Without the compare-and-swap a discarded lot goes into stock, and a code is blocked twice."""
    with without_locks(), pytest.raises(AssertionError, match="refused"):
        run_machine(max_examples=40, phases=[Phase.generate])
