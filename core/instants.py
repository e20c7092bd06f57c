"""Instants as PostgreSQL writes them, read by Python's own parser: Django's loader takes many times as long."""

from datetime import UTC, datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.abc import Buffer
from psycopg.types.datetime import TimestamptzLoader


class InstantLoader(TimestamptzLoader):
    """Reads what a session in UTC writes; what Python has no instant for is refused as the driver refuses it."""

    timezone = UTC  # where Django sees that no loader of its own is needed

    def load(self, data: Buffer) -> datetime:
        try:
            return datetime.fromisoformat(str(data, "ascii"))
        except ValueError:  # infinity, a year of five digits or before Christ
            return super().load(data)


def read_instants(connection: BaseDatabaseWrapper, **_kwargs: Any) -> None:
    """Let a new session read instants that way."""
    if connection.vendor == "postgresql" and connection.timezone == UTC:
        connection.connection.adapters.register_loader("timestamptz", InstantLoader)
