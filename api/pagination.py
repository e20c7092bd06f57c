"""Lists by cursor: newest first, and rows that come in meanwhile neither repeat nor hide one."""

from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

from api.errors import CursorNotFound
from api.fields import Input, Output, PublicId, QueryInteger
from core.keyset import RowNotInList, cut

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


class PageQuery(Input):
    """The part of an address that every list takes."""

    limit = QueryInteger(required=False, min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT)
    cursor = PublicId(required=False, help_text="`next_cursor` of the page before")


class Page(Output):
    """One page; subclasses add `data`."""

    next_cursor = PublicId(allow_null=True, help_text="null on the last page")


def page_of[Row: Model](rows: QuerySet[Row], *, limit: int, cursor: UUID | None = None) -> dict[str, Any]:
    """Cut one page out of rows that have a `public_id`; the cursor is the last row's id, looked up among the rows.

    Raises:
        CursorNotFound: the cursor is no row of this list.
    """
    try:
        page = cut(rows, limit=limit, older_than=cursor)
    except RowNotInList as error:
        raise CursorNotFound from error
    return {"data": page.rows, "next_cursor": page.older}
