"""Instants are read from PostgreSQL as they stand there."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DataError, connection
from psycopg.pq import Format

from core.instants import InstantLoader

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
TIMESTAMPTZ = 1184


def read(text: str) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 11, 30, 15, 0, tzinfo=UTC),
        datetime(2026, 11, 30, 14, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 11, 30, 14, 59, 59, 120000, tzinfo=UTC),
        datetime(1900, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_an_instant_is_read_to_the_microsecond(instant):
    assert read(instant.isoformat()) == instant
    assert read(instant.isoformat()).utcoffset() == timedelta()


def test_a_time_of_japan_is_the_same_instant():
    assert read("2026-12-01 00:00:00+09:00") == datetime(2026, 11, 30, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["infinity", "-infinity", "20000-01-01 00:00:00+00", "0044-03-15 00:00:00+00 BC"])
def test_what_python_has_no_instant_for_is_refused(text):
    with pytest.raises(DataError):
        read(text)


def test_every_session_reads_that_way():
    connection.ensure_connection()

    with connection.cursor() as cursor:
        for adapters in (connection.connection.adapters, cursor.cursor.adapters):
            assert adapters.get_loader(TIMESTAMPTZ, Format.TEXT) is InstantLoader
