"""Any sequence of what can be done to codes leaves the books as a plain model says, and every invariant whole.

`MODEL_EXAMPLES` sets how many sequences are tried, thousands at night, and has all invariants checked after each step;
by default there are 15 sequences, whose books are compared after each step and whose invariants after each tenth.
"""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from journeys.audit import violations
from tests.factories import NOW
from tests.model.desk import Desk
from tests.model.ledger import Ledger
from tests.model.operations import KINDS, Operation, outcome_of
from tests.races.racing import without_locks

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "15"))
STEPS = 30
AUDIT_EVERY = 1 if "MODEL_EXAMPLES" in os.environ else 10
PROFILE: dict[str, Any] = {
    "stateful_step_count": STEPS,
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "print_blob": True,
}


class Codes(RuleBasedStateMachine):
    """Each operation is done to the model and to the rows; outcomes, books and invariants are compared at once."""

    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.desk, self.ledger, self.count = Desk(), Ledger(now=NOW), 0

    def teardown(self) -> None:
        """Ask for every invariant once more, then leave nothing to the next sequence."""
        try:
            assert violations(self.desk.now) == {}
        finally:
            self._undo()

    def _undo(self) -> None:
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    def step(self, operation: Operation) -> None:
        """Do one operation on both sides."""
        expected = outcome_of(lambda: operation.expected(self.ledger))
        operation.prepare(self.desk)
        assert outcome_of(lambda: operation.perform(self.desk)) == expected, operation
        assert self.desk.facts() == self.ledger.facts(), operation
        if self.count % AUDIT_EVERY == 0:
            assert violations(self.desk.now) == {}, operation


def rule_of(kind: type[Operation]) -> Callable[..., None]:
    """Make the rule that draws one kind of operation."""

    def do(self: Codes, data: st.DataObject) -> None:
        self.count += 1
        target = data.draw(st.sampled_from(kind.objects(self.ledger)))
        self.step(kind.drawn(f"N{self.count:03d}", target, data.draw))

    do.__name__ = kind.__name__
    return precondition(lambda self: bool(kind.objects(self.ledger)))(rule(data=st.data())(do))


for kind in KINDS:
    setattr(Codes, f"do_{kind.__name__}", rule_of(kind))


def test_I01_I02_I03_I05_I10_I13_any_sequence_of_operations_leaves_what_the_model_says():
    run_state_machine_as_test(Codes, settings=settings(max_examples=EXAMPLES, **PROFILE))


def test_negative_control_a_move_that_looks_at_no_state_is_found():
    """Without the compare-and-swap a discarded lot goes into stock, and a code is blocked twice."""
    found = settings(max_examples=200, **PROFILE, phases=[Phase.generate])

    with without_locks(), pytest.raises(AssertionError, match="refused"):
        run_state_machine_as_test(Codes, settings=found)
