"""Operations that run at the same moment end as if they had come one after the other, in some order.

A step draws two to eight operations first, in the main thread, and lets real threads loose on them with connections of
their own. What they answered and what then stands in the books must be what the model gives for one of the orders.
"""

import copy
import os
from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from journeys.audit import violations
from tests.factories import NOW
from tests.model.desk import Desk
from tests.model.invariants import broken
from tests.model.ledger import Ledger
from tests.model.operations import (
    BEGINNING,
    KINDS,
    Activate,
    AdvanceClock,
    Discard,
    Enter,
    Generate,
    Operation,
    Redeem,
    VoidCode,
    outcome_of,
)
from tests.model.operations.base import Draw
from tests.races.racing import race, until_shown, without_locks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.slow]

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "10"))
HAS_NIGHT = "MODEL_EXAMPLES" in os.environ
STEPS = 3
HOURS = [0, 0, 0.05, 1, 24]
AT_ONCE = range(2, 9)


def at_once(desk: Desk, operations: Sequence[Operation]) -> list[Any]:
    """Let all operations loose at one moment; returns their outcomes."""
    for operation in operations:
        operation.prepare(desk)
    outcomes = race([partial(outcome_of, partial(operation.perform, desk)) for operation in operations])
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    return outcomes


def one_by_one(desk: Desk, ledger: Ledger, operations: Sequence[Operation]) -> None:
    """Do operations in their order, on both sides."""
    for operation in operations:
        operation.prepare(desk)
        expected = outcome_of(partial(operation.expected, ledger))
        assert outcome_of(partial(operation.perform, desk)) == expected, operation


def explained(
    ledger: Ledger, todo: Sequence[tuple[Operation, Any]], facts: dict[str, Any], seen: set[Any] | None = None
) -> Ledger | None:
    """Find an order in which the model gives every outcome and the facts; returns the books after it."""
    seen = set() if seen is None else seen
    if not todo:
        return ledger if ledger.facts() == facts else None
    here = (tuple(operation.name for operation, _outcome in todo), repr(ledger))
    if here in seen:
        return None
    seen.add(here)
    for place, (operation, outcome) in enumerate(todo):
        after = copy.deepcopy(ledger)
        if outcome_of(partial(operation.expected, after)) != outcome:
            continue
        if found := explained(after, [*todo[:place], *todo[place + 1 :]], facts, seen):
            return found
    return None


def in_order_of_rows(ledger: Ledger, desk: Desk) -> Ledger:
    """Of those that came in at one moment the rows know the order: recalls and stock go by it."""
    ledger.lots = dict(sorted(ledger.lots.items(), key=lambda item: desk.lots[item[0]]))
    ledger.holdings = dict(sorted(ledger.holdings.items(), key=lambda item: desk.awards[item[0]]))
    return ledger


class CodesAtOnce(RuleBasedStateMachine):
    """Begins with stock and winners, so that there is something to fight over."""

    def __init__(self) -> None:
        super().__init__()
        self.desk, self.ledger, self.count = Desk(), Ledger(now=NOW), 0
        one_by_one(self.desk, self.ledger, BEGINNING)
        self.is_explained = True

    def teardown(self) -> None:
        """At night every sequence is asked for the invariants, else all of them together."""
        assert not (HAS_NIGHT and self.is_explained) or broken(self.desk.now) == {}

    @rule(seed=st.integers(0, 2**64 - 1))
    def step(self, seed: int) -> None:
        """Let time pass, draw first, run then, and look for an order that explains what happened.

        Hypothesis draws the seed alone: what can be chosen hangs on how the threads fell before, and it holds a test
        for flaky whose choices are others at the second time.
        """
        draw = Random(seed).choice
        one_by_one(self.desk, self.ledger, [AdvanceClock("clock", draw(HOURS))])
        drawn = [self.draw(draw) for _ in range(draw(AT_ONCE))]
        self.is_explained = False
        outcomes = at_once(self.desk, drawn)
        after = explained(self.ledger, list(zip(drawn, outcomes, strict=True)), self.desk.facts())
        assert after is not None, (self.ledger, list(zip(drawn, outcomes, strict=True)), self.desk.facts())
        self.ledger, self.is_explained = in_order_of_rows(after, self.desk), True

    def draw(self, draw: Draw) -> Operation:
        """Draw one operation that may run beside others."""
        self.count += 1
        kind = draw([kind for kind in KINDS if kind.at_once and kind.objects(self.ledger)])
        drawn: Operation = kind.drawn(f"N{self.count:03d}", draw(kind.objects(self.ledger)), draw)
        return drawn


def test_T01_T02_I01_I05_what_runs_at_once_ends_as_in_some_order():
    profile = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # threads do not fall the same way twice, so nothing is made smaller
        print_blob=True,
    )
    run_state_machine_as_test(CodesAtOnce, settings=profile)
    assert violations(NOW) == {}


def contest(*kinds: Any) -> bool:
    """Tell whether operations on one lot and one holding at once had an outcome that no order explains."""
    desk, ledger = Desk(), Ledger(now=NOW)
    one_by_one(desk, ledger, [Generate("L1", 1, None), Activate("-", "L1"), Enter("W1"), Generate("L2", 2, None)])
    operations = [kind(f"N{number}") for number, kind in enumerate(kinds)]
    outcomes = at_once(desk, operations)
    return explained(ledger, list(zip(operations, outcomes, strict=True)), desk.facts()) is None


CONTESTS = [
    [partial(Activate, lot="L2"), partial(Discard, lot="L2")] * 3,
    [partial(VoidCode, code="W1#1")] * 6,
]


@pytest.mark.parametrize("kinds", CONTESTS)
def test_what_a_lock_decides_has_an_order(kinds):
    assert not any(contest(*kinds) for _round in range(3))


@pytest.mark.parametrize("kinds", CONTESTS)
def test_negative_control_without_locks_and_compare_and_swap_no_order_explains_it(kinds):
    def shows() -> bool:
        with without_locks():
            return contest(*kinds)

    assert until_shown(shows)


def test_an_outcome_that_no_order_gives_is_told_apart_from_one_that_some_order_gives():
    desk, ledger = Desk(), Ledger(now=NOW)
    one_by_one(desk, ledger, [Generate("L1", 1, None), Activate("-", "L1"), Enter("W1")])
    tills = [Redeem("N1", "W1#1", 300, ""), Redeem("N2", "W1#1", 300, "")]
    outcomes = at_once(desk, tills)

    assert sorted(map(str, outcomes)) == ["300", "refused: insufficient_balance"]
    assert explained(ledger, list(zip(tills, outcomes, strict=True)), desk.facts()) is not None
    assert explained(ledger, list(zip(tills, [300, 300], strict=True)), desk.facts()) is None
