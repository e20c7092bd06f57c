"""Puts into PostgreSQL that no row of one agency points at a row of another: a foreign key that looks at both (I11).

Which, is read from the models as for the wall (journeys/wall.py): a foreign key from a table with `agency_id` to a
table whose `id` and `agency_id` are unique together. Of each such key `migrate` makes one of both columns, in place of
the one that looked at the id alone, so that as many rows are looked up as before. What points at a table that is too
large for such an index of its own is compared by the audit every hour (journeys/audit/tenancy.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import structlog
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import Field, ForeignKey, Model, UniqueConstraint

from accounts.models import Agency

log = structlog.get_logger(__name__)
FOUND = """
SELECT t.relname || '.' || a.attname, cardinality(k.conkey), k.conname, k.convalidated, array(
    SELECT b.attname::text FROM pg_attribute b WHERE b.attrelid = k.conrelid AND b.attnum = ANY(k.conkey)
)
FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey)
WHERE k.contype = 'f' AND t.relnamespace = current_schema()::regnamespace
"""
ADD = """
ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, agency_id) REFERENCES {parent} (id, agency_id)
DEFERRABLE INITIALLY DEFERRED NOT VALID
"""
VALIDATE = "ALTER TABLE {table} VALIDATE CONSTRAINT {name}"
DROP = "ALTER TABLE {table} DROP CONSTRAINT {old}"


@dataclass(frozen=True)
class Pair:
    """A foreign key between two tables that both say whose their rows are."""

    table: str
    column: str
    parent: str

    @property
    def label(self) -> str:
        """What stands in reports."""
        return f"{self.table}.{self.column}"

    @property
    def name(self) -> str:
        """The constraint's name; one that would be cut off by PostgreSQL is never met again."""
        return f"{self.label.replace('.', '_')}_of_agency"[:63]


def pairs() -> Iterator[tuple[Pair, bool]]:
    """Give each pair of tables that both have an agency, and whether the database can hold it to one."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields if _has_agency(model) else ():
            parent = _parent(field)
            if parent is not None and parent is not Agency and _has_agency(parent):
                yield Pair(model._meta.db_table, str(field.column), parent._meta.db_table), _vouches(parent)


def unguarded_keys() -> list[str]:
    """Name the pairs whose key does not look at both columns, or was never checked for the rows of before."""
    kept = {(label, "agency_id" in columns) for label, _count, _name, is_valid, columns in _found() if is_valid}
    wanted = [pair for pair, can_be_held in pairs() if can_be_held]
    return sorted(pair.label for pair in wanted if (pair.label, True) not in kept)


def keep_to_one_agency(**_kwargs: Any) -> None:
    """Give each pair that lacks it its key; nothing where all is well, and nothing on SQLite."""
    if connection.vendor != "postgresql":
        return
    found = _found()
    lacking = set(unguarded_keys())
    for pair in (pair for pair, _can_be_held in pairs() if pair.label in lacking):
        _hold(pair, [(name, count) for label, count, name, _is_valid, _columns in found if label == pair.label])


def _hold(pair: Pair, known: list[tuple[str, int]]) -> None:
    """Each step ends by itself: the new key unchecked, so that nobody waits; its check; then the old one goes."""
    quoted = connection.ops.quote_name
    facts = {"table": quoted(pair.table), "column": quoted(pair.column), "parent": quoted(pair.parent)}
    facts["name"] = quoted(pair.name)
    if pair.name not in [name for name, _count in known]:
        _run(ADD.format(**facts))
    try:
        _run(VALIDATE.format(**facts))
    except IntegrityError as error:  # new rows are held to it all the same; the audit names those of before
        log.error("rows_of_two_agencies", name=pair.label, reason=type(error).__name__)
        return
    for old in [name for name, count in known if count == 1]:
        _run(DROP.format(old=quoted(old), **facts))


def _run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")  # looking at millions of rows takes longer than a request
        cursor.execute(statement)


def _found() -> list[tuple[str, int, str, bool, list[str]]]:
    with connection.cursor() as cursor:
        cursor.execute(FOUND)
        return cast("list[tuple[str, int, str, bool, list[str]]]", cursor.fetchall())


def _has_agency(model: type[Model]) -> bool:
    return model._meta.managed and any(field.column == "agency_id" for field in model._meta.concrete_fields)


def _parent(field: "Field[Any, Any]") -> type[Model] | None:
    return field.related_model if isinstance(field, ForeignKey) else None


def _vouches(parent: type[Model]) -> bool:
    unique = [tuple(rule.fields) for rule in parent._meta.constraints if isinstance(rule, UniqueConstraint)]
    return ("id", "agency") in unique
