"""Canonical forms of what people type."""

import re
import unicodedata
from collections.abc import Sequence

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

HYPHENS = re.compile(r"[\s\-‐‑‒–—―ーｰ−_]+")
CONTROLS = re.compile(r"[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")

visible_ascii = RegexValidator(
    r"^[\x21-\x7e]+\Z", _("Use visible ASCII characters without spaces."), code="not_visible_ascii"
)


def canonical_number(typed: str) -> str:
    """Fold full width, case, spaces and the hyphen family, so that one number has one form."""
    if typed.isascii() and typed.isalnum():
        return typed.upper()  # nothing to fold: a million codes of an import come this way
    return HYPHENS.sub("", unicodedata.normalize("NFKC", typed)).upper()


def canonical_numbers(typed: Sequence[str]) -> Sequence[str]:
    """Give the canonical form of many; where nothing is to be folded, one look at all of them tells."""
    joined = "".join(typed)
    if joined.isascii() and joined.isalnum() and joined.upper() == joined:
        return typed
    return [canonical_number(one) for one in typed]


def has_controls(text: str) -> bool:
    """Tell whether a text holds control, bidirectional or zero-width characters."""
    return CONTROLS.search(text) is not None


def mask(text: str, *, shown: int = 2) -> str:
    """Hide all but the first `shown` characters; mail addresses keep their domain."""
    local, at, domain = text.partition("@")
    return local[:shown] + "*" * max(3, len(local) - shown) + at + domain
