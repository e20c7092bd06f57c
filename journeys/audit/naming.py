"""How a row is named in an audit: by table and key, nothing that it holds."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Model, QuerySet


def name_rows(rows: QuerySet[Any]) -> list[str]:
    """Name the rows of a query."""
    return name_ids(rows.model, rows.order_by().values_list("pk", flat=True).distinct())


def name_ids(model: type[Model], ids: Iterable[int]) -> list[str]:
    """Name rows of a model by their keys."""
    return [f"{model._meta.label_lower}:{pk}" for pk in ids]


def more_than_one(rows: QuerySet[Any], field: str) -> QuerySet[Any]:
    """Give the values of a field that several rows share."""
    shared = rows.exclude(**{field: None}).order_by().values(field).annotate(held=Count("pk"))
    values: QuerySet[Any] = shared.filter(held__gt=1).values(field)
    return values
