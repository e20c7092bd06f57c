"""Fields that take what the schema says and nothing that only looks like it."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.core.validators import RegexValidator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.text import visible_ascii

MAX_JPY = 100_000_000
UNKNOWN_SHOWN = 20
UUID_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INSTANT_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
DAY_FORM = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
DIGITS = re.compile(r"-?[0-9]{1,18}")

# Control, bidirectional and zero-width characters never belong to what a person or a till sends.
no_controls = RegexValidator(
    r"^[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]*\Z",
    _("Control characters are not allowed here."),
    code="control_character",
)


class Integer(serializers.IntegerField):
    """A JSON integer: not "1", not 1.0, not true."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class QueryInteger(serializers.IntegerField):
    """An integer in an address: ASCII digits only."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, str) or not DIGITS.fullmatch(data):
            self.fail("invalid")
        return super().to_internal_value(data)


class Yen(Integer):
    """Whole yen, more than none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_JPY, **options)


class Boolean(serializers.BooleanField):
    """true or false, not "yes" and not 1."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Text(serializers.CharField):
    """A text as it was sent: not trimmed, no number, no control characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)
        self.validators.append(no_controls)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class Identifier(serializers.CharField):
    """An id of the caller's own system, such as a till's transaction number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)
        self.validators.append(visible_ascii)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class PublicId(serializers.UUIDField):
    """A UUID as we write it, with hyphens."""

    default_error_messages = {"invalid": _("Use an id as we answered it.")}

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or not UUID_FORM.fullmatch(data.lower()):
            self.fail("invalid")
        return UUID(data)


class Choice(serializers.ChoiceField):
    """One of the documented values; a wrong one is not repeated in the answer."""

    default_error_messages = {"invalid_choice": _("Use one of the documented values.")}


@extend_schema_field(OpenApiTypes.DATETIME)
class Instant(serializers.Field[datetime, str, str, Any]):
    """A time with its offset from UTC (RFC 3339)."""

    default_error_messages = {"invalid": _("Use a time with its offset, like 2026-12-31T15:00:00Z.")}

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str) or not INSTANT_FORM.fullmatch(data.upper()):
            self.fail("invalid")
        try:
            return datetime.fromisoformat(data.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid")

    def to_representation(self, value: datetime) -> str:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


@extend_schema_field(OpenApiTypes.DATE)
class Day(serializers.Field[date, str, str, Any]):
    """A calendar day (RFC 3339)."""

    default_error_messages = {"invalid": _("Use a day like 2026-12-31.")}

    def to_internal_value(self, data: Any) -> date:
        if not isinstance(data, str) or not DAY_FORM.fullmatch(data):
            self.fail("invalid")
        try:
            return date.fromisoformat(data)
        except ValueError:
            self.fail("invalid")

    def to_representation(self, value: date) -> str:
        return value.isoformat()


class Input(serializers.Serializer[Any]):
    """What a caller may send: a field that is not listed is refused, not ignored."""

    def to_internal_value(self, data: Any) -> Any:
        known = super().to_internal_value(data)
        if unknown := set(data) - set(self.fields):
            message = serializers.ErrorDetail(str(_("This field is unknown.")), code="unknown_field")
            raise serializers.ValidationError({name: [message] for name in sorted(unknown)[:UNKNOWN_SHOWN]})
        return known


class Output(serializers.Serializer[Any]):
    """What we answer: listed fields only, never a code, a token or a contact in clear."""

    @property
    def data(self) -> Any:
        """The answer."""
        return shared(type(self)).to_representation(self.instance)


def shared(kind: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """Give the one serializer of a kind that reads and writes for all calls in the caller's language.

    Each new one copies all its fields, which takes longer than to use them. Neither `run_validation` nor
    `to_representation` keeps anything but sentences of limits, which stay in the language of their first reader.
    """
    return _shared(kind, get_language())


@lru_cache(maxsize=512)
def _shared(kind: type[serializers.Serializer[Any]], _language: str | None) -> serializers.Serializer[Any]:
    return kind()
