"""Claim links, and the number by which a notice is known."""

import uuid

from django.conf import settings

from codes.models import Award
from core.crypto import blind_index, blind_indexes, derive_token


def claim_token(award_public_id: uuid.UUID, key_id: str = "") -> str:
    """Derive the claim token of an award: 128 bits, nowhere stored. An award names the key of its token.

    Raises:
        KeyUnavailable: that key is not loaded.
    """
    return derive_token(award_public_id, purpose="claim", key_id=key_id)


def token_index(token: str, key_id: str = "") -> str:
    """Give the keyed hash under which an award is found by its token."""
    return blind_index(token, field="claim_token", tenant="all", key_id=key_id)


def token_indexes(token: str) -> list[str]:
    """Give the keyed hashes under all loaded keys: a link that is out stays good while its key is being replaced."""
    return blind_indexes(token, field="claim_token", tenant="all")


def claim_url(award: Award) -> str:
    """Give the link that leads to an award on every channel."""
    return f"{settings.PUBLIC_URL}/g/{claim_token(award.public_id, award.token_key_id)}/"


def moving_ticket(award: Award) -> str:
    """Derive what lets one new device in: it is good until the award is bound anew, and stored nowhere."""
    return derive_token(award.public_id, award.device_digest, purpose="claim-move", key_id=award.token_key_id)


def moving_url(award: Award) -> str:
    """Give the link that lets one new device open an award that is bound to another."""
    return f"{claim_url(award)}move/{moving_ticket(award)}/"
