"""Takes a constraint out of the database, so that a test can show what it prevents."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Model


def drop_constraints(model: type[Model], *names: str) -> None:
    """Drop constraints of a model, within the test's transaction where there is one; PostgreSQL only."""
    found = {constraint.name: constraint for constraint in model._meta.constraints}
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else ALTER TABLE meets pending checks
    with connection.schema_editor() as editor:
        for name in names:
            editor.remove_constraint(model, found[name])


def restore_constraints(model: type[Model], *names: str) -> None:
    """Put them back; the table holds no violation by then."""
    found = {constraint.name: constraint for constraint in model._meta.constraints}
    with connection.schema_editor() as editor:
        for name in names:
            editor.add_constraint(model, found[name])


def drop_unique(model: type[Model], column: str) -> str:
    """Drop the unique constraint of a one-to-one column; returns its name. PostgreSQL only."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        constraints = connection.introspection.get_constraints(cursor, table)
        (name,) = [name for name, facts in constraints.items() if facts["columns"] == [column] and facts["unique"]]
        cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
    return name


def restore_unique(model: type[Model], column: str, name: str) -> None:
    """Put it back."""
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{model._meta.db_table}" ADD CONSTRAINT "{name}" UNIQUE ("{column}")')


@contextmanager
def postings_can_be_erased() -> Iterator[None]:
    """Take the guard off the books for a while, as a restore to an earlier time goes past it."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE codes_ledgertransfer DISABLE TRIGGER codes_ledgertransfer_kept")
            yield
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE codes_ledgertransfer ENABLE TRIGGER codes_ledgertransfer_kept")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _made in triggers:
            cursor.execute(f'DROP TRIGGER "{name}"')
        yield
        for _name, made in triggers:
            cursor.execute(made)
