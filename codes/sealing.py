"""How codes are sealed: under their campaign's data key, bound to column, row and agency, and found by a keyed hash.

Stored form `v2:<data key>:<nonce>:<ciphertext>` in base64. Values of `v1:` were sealed by a master key itself; they
open until they are sealed anew.
"""

import binascii
import os
import time
from binascii import b2a_base64 as _text
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accounts.data_keys import key_in_use, secret_named
from codes.models import GiftCode
from core.crypto import NONCE_BYTES, IndexHasher, blind_indexes, decrypt
from core.errors import SecretDamaged
from core.index_keys import are_changing, current_key_id
from core.text import canonical_number, canonical_numbers

COLUMNS = ("code", "pin", "url", "number")
SEALER_SECONDS = 900.0  # then a sealer asks again which key is in use, so that a replaced one comes to rest
FIELD = "gift_code"


class CodeSealer:
    """Seals and indexes the codes of one campaign; made once for many codes, used by one thread."""

    def __init__(self, *, agency_id: int, campaign_public_id: UUID) -> None:
        self.index_key_id = current_key_id()
        self._agency_id = agency_id
        self._scope = str(campaign_public_id)
        self._hasher = IndexHasher(field=FIELD, tenant=agency_id, key_id=self.index_key_id)
        self._bound = {column: f"v1|gift_code|{column}|%b|{agency_id}".encode() for column in COLUMNS}
        self._load()

    def seal(self, column: str, plain: str, row: UUID) -> str:
        """Seal one column of the code whose public id is `row`; empty stays empty."""
        if not plain:
            return ""
        if time.monotonic() > self._renew_at:
            self._load()
        nonce = os.urandom(NONCE_BYTES)  # never drawn ahead: a fork would use it twice
        bound = self._bound[column] % row.hex.encode()
        sealed = self._cipher.encrypt(nonce, plain.encode(), bound)
        return b"".join([self._start, _text(nonce, newline=False), b":", _text(sealed, newline=False)]).decode()

    def seal_many(self, column: str, plains: Sequence[str], rows: Sequence[bytes]) -> list[bytes]:
        """Seal one column of many codes, each known by the hex digits of its public id; empty stays empty."""
        if time.monotonic() > self._renew_at:
            self._load()
        nonces = os.urandom(NONCE_BYTES * len(plains))  # drawn and used up within this call, which no fork survives
        named = _text(nonces, newline=False)  # 12 bytes are 16 letters, whatever stands before them
        before, after = self._bound[column].split(b"%b")
        encrypt, start = self._cipher.encrypt, self._start
        return [
            b"".join(
                (
                    start,
                    named[16 * n : 16 * n + 16],
                    b":",
                    _text(encrypt(nonces[12 * n : 12 * n + 12], plain.encode(), before + row + after), newline=False),
                )
            )
            if plain
            else b""
            for n, (plain, row) in enumerate(zip(plains, rows, strict=True))
        ]

    def index(self, code: str) -> str:
        """Give the keyed hash under which the agency finds a code, however it is typed."""
        return self._hasher.index(canonical_number(code))

    def index_many(self, codes: Sequence[str]) -> list[str]:
        """Give the keyed hashes of many codes, in their order."""
        return self._hasher.index_many(canonical_numbers(codes))

    def former_indexes(self, code: str) -> list[str]:
        """Give the hashes of a code under keys that are being replaced: a duplicate may stand under any of them."""
        return code_indexes(agency_id=self._agency_id, code=code)[1:] if are_changing() else []

    def _load(self) -> None:
        key = key_in_use(agency_id=self._agency_id, scope=self._scope)
        self._cipher = AESGCM(key.secret)
        self.prefix = f"v2:{key.name}:"
        self._start = self.prefix.encode()
        self._renew_at = time.monotonic() + SEALER_SECONDS


def open_column(gift_code: GiftCode, column: str) -> str:
    """Open one column of a code; empty stays empty.

    Raises:
        KeyUnavailable: its key is destroyed, or a key that it needs is not loaded.
        SecretDamaged: it was altered, or belongs to another row, column or agency.
    """
    stored = getattr(gift_code, f"{column}_ciphertext")
    if not stored:
        return ""
    if stored.startswith("v1:"):
        return decrypt(stored, table="gift_code", column=column, row=gift_code.public_id)
    try:
        version, name, nonce, sealed = stored.split(":")
        if version != "v2":
            raise SecretDamaged
        bound = f"v1|gift_code|{column}|{gift_code.public_id.hex}|{gift_code.agency_id}".encode()
        return AESGCM(secret_named(name)).decrypt(_bytes(nonce), _bytes(sealed), bound).decode()
    except (InvalidTag, ValueError) as error:
        raise SecretDamaged from error


def code_indexes(*, agency_id: int, code: str) -> list[str]:
    """Give the keyed hashes under which an agency may keep a code, that of the current key first."""
    return blind_indexes(canonical_number(code), field=FIELD, tenant=agency_id)


def _bytes(text: str) -> bytes:
    return binascii.a2b_base64(text, strict_mode=True)
