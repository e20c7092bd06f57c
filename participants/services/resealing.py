"""Contacts and typed numbers come under a new master key; `codes` calls this for all apps in one work."""

from core.resealing import Resealed, reseal_texts
from participants.models import Identity, TypedProof


def reseal_contacts(*, after: int) -> Resealed:
    """Seal the next contacts behind a key anew.

    Raises:
        KeyUnavailable: the key of one of them is not loaded.
    """
    return reseal_texts(Identity, after=after)


def reseal_typed_numbers(*, after: int) -> Resealed:
    """Seal the next typed numbers behind a key anew; raises as `reseal_contacts`."""
    return reseal_texts(TypedProof, after=after)
