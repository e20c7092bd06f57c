"""One clock for every host: the database's, read once at the edge and handed on as `now`."""

import time as machine
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.utils import timezone

JST = ZoneInfo("Asia/Tokyo")
ASKED_EVERY_SECONDS = 1.0


@dataclass(frozen=True)
class _Reading:
    """What the database's clock said, and how long this machine had been up when it did."""

    said: datetime
    uptime_seconds: float


_last: list[_Reading] = []  # one at most


def now() -> datetime:
    """Give the time in UTC: the database's where hosts share one, this machine's on SQLite.

    The database is asked once a second; in between, the seconds that have passed are added. They are counted by the
    time since this machine's start, which nobody can set, and which runs on while the machine sleeps.
    """
    if not settings.DATABASE_CLOCK:
        return timezone.now()
    for last in _last:
        passed = _uptime_seconds() - last.uptime_seconds
        if passed < ASKED_EVERY_SECONDS:
            return last.said + timedelta(seconds=passed)
    said = _ask()
    _last[:] = [_Reading(said, _uptime_seconds())]  # of after the answer, so that the clock is never ahead
    return said


def _ask() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at.astimezone(UTC)


def _uptime_seconds() -> float:
    kind = getattr(machine, "CLOCK_BOOTTIME", machine.CLOCK_MONOTONIC)  # the latter outside of Linux
    return machine.clock_gettime(kind)


def jst_day(at: datetime) -> date:
    """Give the Japanese calendar day of an instant."""
    return at.astimezone(JST).date()


def start_of_jst_day(day: date) -> datetime:
    """Give the instant (UTC) at which a Japanese calendar day begins."""
    return datetime.combine(day, time.min, tzinfo=JST).astimezone(UTC)


def end_of_jst_day(day: date) -> datetime:
    """Give the exclusive end (UTC) of a Japanese calendar day: its 24:00."""
    return start_of_jst_day(day + timedelta(days=1))


def exclusive_end(typed: datetime) -> datetime:
    """Turn an end as people type it, which includes its last minute or second, into the next instant.

    23:59 and 23:59:59 both mean until 24:00; 18:00 means until 18:00:00 sharp plus its own second.
    """
    step = timedelta(minutes=1) if typed.second == 0 and typed.minute == 59 else timedelta(seconds=1)
    return (typed + step).replace(microsecond=0)


def inclusive_end(stored: datetime) -> datetime:
    """Turn a stored exclusive end into the last instant as people read it: 24:00 is shown as 23:59.

    Typing the answer again gives the stored instant back through `exclusive_end`.
    """
    on_the_hour = stored.minute == 0 and stored.second == 0
    return stored - (timedelta(minutes=1) if on_the_hour else timedelta(seconds=1))
