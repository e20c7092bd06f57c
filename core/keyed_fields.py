"""Columns that hold keyed hashes, known by their type, so that no change of the index key forgets one.

While a key is being replaced, a unique constraint sees only rows of the same key. So whoever must not write a value
twice first holds it under all loaded keys, then looks for it under all of them, and only then writes: two sessions on
hosts of which one has switched and one has not wait for each other, since both have both keys.
"""

from collections.abc import Iterable
from typing import Any

from django.db import models

from core.index_keys import are_changing
from core.named_locks import hold


class KeyedIndex(models.CharField):  # type: ignore[type-arg]
    """A keyed hash; `hashes` is the `field` that `core.crypto.blind_index` made it with.

    The id of its key stands in `key_column` of the same row.
    """

    def __init__(self, *args: Any, hashes: str = "", key_column: str = "index_key_id", **options: Any) -> None:
        super().__init__(*args, **{"max_length": 64, "editable": False} | options)
        self.hashes, self.key_column = hashes, key_column

    def deconstruct(self) -> Any:
        """Describe the column to a migration as a plain one, which needs none of our code."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.CharField", args, options

    def clone(self) -> Any:
        """Copy it with what only we know."""
        made = super().clone()
        made.hashes, made.key_column, made.editable = self.hashes, self.key_column, self.editable
        return made


def key_id_field() -> Any:
    """Give the column for the id of a row's index key; added to a table of any size without rewriting it."""
    return models.CharField(max_length=8, default="0", db_default="0", editable=False)


def keyed_fields(model: type[models.Model]) -> list[KeyedIndex]:
    """Give the columns of a model that hold keyed hashes."""
    return [field for field in model._meta.fields if isinstance(field, KeyedIndex)]


def hold_value(indexes: Iterable[str]) -> None:
    """Hold a value, named by its hashes under all loaded keys, until the caller's transaction ends.

    With one key loaded the unique constraint alone decides, and nothing is held.
    """
    if are_changing():
        for index in sorted(indexes):  # the same order everywhere, so that nobody waits in a circle
            hold(f"index:{index}")
