"""Rows read and added by statements that are made once.

Making SQL out of a query set takes the ORM several times as long as the database takes to answer. Nearly everywhere
that is no matter; a till's call is a dozen such statements, and a line of the trail is added with every act. So their
SQL is made once for a model and kept. What a column holds becomes what the model has, and the other way round, by the
model's own fields, as when the ORM does it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models.base import ModelState

type Converters = Sequence[tuple[str, Sequence[Callable[..., Any]], models.Field[Any, Any]]]
type Fields = tuple[models.Field[Any, Any], ...]
type Written = tuple[models.Field[Any, Any], str, type | None]  # field, column, and the type it stores as it is
type Reference = tuple[models.Field[Any, Any], models.Model]
type Shape = tuple[tuple[type[models.Model], tuple[tuple[str, str], ...]], ...]  # of each row: text by column

# What is stored as it is, or as `_adapted` has it, if it is of this very type: a member of an enumeration is not.
PLAIN: dict[type, type] = {
    models.BigIntegerField: int,
    models.BooleanField: bool,
    models.CharField: str,
    models.ForeignKey: int,
    models.PositiveBigIntegerField: int,
    models.PositiveSmallIntegerField: int,
    models.UUIDField: UUID,
}

KEPT = "cursor_of_rows"


def first[Row: models.Model](model: type[Row], where: str, values: Sequence[Any]) -> Row | None:
    """Read the row that a condition in SQL names, by columns of its own table; None where there is none."""
    found = one(f"SELECT {columns(model)} FROM {_table(model)} WHERE {where} LIMIT 1", values)  # noqa: S608 ours
    return row_of(model, found) if found else None


def locked[Row: models.Model](model: type[Row], pk: int) -> Row:
    """Read a row as it is once everybody else has let go of it, and hold it until the transaction ends.

    Raises:
        DoesNotExist: there is none.
    """
    found = one(f"SELECT {columns(model)} FROM {_table(model)} WHERE id = %s{lock()}", [pk])  # noqa: S608 names only
    if found is None:
        raise model.DoesNotExist  # type: ignore[attr-defined]  # every model has it
    return row_of(model, found)


def lock(alias: str = "") -> str:
    """End a SELECT so that it waits for its rows and holds them, or only those of one table of a join.

    SQLite knows no locks of rows: there the IMMEDIATE transaction holds the whole database.
    """
    if not _live().features.has_select_for_update:
        return ""
    return f" FOR UPDATE OF {alias}" if alias else " FOR UPDATE"


def add[Row: models.Model](row: Row) -> Row:
    """Add a row whose key the database gives. Nobody is told: we have no signals, and no rules in `save()`."""
    add_all([row])
    return row


def add_all(same: Sequence[models.Model]) -> None:
    """Add several rows of one model in one statement."""
    model, live = type(same[0]), _live()
    values = [_stored_value(row, written, live) for row in same for written in _written(model)]
    for row, (key,) in zip(same, many(_insert(model, len(same)), values), strict=True):
        _stored(row, key)


def add_together(several: Sequence[models.Model]) -> None:
    """Add rows of several models in one statement, where the database can: SQLite takes one statement for each.

    A row may refer to one before it, which has no key yet.
    """
    live = _live()
    if live.vendor != "postgresql":
        for row in several:
            _refer(row)
            add(row)
        return
    place_of = {id(row): place for place, row in enumerate(several)}
    shape, values = [], []
    for row in several:
        text = {field.column: f"(SELECT id FROM row_{place_of[id(other)]})" for field, other in _keyless(row)}  # noqa: S608
        for written in _written(type(row)):
            _field, column, _plain = written
            if column in text:
                continue
            value = _stored_value(row, written, live)
            if value is None:  # as part of the text: the driver keeps no statement of more than fifty values
                text[column] = "NULL"
            else:
                values.append(value)
        shape.append((type(row), tuple(text.items())))
    for row, key in zip(several, one(_insert_together(tuple(shape)), values) or (), strict=True):
        _refer(row)
        _stored(row, key)


def one(statement: str, values: Sequence[Any]) -> Sequence[Any] | None:
    """Run a statement and give its first row."""
    found: Sequence[Any] | None = _run(statement, values, lambda cursor: cursor.fetchone())
    return found


def many(statement: str, values: Sequence[Any]) -> list[Sequence[Any]]:
    """Run a statement and give all its rows."""
    return list(_run(statement, values, lambda cursor: cursor.fetchall()))


def count(statement: str, values: Sequence[Any]) -> int:
    """Run a statement that changes rows and tell how many it changed."""
    return int(_run(statement, values, lambda cursor: cursor.rowcount))


def places(values: Sequence[Any]) -> str:
    """Write as many places for values as there are, for the brackets of IN."""
    return ", ".join(["%s"] * len(values))


@lru_cache(maxsize=64)
def columns(model: type[models.Model], alias: str = "") -> str:
    """Name all columns of a model's table for a SELECT, as `row_of` takes them."""
    prefix = f"{alias}." if alias else ""
    return ", ".join(f'{prefix}"{field.column}"' for field in model._meta.concrete_fields)


def row_of[Row: models.Model](model: type[Row], values: Sequence[Any]) -> Row:
    """Make a row of what a statement gave for `columns`, in that order; what comes after them is left."""
    live = _live()
    names, converters = _read(model, live.vendor)
    row = model.__new__(model)
    # As when a row comes out of a pickle: the columns are all there, so there is nothing to ask for each of them.
    row.__dict__.update(zip(names, values, strict=False))
    row._state = state = ModelState()  # noqa: SLF001 what Django knows of a row
    state.adding, state.db = False, live.alias
    for name, converting, field in converters:
        for convert in converting:
            setattr(row, name, convert(row.__dict__[name], field.cached_col, live))
    return row


def apart(values: Sequence[Any], *models_in_order: type[models.Model]) -> list[Any]:
    """Make a row of each of several models out of one row of a join that named their `columns` in that order.

    None stands for one that an outer join did not find.
    """
    made: list[Any] = []
    start = 0
    for model in models_in_order:
        made.append(None if values[start] is None else row_of(model, values[start:]))
        start += len(model._meta.concrete_fields)
    return made


@lru_cache(maxsize=64)
def _read(model: type[models.Model], _vendor: str) -> tuple[list[str], Converters]:
    """Name the fields, and tell what turns columns into what they hold; most are as the driver gives them."""
    found: list[Any] = []
    live = _live()
    for field in model._meta.concrete_fields:
        converters = live.ops.get_db_converters(field.cached_col) + field.get_db_converters(live)
        if converters:
            found.append((field.attname, converters, field))
    return [field.attname for field in model._meta.concrete_fields], found


@lru_cache(maxsize=64)
def _written(model: type[models.Model]) -> tuple[Written, ...]:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    return tuple((field, str(field.column), PLAIN.get(type(field))) for field in fields)


def _stored_value(row: models.Model, written: Written, live: BaseDatabaseWrapper) -> Any:
    """Give what the column gets, as `save()` would; most values are what they are stored as."""
    field, _column, plain = written
    value = row.__dict__.get(field.attname)
    if type(value) is plain:
        return value
    return field.get_db_prep_save(field.pre_save(row, add=True), live)


@lru_cache(maxsize=64)
def _insert(model: type[models.Model], count: int) -> str:
    names = ", ".join(f'"{column}"' for _field, column, _plain in _written(model))
    values = ", ".join([f"({places(_written(model))})"] * count)
    return f"INSERT INTO {_table(model)} ({names}) VALUES {values} RETURNING id"  # noqa: S608 names only


@lru_cache(maxsize=64)
def _insert_together(shape: Shape) -> str:
    """Write the statement; a row stands in it under its place, and is referred to by that."""
    inserts = []
    for place, (model, texts) in enumerate(shape):
        text = dict(texts)
        names = ", ".join(f'"{column}"' for _field, column, _plain in _written(model))
        values = ", ".join(text.get(column, "%s") for _field, column, _plain in _written(model))
        insert = f"INSERT INTO {_table(model)} ({names}) VALUES ({values}) RETURNING id"  # noqa: S608
        inserts.append(f"row_{place} AS ({insert})")
    found = ", ".join(f"(SELECT id FROM row_{place})" for place in range(len(shape)))  # noqa: S608
    return f"WITH {', '.join(inserts)} SELECT {found}"


@lru_cache(maxsize=64)
def _references(model: type[models.Model]) -> Fields:
    return tuple(field for field, _column, _plain in _written(model) if field.is_relation)


def _keyless(row: models.Model) -> list[Reference]:
    """Name the rows without a key that a row refers to."""
    known = row._state.fields_cache  # noqa: SLF001 what was assigned to a reference
    others = [(field, known.get(field.name)) for field in _references(type(row))]
    return [(field, other) for field, other in others if other is not None and other.pk is None]


def _refer(row: models.Model) -> None:
    """Take over the keys that the rows referred to have got meanwhile, as `save()` does."""
    for field in _references(type(row)):
        other = row._state.fields_cache.get(field.name)  # noqa: SLF001 as above
        if other is not None and getattr(row, field.attname) is None:
            setattr(row, field.attname, other.pk)


def _run[Answer](statement: str, values: Sequence[Any], read: Callable[[CursorWrapper], Answer]) -> Answer:
    live = _live()
    kept = _kept_cursor(live)
    if kept is not None:
        kept.execute(statement, values)
        return read(kept)
    with live.cursor() as cursor:
        cursor.execute(statement, _adapted(values, live))
        return read(cursor)


def _kept_cursor(live: BaseDatabaseWrapper) -> CursorWrapper | None:
    """Give the cursor that a PostgreSQL session keeps for these statements: a new one costs much of what they do.

    None where there is no session yet, where statements are written down, and on SQLite, whose cursors hold what they
    have not read to the end.
    """
    live.close_if_health_check_failed()  # as for a new one
    if live.vendor != "postgresql" or live.connection is None or live.queries_logged:
        return None
    cursor: CursorWrapper | None = vars(live).get(KEPT)
    if cursor is None or cursor.connection is not live.connection:
        cursor = vars(live)[KEPT] = live.cursor()
    return cursor


def _live() -> BaseDatabaseWrapper:
    """Give this thread's connection itself: Django's `connection` looks for it at each of its attributes."""
    return connections[DEFAULT_DB_ALIAS]


def _stored(row: models.Model, key: Any) -> None:
    """Leave a row as `save()` leaves it."""
    row.pk = key
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS  # noqa: SLF001


def _adapted(values: Sequence[Any], live: BaseDatabaseWrapper) -> Sequence[Any]:
    """Write instants and ids as the ORM writes them; PostgreSQL's driver takes both as they are."""
    if live.vendor == "postgresql":
        return values
    return [_as_text(value, live) for value in values]


def _as_text(value: Any, live: BaseDatabaseWrapper) -> Any:
    if isinstance(value, datetime):
        return live.ops.adapt_datetimefield_value(value)
    return value.hex if isinstance(value, UUID) else value


def _table(model: type[models.Model]) -> str:
    return f'"{model._meta.db_table}"'
