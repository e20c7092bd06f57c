"""Columns that hold, or name, what `core.crypto` sealed: known by their type, so that no key change forgets one."""

from typing import Any, ClassVar

from django.db import models


class _Sealed:
    """What both kinds of column say of themselves; for the database they are plain ones."""

    PLAIN: ClassVar[str]

    def __init__(self, *args: Any, table: str = "", column: str = "value", row: str = "public_id", **options: Any):
        super().__init__(*args, **options)
        self.seal_table, self.seal_column, self.seal_row = table, column, row  # as `core.crypto` binds them

    def deconstruct(self) -> Any:
        """Describe the column to a migration as a plain one, which needs none of our code."""
        name, _path, args, options = super().deconstruct()  # type: ignore[misc]
        return name, self.PLAIN, args, options

    def clone(self) -> Any:
        """Copy it with what only we know."""
        made = super().clone()  # type: ignore[misc]
        made.seal_table, made.seal_column, made.seal_row = self.seal_table, self.seal_column, self.seal_row
        return made


class SealedText(_Sealed, models.TextField):  # type: ignore[type-arg]
    """A text sealed for `table` and `column`, bound to what stands under `row` (a path as in a filter)."""

    PLAIN = "django.db.models.TextField"


class SealedFile(_Sealed, models.CharField):  # type: ignore[type-arg]
    """The name of a sealed file. `<name of the column>_key` beside it says under which master key; empty: look."""

    PLAIN = "django.db.models.CharField"


def sealed_fields(model: type[models.Model]) -> list[Any]:
    """Give the columns of a model that are sealed, or that name sealed files."""
    return [field for field in model._meta.fields if isinstance(field, _Sealed)]
