"""Locks on things that have no row yet: a till's transaction number, a store's day."""

from django.db import connection


def hold(name: str, *, shared: bool = False) -> None:
    """Wait until nobody else holds this name, and hold it until the transaction ends.

    Holders of a shared name do not wait for each other, only for one who wants it alone. On SQLite the IMMEDIATE
    transaction holds the whole database already.
    """
    if connection.vendor != "postgresql":
        return
    call = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {call}(hashtextextended(%s, 0))", [name])
