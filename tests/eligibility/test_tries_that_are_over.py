"""T04: what is counted against guessing is dropped when it counts no more, and never before."""

from datetime import timedelta

import pytest
from django.db import connection

from eligibility.errors import TooManyAttempts
from eligibility.models import AttemptBudget
from eligibility.selectors import BUDGETS_COUNT
from eligibility.services import attempts, forget_attempts, spend_attempt
from eligibility.tasks import forget_attempts as by_the_clock
from tests.factories import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def spend(scope: str, *, window_seconds: int, now=NOW):
    spend_attempt(scope=scope, limit=1, window_seconds=window_seconds, now=now)


def test_T04_a_window_of_a_minute_is_dropped_a_day_after_its_end_and_one_of_a_month_after_the_month():
    spend("till", window_seconds=60)
    spend("line-event", window_seconds=int(BUDGETS_COUNT.total_seconds()))
    short, long = AttemptBudget.objects.order_by("window_ends_at")
    assert short.window_ends_at - short.window_started_at == timedelta(seconds=60)
    assert long.window_ends_at - long.window_started_at == BUDGETS_COUNT

    assert forget_attempts(now=short.window_ends_at + DAY) == 0
    assert forget_attempts(now=short.window_ends_at + DAY + MOMENT) == 1
    with pytest.raises(TooManyAttempts):
        spend("line-event", window_seconds=int(BUDGETS_COUNT.total_seconds()))
    assert forget_attempts(now=long.window_ends_at + DAY) == 0
    assert forget_attempts(now=long.window_ends_at + DAY + MOMENT) == 1


def test_rows_of_before_the_end_was_kept_stay_as_long_as_the_longest_window():
    AttemptBudget.objects.create(scope="x", window_started_at=NOW)

    assert forget_attempts(now=NOW + BUDGETS_COUNT + DAY) == 0
    assert forget_attempts(now=NOW + BUDGETS_COUNT + DAY + MOMENT) == 1


def test_rows_are_dropped_in_steps_with_an_end_and_the_rest_the_next_time(monkeypatch):
    monkeypatch.setattr(attempts, "STEP", 3)
    monkeypatch.setattr(attempts, "STEPS", 2)
    AttemptBudget.objects.bulk_create(
        AttemptBudget(scope=f"s{number}", window_started_at=NOW, window_ends_at=NOW + timedelta(seconds=number))
        for number in range(8)
    )
    later = NOW + 2 * DAY

    assert forget_attempts(now=later) == 6
    assert set(AttemptBudget.objects.values_list("scope", flat=True)) == {"s6", "s7"}  # the oldest went first
    assert [forget_attempts(now=later), forget_attempts(now=later)] == [2, 0]


def test_rows_of_both_kinds_go_in_one_go():
    AttemptBudget.objects.create(scope="marked", window_started_at=NOW, window_ends_at=NOW)
    AttemptBudget.objects.create(scope="unmarked", window_started_at=NOW)

    assert forget_attempts(now=NOW + BUDGETS_COUNT + 2 * DAY) == 2


def test_the_clock_drops_them(time_machine):
    spend("till", window_seconds=60)
    time_machine.move_to(NOW + 2 * DAY, tick=False)

    by_the_clock()

    assert not AttemptBudget.objects.exists()


@pytest.mark.postgres
def test_what_is_over_is_found_by_an_index():
    AttemptBudget.objects.bulk_create(
        AttemptBudget(scope=f"s{number}", window_started_at=NOW, window_ends_at=NOW + number * DAY)
        for number in range(2_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE eligibility_attemptbudget")
        cursor.execute("SET LOCAL enable_seqscan = off")
    over = AttemptBudget.objects.filter(window_ends_at__lt=NOW + 3 * DAY).order_by("window_ends_at")[:10]

    assert "Index Scan using budget_end" in over.explain()
