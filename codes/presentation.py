"""What a phone shows at the till: a token that changes every 30 seconds, or a number that is good once.

A token is `version and key | id of the code | slot | cut of an HMAC-SHA256`: 29 bytes, 47 letters of base32, which a
QR code holds in its dense alphanumeric mode. The slot counts periods of 30 seconds of the server's clock.
"""

import base64
import binascii
import re
import secrets
import struct
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings

from codes.errors import CodeNotAccepted
from codes.models import GiftCode
from codes.printing import COMPANY_INTERNAL
from core.barcodes import jan_check_digit
from core.crypto import blind_index, blind_indexes
from core.index_keys import current_key_id, key_ids
from core.text import canonical_number

SLOT_SECONDS = 30
TOKEN_LETTERS = 47
VERSION = 1
KEY_IDS = 16  # what fits beside the version into one byte
LAYOUT = struct.Struct(">B16sI")
SEAL_BYTES = 8
NUMBER_SECONDS = 300
NUMBER_DIGITS = 24
JAN_DIGITS = 13


@dataclass(frozen=True)
class ShownToken:
    """A genuine token: which code it shows, and of which 30 seconds it is."""

    code_id: uuid.UUID
    slot: int

    @property
    def shown_at(self) -> datetime:
        """Give the instant from which the phone shows it."""
        return datetime.fromtimestamp(self.slot * SLOT_SECONDS, tz=UTC)

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether a till may still take it: it is of this period, the one before or the one after."""
        return abs(slot_at(now) - self.slot) <= 1


def slot_at(now: datetime) -> int:
    """Give the number of the 30 seconds in which an instant lies."""
    return int(now.timestamp()) // SLOT_SECONDS


def slot_ends_at(now: datetime) -> datetime:
    """Give the instant from which the phone shows the next token."""
    return datetime.fromtimestamp((slot_at(now) + 1) * SLOT_SECONDS, tz=UTC)


def token_good_until(now: datetime) -> datetime:
    """Give the instant from which tills refuse the token shown at `now`."""
    return slot_ends_at(now) + timedelta(seconds=SLOT_SECONDS)


def presentation_token(gift_code: GiftCode, *, now: datetime) -> str:
    """Make what the phone shows in these 30 seconds."""
    head = VERSION * KEY_IDS + settings.PRESENTED_KEY_ID % KEY_IDS
    return _letters(LAYOUT.pack(head, gift_code.public_id.bytes, slot_at(now)), current_key_id())


def read_token(presented: str) -> ShownToken | None:
    """Read a token; None for what has not the form of one.

    Raises:
        CodeNotAccepted: it has the form, but is not one of ours.
    """
    typed = canonical_number(presented)
    if not re.fullmatch(rf"[A-Z2-7]{{{TOKEN_LETTERS}}}", typed):
        return None
    try:
        opened = base64.b32decode(typed + "=")
    except binascii.Error as error:
        raise CodeNotAccepted from error
    head, code_id, slot = LAYOUT.unpack(opened[: LAYOUT.size])
    known = {VERSION * KEY_IDS + (settings.PRESENTED_KEY_ID - back) % KEY_IDS for back in (0, 1)}
    # The whole text is compared: the last letter has bits that say nothing, and must not be free to change.
    body = opened[: LAYOUT.size]
    genuine = [secrets.compare_digest(typed, _letters(body, key_id)) for key_id in key_ids()]
    if not any(genuine) or head not in known:
        raise CodeNotAccepted
    return ShownToken(code_id=uuid.UUID(bytes=code_id), slot=slot)


def new_number(symbology: str) -> str:
    """Draw a number for a scanner of bars: 24 digits, or 13 where tills read nothing but JAN."""
    if symbology == "jan13":
        head = str(settings.PRESENTED_JAN_PREFIX)
        digits = head + _digits(JAN_DIGITS - 1 - len(head))
        return digits + jan_check_digit(digits)
    head = str(settings.PRESENTED_NUMBER_PREFIX)
    return head + _digits(NUMBER_DIGITS - len(head))


def scanned_number(presented: str) -> str | None:
    """Give the digits of a one-time number as a scanner sends them: with NW-7's letters or GS1's identifier, or bare.

    None for what is no such number by its form.
    """
    typed = canonical_number(presented).removeprefix("]C1").replace("(", "").replace(")", "")
    bare = re.fullmatch(r"[A-D]([0-9]+)[A-D]", typed)
    digits = bare[1] if bare else typed
    if re.fullmatch(rf"{COMPANY_INTERNAL}[0-9]{{{NUMBER_DIGITS}}}", digits):
        digits = digits.removeprefix(COMPANY_INTERNAL)
    is_long = re.fullmatch(rf"{settings.PRESENTED_NUMBER_PREFIX}[0-9]+", digits) and len(digits) == NUMBER_DIGITS
    is_jan = re.fullmatch(rf"{settings.PRESENTED_JAN_PREFIX}[0-9]+", digits) and len(digits) == JAN_DIGITS
    return digits if is_long or is_jan else None


def number_index(number: str) -> str:
    """Give the keyed hash under which a one-time number is found; the number itself is kept nowhere."""
    return blind_index(number, field="shown_number", tenant="all")


def number_indexes(number: str) -> list[str]:
    """Give the keyed hashes under which a one-time number may stand, that of the key in use first."""
    return blind_indexes(number, field="shown_number", tenant="all")


def _letters(body: bytes, key_id: str) -> str:
    """Seal a token's body under an index key and write it in letters."""
    sealed = blind_index(body.hex(), field="presentation", tenant=body[0], key_id=key_id)
    seal = bytes.fromhex(sealed)[:SEAL_BYTES]
    return base64.b32encode(body + seal).decode().rstrip("=")


def _digits(count: int) -> str:
    return f"{secrets.randbelow(10**count):0{count}}"
