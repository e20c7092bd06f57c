"""Serial codes come under a new master key. Reference numbers are kept as hashes only: there is nothing to seal."""

from core.resealing import Resealed, reseal_texts
from eligibility.models import Serial


def reseal_serials(*, after: int) -> Resealed:
    """Seal the next serial codes behind a key anew.

    Raises:
        KeyUnavailable: the key of one of them is not loaded.
    """
    return reseal_texts(Serial, after=after)
