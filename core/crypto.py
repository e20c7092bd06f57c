"""Secrets at rest: AES-256-GCM bound to its row, and keyed indexes to find a value without storing it.

Stored form `v1:<key id>:<nonce>:<ciphertext>` in URL-safe base64. The associated data names table, column and row,
so that a ciphertext moved to another row does not open.
"""

import base64
import hmac
import secrets
from collections.abc import Iterable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from django.conf import settings

from core.errors import KeyUnavailable, SecretDamaged
from core.index_keys import current_key_id, index_key, key_ids

NONCE_BYTES = 12  # 96 bits, the size AES-GCM is specified for


def encrypt(plain: str, *, table: str, column: str, row: object) -> str:
    """Seal `plain` for one column of one row; `row` is the row's public id."""
    return _seal(plain.encode(), _associated_data(table, column, row)).decode()


def decrypt(stored: str, *, table: str, column: str, row: object) -> str:
    """Open what `encrypt` sealed for the same column and row.

    Raises:
        KeyUnavailable: the key named in `stored` is not loaded.
        SecretDamaged: `stored` was altered or belongs to another row.
    """
    return _open(stored.encode(), _associated_data(table, column, row)).decode()


def encrypt_bytes(plain: bytes, *, table: str, column: str, row: object) -> bytes:
    """Seal a file for one row; see `encrypt`."""
    return _seal(plain, _associated_data(table, column, row))


def decrypt_bytes(stored: bytes, *, table: str, column: str, row: object) -> bytes:
    """Open a file that `encrypt_bytes` sealed; raises as `decrypt`."""
    return _open(stored, _associated_data(table, column, row))


def blind_index(value: str, *, field: str, tenant: object, key_id: str = "") -> str:
    """Give the keyed hash (64 hex digits) by which a canonical value is found and kept unique within a tenant.

    It is made under the key in use, unless another is named; rows name theirs beside it (`core.keyed_fields`).

    Raises:
        KeyUnavailable: the key named is not loaded.
    """
    return IndexHasher(field=field, tenant=tenant, key_id=key_id).index(value)


def blind_indexes(value: str, *, field: str, tenant: object) -> list[str]:
    """Give the keyed hashes of a value under all loaded keys, the current one first: what a look-up asks for."""
    return [blind_index(value, field=field, tenant=tenant, key_id=key_id) for key_id in key_ids()]


class IndexHasher:
    """What `blind_index` does, for many values of one field and tenant without the set-up of each."""

    def __init__(self, *, field: str, tenant: object, key_id: str = "") -> None:
        self._prototype = _prototype(index_key(key_id or current_key_id()), f"{field}|{tenant}")

    def index(self, value: str) -> str:
        """Give the keyed hash of a canonical value."""
        return self.index_many([value])[0]

    def index_many(self, values: Iterable[str]) -> list[str]:
        """Give the keyed hashes of canonical values, in their order."""
        begin, found = self._prototype.copy, []
        for value in values:
            hasher = begin()
            hasher.update(value.encode())
            found.append(hasher.finalize().hex())
        return found


@lru_cache(maxsize=4096)
def _prototype(key: bytes, name: str) -> HMAC:
    own = hmac.digest(key, name.encode(), "sha256")
    return HMAC(own, SHA256())  # its copies take half the time of the standard library's


def derive_token(*parts: object, purpose: str, key_id: str = "") -> str:
    """Derive a 128-bit token in 26 letters from ids: nobody without the key can guess it, and nothing is stored."""
    digest = hmac.digest(
        index_key(key_id or current_key_id()), "|".join([purpose, *map(str, parts)]).encode(), "sha256"
    )
    return base64.b32encode(digest[:16]).decode().rstrip("=").lower()


def key_id_of(stored: str | bytes) -> str:
    """Read out of a sealed value which master key sealed it; empty where none did."""
    parts = (stored if isinstance(stored, str) else stored.decode(errors="replace")).split(":", 2)
    return parts[1] if len(parts) == 3 and parts[0] == "v1" else ""


def _associated_data(table: str, column: str, row: object) -> bytes:
    return f"v1|{table}|{column}|{row}".encode()


def _seal(plain: bytes, associated: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = _cipher(settings.ENCRYPTION_KEY_ID).encrypt(nonce, plain, associated)
    parts = [
        b"v1",
        settings.ENCRYPTION_KEY_ID.encode(),
        base64.urlsafe_b64encode(nonce),
        base64.urlsafe_b64encode(sealed),
    ]
    return b":".join(parts)


def _open(stored: bytes, associated: bytes) -> bytes:
    try:
        _version, key_id, nonce, sealed = stored.split(b":")
        return _cipher(key_id.decode()).decrypt(_decoded(nonce), _decoded(sealed), associated)
    except (InvalidTag, ValueError) as error:
        raise SecretDamaged from error


def _decoded(part: bytes) -> bytes:
    return base64.b64decode(part, altchars=b"-_", validate=True)  # the lenient form takes what follows the padding


@lru_cache(maxsize=16)
def _cipher(key_id: str) -> AESGCM:
    try:
        return AESGCM(base64.b64decode(settings.ENCRYPTION_KEYS[key_id]))
    except KeyError as error:
        raise KeyUnavailable(key_id=key_id) from error
