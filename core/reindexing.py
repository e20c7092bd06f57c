"""A table's keyed hashes come under the index key of today, a bounded piece at a time, over rows in use.

A hash is replaced only where it is still the one that was read, in one statement with the id of its key: whoever looks
for the value under both keys finds the row at every moment. What cannot be made anew keeps its key, and is counted.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.db.models import Count, Max, Min, Q, QuerySet, Value
from django.db.models.expressions import Combinable

from core.crashpoints import crashpoint
from core.errors import SecretDamaged
from core.index_keys import current_key_id
from core.resealing import ROWS_LOCKED, WINDOW, next_piece

IndexOf = Callable[[Any], str]


@dataclass(frozen=True)
class Reindexed:
    """What became of a piece: up to which key it went, and whether that was the end of the table.

    Attributes:
        unreadable: values that do not open, or that their hash was not made of.
        doubles: primary keys of rows whose value stands under the new key already.
    """

    cursor: int
    is_last: bool
    done: int = 0
    unreadable: int = 0
    doubles: tuple[int, ...] = ()


@dataclass(frozen=True)
class Kept:
    """Rows that hold on to a key: how many, and when the last of them lets go; `until` None: when somebody acts."""

    count: int
    until: datetime | None = None


def reindex_rows(rows: QuerySet[Any], name: str, index_of: IndexOf, *, after: int) -> Reindexed:
    """Index the next of some rows behind a key anew; for the services of the app that the table belongs to.

    `index_of` gives a row's hash under the key of today.

    Raises:
        KeyUnavailable: the key of one of them is not loaded.
    """
    field: Any = rows.model._meta.get_field(name)
    former = rows.exclude(**{field.key_column: current_key_id()})
    found, cursor, is_last = next_piece(former, after=after)
    done = unreadable = 0
    doubles: list[int] = []
    for start in range(0, len(found), ROWS_LOCKED):
        fresh = [(row, _anew(row, index_of)) for row in found[start : start + ROWS_LOCKED]]
        unreadable += sum(not index for _row, index in fresh)
        changes = [(row, index) for row, index in fresh if index]
        try:
            done += _write(changes, field) if changes else 0
        except IntegrityError:
            for change in changes:  # one of them is there already: find out which
                try:
                    done += _write([change], field)
                except IntegrityError:
                    doubles.append(change[0].pk)
        crashpoint("rotation.after_rows")
    return Reindexed(cursor, is_last, done, unreadable, tuple(doubles))


def kept_by_key(
    rows: QuerySet[Any], key_column: str = "index_key_id", until: Combinable | None = None
) -> dict[str, Kept]:
    """Count rows by the key that they hold on to, and tell until when, where `until` says so of every one of them."""
    found: dict[str, Kept] = {}
    ends = Value(None, models.DateTimeField()) if until is None else until
    for some in _windows(rows):
        counted = some.annotate(key_ends=ends).values_list(key_column)
        endless = Count("pk", filter=Q(key_ends__isnull=True))
        for key_id, count, last, open_ones in counted.annotate(n=Count("pk"), last=Max("key_ends"), endless=endless):
            part = Kept(count, None if open_ones else last)
            found[key_id] = _together(found[key_id], part) if key_id in found else part
    return found


def _together(one: Kept, other: Kept) -> Kept:
    is_known = one.until is not None and other.until is not None
    return Kept(one.count + other.count, max(one.until, other.until) if is_known else None)  # type: ignore[type-var]


@transaction.atomic
def _write(changes: list[tuple[Any, str]], field: Any) -> int:
    """Write hashes in the place of those that were read; returns how many still stood there."""
    rows = [(index, current_key_id(), row.pk, getattr(row, field.name)) for row, index in changes]
    with connection.cursor() as cursor:
        cursor.executemany(_statement(field), rows)
        return int(cursor.rowcount)


def _statement(field: Any) -> str:
    table, column, key = map(connection.ops.quote_name, (field.model._meta.db_table, field.column, field.key_column))
    return f"UPDATE {table} SET {column} = %s, {key} = %s WHERE id = %s AND {column} = %s"  # noqa: S608 our own names


def _anew(row: Any, index_of: IndexOf) -> str:
    try:
        return index_of(row)
    except SecretDamaged:
        return ""


def _windows(rows: QuerySet[Any]) -> Iterator[QuerySet[Any]]:
    """Give rows in pieces that stay below the database's limit of time."""
    ends = rows.model._default_manager.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["last"] is not None:
        for start in range(ends["first"], ends["last"] + 1, WINDOW):
            yield rows.filter(pk__gte=start, pk__lt=start + WINDOW).order_by()
