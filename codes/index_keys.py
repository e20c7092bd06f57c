"""Keys of the indexes by which codes and claim links are found; two exist side by side while one replaces the other."""

import base64
from functools import lru_cache

from django.conf import settings

from core.errors import KeyUnavailable


def current_key_id() -> str:
    """Give the id of the key under which new codes and links are indexed."""
    return str(settings.CODE_INDEX_KEY_ID)


def key_ids() -> list[str]:
    """Give the ids of all loaded keys, the current one first."""
    current = current_key_id()
    return [current, *(key_id for key_id in settings.CODE_INDEX_KEYS if key_id != current)]


def index_key(key_id: str) -> bytes:
    """Give a key.

    Raises:
        KeyUnavailable: it is not loaded.
    """
    try:
        return _decoded(settings.CODE_INDEX_KEYS[key_id])
    except KeyError as error:
        raise KeyUnavailable(key_id=key_id) from error


@lru_cache(maxsize=16)
def _decoded(text: str) -> bytes:
    return base64.b64decode(text)
