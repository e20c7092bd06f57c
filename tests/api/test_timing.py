"""Refusals tell nothing by how long they take (T05): Welch's t-test between every two kinds of code."""

import itertools
import math
import random
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Scope
from codes.selectors import open_code
from codes.services import generate_codes
from codes.services.redemption import finding
from tests.api.world import Tenant, key_with, sale, winning_code

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.serial]

TURNS = 80
TURNS_OF_A_KEY = 40  # with three unknown codes each: a key may try 120 an hour at a store
FORMS: dict[str, Callable[[str, str], dict[str, object]]] = {
    "/redemptions": lambda code, till: sale(code, terminal_id=till),
    "/redemptions/validate": lambda code, till: {"code": code, "store_id": "001", "terminal_id": till},
    "/redemptions/locks": lambda code, till: {"code": code, "ttl": 60, "store_id": "001", "terminal_id": till},
}
TOLD = 4.5  # beyond it a difference counts as a leak, as is usual for timing tests


def welch_t(one: Sequence[float], other: Sequence[float]) -> float:
    """Give Welch's t of two samples, each without its slowest fifth: the machine does other things meanwhile."""
    first, second = (sorted(times)[: len(times) * 4 // 5] for times in (one, other))
    spread = statistics.variance(first) / len(first) + statistics.variance(second) / len(second)
    return abs(statistics.fmean(first) - statistics.fmean(second)) / math.sqrt(spread)


def refusals_timed(tenant: Tenant, kinds: dict[str, str], path: str) -> tuple[dict[str, list[float]], set[str]]:
    """Ask for each kind in turn, in an order drawn anew each time; returns seconds, and the different answers."""
    callers = [key_with(tenant, Scope.REDEMPTIONS_WRITE) for _key in range(TURNS // TURNS_OF_A_KEY)]
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    bodies = set()
    for turn in range(TURNS):
        for kind in random.sample(list(kinds), len(kinds)):
            body = FORMS[path](kinds[kind], f"T{turn}")
            began = time.perf_counter()
            answer = callers[turn // TURNS_OF_A_KEY].post(path, body, key=f"{path}-{kind}-{turn}-{began}")
            taken[kind].append(time.perf_counter() - began)
            bodies.add(str({name: value for name, value in answer.json().items() if name != "request_id"}))
    return taken, bodies


def worst_t(taken: dict[str, list[float]]) -> float:
    """Give the largest t between two kinds, warm-up left out."""
    return max(welch_t(one[10:], other[10:]) for one, other in itertools.combinations(taken.values(), 2))


@pytest.fixture
def kinds(tenant, other, settings) -> dict[str, str]:
    """A code that nobody knows, another agency's, and one that was not given out."""
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": {"key": "1000000/min"}}
    batch = generate_codes(prize_id=tenant.prize.pk, name="x", count=1, expires_at=None, now=timezone.now())
    return {
        "unknown": "AAAABBBBCCCCDDDD",
        "foreign": winning_code(other)[1],
        "unissued": open_code(batch.gift_codes.get()).code,
    }


@pytest.mark.parametrize("path", FORMS)
def test_T05_unknown_foreign_and_unissued_codes_are_refused_in_the_same_time_and_words(tenant, kinds, path):
    tries = (refusals_timed(tenant, kinds, path) for _again in range(3))

    for taken, bodies in tries:
        assert len(bodies) == 1
        if worst_t(taken) < TOLD:  # once in a while the machine itself makes a difference
            return
    pytest.fail("one kind of code is told from another by its time")


def test_negative_control_one_more_read_for_codes_that_exist_is_noticed(tenant, kinds, monkeypatch):
    honest: Callable[..., object] = finding.presented_code

    def look_twice(*, presented: str, **options: Any) -> object:
        if presented == kinds["unissued"]:
            with connection.cursor() as cursor:
                for _read in range(60):
                    cursor.execute("SELECT count(*) FROM codes_giftcode")
        return honest(presented=presented, **options)

    monkeypatch.setattr(finding, "presented_code", look_twice)

    assert any(worst_t(refusals_timed(tenant, kinds, "/redemptions")[0]) > TOLD for _again in range(3))
