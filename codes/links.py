"""Claim links and the tokens that phones show at the till."""

import uuid

from django.conf import settings
from django.core import signing

from codes.errors import CodeNotAccepted, CodeTokenExpired
from codes.index_keys import current_key_id, index_key, key_ids
from codes.models import Award
from core.crypto import blind_index, derive_token

PRESENT = signing.TimestampSigner(salt="codes.present", sep=".")
PRESENT_SECONDS = 90  # shown for 30 s; the rest is for a slow till


def claim_token(award_public_id: uuid.UUID, key_id: str | None = None) -> str:
    """Derive the claim token of an award: 128 bits, nowhere stored. An award names the key of its token.

    Raises:
        KeyUnavailable: that key is not loaded.
    """
    return derive_token(award_public_id, purpose="claim", key=index_key(key_id or current_key_id()))


def token_index(token: str, key_id: str | None = None) -> str:
    """Give the keyed hash under which an award is found by its token."""
    return blind_index(token, field="claim_token", tenant="all", key=index_key(key_id or current_key_id()))


def token_indexes(token: str) -> list[str]:
    """Give the keyed hashes under all loaded keys: a link that is out stays good while its key is being replaced."""
    return [token_index(token, key_id) for key_id in key_ids()]


def claim_url(award: Award) -> str:
    """Give the link that leads to an award on every channel."""
    return f"{settings.PUBLIC_URL}/g/{claim_token(award.public_id, award.token_key_id)}/"


def notice_number(award: Award) -> str:
    """Give the number by which a winner checks that a notice is genuine."""
    digits = award.public_id.hex[:12].upper()
    return "-".join(digits[start : start + 4] for start in (0, 4, 8))


def presentation_token(award: Award) -> str:
    """Sign what the phone shows at the till; it is good for 90 seconds, so that a screenshot is worth nothing."""
    return f"MZ.{PRESENT.sign(award.public_id.hex)}"


def award_id_of_presentation(token: str) -> uuid.UUID:
    """Read a presentation token.

    Raises:
        CodeTokenExpired: genuine, but shown too long ago.
        CodeNotAccepted: not one of ours.
    """
    try:
        return uuid.UUID(hex=PRESENT.unsign(token.removeprefix("MZ."), max_age=PRESENT_SECONDS))
    except signing.SignatureExpired as error:
        raise CodeTokenExpired from error
    except (signing.BadSignature, ValueError) as error:
        raise CodeNotAccepted from error
