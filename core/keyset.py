"""Pages of a long list, newest first: a page begins beside a row that was seen before, so that each costs the same."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Model, QuerySet


class RowNotInList(LookupError):
    """The row beside which a page should begin is not in the list."""


@dataclass(frozen=True)
class Cut[Row: Model]:
    """The rows of one page, and those beside which the pages around it begin, if there are any."""

    rows: list[Row]
    older: UUID | None
    newer: UUID | None


def cut[Row: Model](
    rows: QuerySet[Row],
    *,
    limit: int,
    older_than: UUID | None = None,
    newer_than: UUID | None = None,
    among: QuerySet[Row] | None = None,
) -> Cut[Row]:
    """Cut one page out of rows that have a `public_id`; the row beside which it begins is looked up in `among`.

    Raises:
        RowNotInList: there is no such row.
    """
    known = rows if among is None else among
    if newer_than is not None:
        upwards = list(rows.order_by("pk").filter(pk__gt=_pk_of(known, newer_than))[: limit + 1])
        found = upwards[:limit][::-1]
        return Cut(found, older=_id(found, -1), newer=_id(found, 0) if len(upwards) > limit else None)
    downwards = rows.order_by("-pk")
    if older_than is not None:
        downwards = downwards.filter(pk__lt=_pk_of(known, older_than))
    read = list(downwards[: limit + 1])
    found = read[:limit]
    return Cut(
        found,
        older=_id(found, -1) if len(read) > limit else None,
        newer=_id(found, 0) if older_than is not None else None,
    )


def _pk_of[Row: Model](rows: QuerySet[Row], public_id: UUID) -> int:
    pk: int | None = rows.order_by().filter(public_id=public_id).values_list("pk", flat=True).first()
    if pk is None:
        raise RowNotInList
    return pk


def _id[Row: Model](found: list[Row], place: int) -> UUID | None:
    return getattr(found[place], "public_id", None) if found else None
