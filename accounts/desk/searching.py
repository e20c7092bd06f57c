"""Rows found by the beginning of their id, however it is read out or written."""

import unicodedata
import uuid

from django.db.models import Q

SHORTEST_ID = 4
UUID_DIGITS = 32


def id_begins(typed: str, name: str) -> Q:
    """Tell which ids in a column begin as typed, dashes anywhere, by their index; an empty Q where none can."""
    digits = unicodedata.normalize("NFKC", typed).strip().replace("-", "").lower()
    if not SHORTEST_ID <= len(digits) <= UUID_DIGITS or set(digits) - set("0123456789abcdef"):
        return Q()
    first, last = (uuid.UUID(hex=digits.ljust(UUID_DIGITS, fill)) for fill in "0f")
    return Q(**{f"{name}__gte": first, f"{name}__lte": last})
