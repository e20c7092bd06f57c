"""Locks on things that have no row yet: a till's transaction number, a store's day."""

from collections.abc import Sequence

from django.db import connection

from core import rows


def hold(name: str, *, shared: bool = False) -> None:
    """Wait until nobody else holds this name, and hold it until the transaction ends.

    Holders of a shared name do not wait for each other, only for one who wants it alone. On SQLite the IMMEDIATE
    transaction holds the whole database already.
    """
    hold_all([(name, shared)])


def hold_all(names: Sequence[tuple[str, bool]]) -> None:
    """Hold several names one after the other in one statement; each with whether it is shared."""
    if connection.vendor != "postgresql" or not names:
        return
    calls = [f"pg_advisory_xact_lock{'_shared' if shared else ''}(hashtextextended(%s, 0))" for _name, shared in names]
    rows.one(f"SELECT {', '.join(calls)}", [name for name, _shared in names])
