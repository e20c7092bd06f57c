"""Empties the test database between two tests that commit.

Django's own way truncates all of nearly a hundred tables and then writes every content type and permission anew, which
takes as long as the test before it. Those stay, only tables with rows are emptied, and what migrations put in is put in
again.
"""

from importlib import import_module
from types import SimpleNamespace

from django.apps import apps
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

brands = import_module("campaigns.migrations.0003_gift_brands")

KEPT = {"django_migrations", "django_content_type", "auth_permission"}  # the same after every migration


def empty_tables() -> None:
    """Leave what migrations leave: delete every other row; the books' triggers, which refuse it, are off meanwhile."""
    with transaction.atomic(), connection.cursor() as cursor:
        _empty(cursor, is_postgres=connection.vendor == "postgresql")
        brands.add_brands(apps, SimpleNamespace(connection=connection))  # which migrations have put there


def _empty(cursor: CursorWrapper, *, is_postgres: bool) -> None:
    if is_postgres:
        cursor.execute("RESET ROLE")  # behind the wall between agencies rows would be hidden
    tables = tables_with_rows(cursor)
    if not tables:
        return
    deletions = [f"DELETE FROM {table}" for table in tables]
    if is_postgres:
        # Locked, so that what still runs on them comes to its end.
        locks = f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE"
        cursor.execute("; ".join([locks, "SET LOCAL session_replication_role = replica", *deletions]))
        return
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    triggers = cursor.fetchall()
    for statement in [
        *(f'DROP TRIGGER "{name}"' for name, _ in triggers),
        *deletions,
        *(sql for _, sql in triggers),
    ]:
        cursor.execute(statement)


def tables_with_rows(cursor: CursorWrapper) -> list[str]:
    """Give their quoted names, in an order of their own, so that two never wait for each other."""
    names = sorted(set(connection.introspection.table_names(cursor)) - KEPT)
    cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in names))
    return sorted(f'"{name}"' for (name,) in cursor.fetchall())
