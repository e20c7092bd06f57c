"""Serial codes come under a new index key. Reference numbers are kept as hashes only: they stay under theirs."""

from core.crypto import decrypt
from core.reindexing import Reindexed, reindex_rows
from eligibility.models import Serial
from participants.models import ProofKind
from participants.selectors import number_index


def reindex_serials(*, after: int) -> Reindexed:
    """Index the next serial codes behind a key anew.

    Raises:
        KeyUnavailable: the key that seals one of them is not loaded.
    """
    serials = Serial.objects.exclude(value_ciphertext="").select_related("batch")
    return reindex_rows(serials, "value_index", _index_of, after=after)


def _index_of(row: Serial) -> str:
    number = decrypt(row.value_ciphertext, table="serial", column="value", row=row.batch.public_id)
    return number_index(campaign_id=row.campaign_id, kind=ProofKind.SERIAL, number=number)
