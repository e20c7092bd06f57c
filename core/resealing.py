"""A table's sealed columns come under the master key of today, a bounded piece at a time, over rows in use.

A value is replaced only where it is still the one that was opened, so nothing is overwritten, nobody who reads waits,
and a piece that a killed worker had begun is simply done again. What does not open is left as it is, and counted.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, Max, Min, QuerySet, Value
from django.db.models.functions import Greatest, StrIndex, Substr

from core.crashpoints import crashpoint
from core.crypto import decrypt, encrypt
from core.errors import SecretDamaged
from core.sealed_fields import SealedText, sealed_fields

CHUNK = 1000
WINDOW = 50_000  # keys that one statement looks through, however few of their rows it finds
ROWS_LOCKED = 50  # at once: whoever writes one of them waits for no more than these


@dataclass(frozen=True)
class Resealed:
    """What became of a piece: up to which key it went, and whether that was the end of the table."""

    cursor: int
    is_last: bool
    done: int = 0
    unreadable: int = 0


def next_piece(rows: QuerySet[Any], *, after: int, limit: int | None = None) -> tuple[list[Any], int, bool]:
    """Give the next rows behind a key, the key up to which nothing else is to do, and whether that is the end."""
    most = limit or CHUNK
    ends = rows.model._default_manager.filter(pk__gt=after).aggregate(first=Min("pk"), last=Max("pk"))
    first, last = ends["first"] or 0, ends["last"] or 0  # where rows were deleted there is nothing to look through
    until = min(first - 1 + WINDOW, last)
    found = list(rows.filter(pk__gt=after, pk__lte=until).order_by("pk")[:most])
    if len(found) == most:
        return found, found[-1].pk, False
    return found, until, until >= last


def reseal_texts(model: type[models.Model], *, after: int) -> Resealed:
    """Seal the texts of the next rows of a table anew; for the services of the app that the table belongs to.

    Raises:
        KeyUnavailable: the key of one of them is not loaded.
    """
    (field,) = sealed_fields(model)
    assert isinstance(field, SealedText)
    name = field.name
    rows = model._default_manager.annotate(key=key_id_in(name), bound=models.F(field.seal_row))
    sealed_before = rows.exclude(**{name: ""}).exclude(key=settings.ENCRYPTION_KEY_ID).only("pk", name)
    found, cursor, is_last = next_piece(sealed_before, after=after)
    done = unreadable = 0
    for start in range(0, len(found), ROWS_LOCKED):
        fresh = [(row, _anew(getattr(row, name), field, row.bound)) for row in found[start : start + ROWS_LOCKED]]
        with transaction.atomic():
            for row, value in fresh:
                if value:
                    done += _unchanged(row, name).update(**{name: value})
        unreadable += sum(not value for _row, value in fresh)
        crashpoint("rotation.after_rows")
    return Resealed(cursor, is_last, done, unreadable)


def texts_by_key(model: type[models.Model]) -> Counter[str]:
    """Count a table's sealed values by the master key that sealed them; values of data keys do not count."""
    counts: Counter[str] = Counter()
    names = [field.name for field in sealed_fields(model)]
    for rows in _windows(model):
        for name in names:
            of_masters = rows.filter(**{f"{name}__startswith": "v1:"}).values_list(key_id_in(name))
            counts.update(dict(of_masters.annotate(n=Count("pk"))))
    return counts


def key_id_in(name: str) -> Substr:
    """Say in SQL what `core.crypto.key_id_of` says of a column."""
    rest = Substr(name, 4)
    return Substr(rest, 1, Greatest(StrIndex(rest, Value(":")) - 1, 0))


def _windows(model: type[models.Model]) -> Iterator[QuerySet[Any]]:
    """Give a table in pieces that stay below the database's limit of time."""
    rows = model._default_manager.order_by()
    ends = rows.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["last"] is not None:
        for start in range(ends["first"], ends["last"] + 1, WINDOW):
            yield rows.filter(pk__gte=start, pk__lt=start + WINDOW)


def _unchanged(row: models.Model, name: str) -> QuerySet[Any]:
    """Give a row as long as its value is the one that was opened."""
    return type(row)._default_manager.filter(pk=row.pk, **{name: getattr(row, name)})


def _anew(stored: str, field: SealedText, row: object) -> str:
    """Open a value and seal it under the key of today; empty if it does not open."""
    place: dict[str, Any] = {"table": field.seal_table, "column": field.seal_column, "row": row}
    try:
        return encrypt(decrypt(stored, **place), **place)
    except SecretDamaged:
        return ""
