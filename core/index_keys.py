"""Keys of the indexes by which values are found unstored; two exist side by side while one replaces the other.

What is new is indexed under the current one. Whoever looks something up asks under all, and whoever must not write a
value twice holds it under all: see `core.keyed_fields`.
"""

import base64
from functools import lru_cache

from django.conf import settings

from core.errors import KeyUnavailable


def current_key_id() -> str:
    """Give the id of the key under which new rows are indexed."""
    return str(settings.INDEX_KEY_ID)


def key_ids() -> list[str]:
    """Give the ids of all loaded keys, the current one first."""
    current = current_key_id()
    return [current, *(key_id for key_id in settings.INDEX_KEYS if key_id != current)]


def oldest_key_id() -> str:
    """Give the id of the key that stands first in the settings: the one being replaced, whichever is current here."""
    return str(next(iter(settings.INDEX_KEYS)))


def are_changing() -> bool:
    """Tell whether more than one key is loaded, so that one value may stand under several hashes."""
    return len(settings.INDEX_KEYS) > 1


def index_key(key_id: str) -> bytes:
    """Give a key.

    Raises:
        KeyUnavailable: it is not loaded.
    """
    try:
        return _decoded(settings.INDEX_KEYS[key_id])
    except KeyError as error:
        raise KeyUnavailable(key_id=key_id) from error


@lru_cache(maxsize=16)
def _decoded(text: str) -> bytes:
    return base64.b64decode(text)
