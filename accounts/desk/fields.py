"""Form fields in the way operators think: ends that include their last minute, one value a line, yen."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextareaWidget

from core.clock import exclusive_end, inclusive_end

LAST_MINUTE = "23:59"


def until(at: datetime | None) -> str:
    """Write a stored exclusive end as people read it: 24:00 is 23:59 of the day before."""
    return f"{timezone.localtime(inclusive_end(at)):%Y/%m/%d %H:%M}" if at else ""


def shown(path: str, description: Any) -> Any:
    """Make a column out of a related value whose model gives it no name of its own."""

    @admin.display(description=description, ordering=path)
    def column(_admin: Any, row: Any) -> Any:
        for name in path.split("__"):
            row = getattr(row, name, None)
        return row

    return column


def grouped(field: Any, description: Any = None) -> Any:
    """Make a column out of a model's field whose large numbers people have to compare: 19,306."""

    @admin.display(description=description or field.verbose_name, ordering=field.name)
    def column(_admin: Any, row: Any) -> str:
        value = getattr(row, field.name)
        return "" if value is None else f"{value:,}"

    return column


def yen(amount: int | None) -> str:
    """Write an amount as people read it."""
    return "" if amount is None else f"{amount:,}円"


class InclusiveEndField(forms.SplitDateTimeField):
    """An end as typed (23:59 included), stored as the exclusive next instant."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", UnfoldAdminSplitDateTimeWidget())
        super().__init__(**kwargs)

    def clean(self, value: Any) -> datetime | None:
        """Take a day without a time to its last minute."""
        if isinstance(value, list | tuple) and len(value) == 2 and value[0] and not value[1]:
            value = [value[0], LAST_MINUTE]
        cleaned: datetime | None = super().clean(value)
        return cleaned

    def compress(self, data_list: Any) -> datetime | None:
        typed = super().compress(data_list)
        return exclusive_end(typed) if typed else None

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            value = inclusive_end(value)
            return timezone.localtime(value) if timezone.is_aware(value) else value
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class LinesField(forms.CharField):
    """A list of short texts, one a line; blank lines are left out."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", UnfoldAdminTextareaWidget(attrs={"rows": 4}))
        kwargs.setdefault("help_text", _("One a line."))
        kwargs.pop("encoder", None), kwargs.pop("decoder", None)
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        lines = value if isinstance(value, list) else str(value or "").splitlines()
        return [line.strip() for line in lines if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(initial) != self.to_python(data))
