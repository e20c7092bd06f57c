"""Ends as people type them, days in Japan, and whose clock counts."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core import clock
from core.clock import JST, end_of_jst_day, exclusive_end, inclusive_end, jst_day, start_of_jst_day


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=JST)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (at(2026, 11, 30, 23, 59), at(2026, 12, 1)),
        (at(2026, 11, 30, 23, 59, 59), at(2026, 12, 1)),
        (at(2026, 11, 30, 23, 59, 59, 999_999), at(2026, 12, 1)),
        (at(2026, 12, 31, 23, 59), at(2027, 1, 1)),
        (at(2028, 2, 28, 23, 59), at(2028, 2, 29)),
        (at(2027, 2, 28, 23, 59, 59), at(2027, 3, 1)),
        (at(2026, 11, 30, 17, 59), at(2026, 11, 30, 18)),
        (at(2026, 11, 30, 18, 0), at(2026, 11, 30, 18, 0, 1)),
        (at(2026, 11, 30, 12, 30, 15), at(2026, 11, 30, 12, 30, 16)),
    ],
)
def test_I17_a_typed_end_includes_its_last_minute_or_second(typed, stored):
    assert exclusive_end(typed) == stored


@pytest.mark.parametrize("stored", [at(2026, 12, 1), at(2026, 11, 30, 18), at(2026, 11, 30, 18, 0, 1), at(2028, 3, 1)])
def test_a_stored_end_shown_and_typed_again_is_the_same_instant(stored):
    assert exclusive_end(inclusive_end(stored)) == stored


def test_a_day_in_japan_begins_at_three_in_the_afternoon_utc():
    begins = datetime(2026, 11, 30, 15, tzinfo=UTC)

    assert start_of_jst_day(date(2026, 12, 1)) == begins
    assert end_of_jst_day(date(2026, 11, 30)) == begins
    assert jst_day(begins) == date(2026, 12, 1)
    assert jst_day(begins - timedelta(microseconds=1)) == date(2026, 11, 30)


@pytest.mark.postgres
@pytest.mark.django_db
def test_F22_where_hosts_share_a_database_its_clock_counts(settings, time_machine_far_away):
    settings.DATABASE_CLOCK = True

    assert clock.now().year < 2090


@pytest.fixture
def time_machine_far_away():
    import time_machine

    with time_machine.travel(datetime(2099, 1, 1, tzinfo=UTC)):
        yield


def test_on_one_machine_its_own_clock_counts(time_machine_far_away):
    assert clock.now().year == 2099
