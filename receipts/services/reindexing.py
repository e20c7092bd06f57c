"""Fingerprints of receipts come under a new index key: they are made anew of the figures that they were made of."""

from core.errors import SecretDamaged
from core.reindexing import Reindexed, reindex_rows
from receipts.models import Receipt
from receipts.selectors import purchase_index


def reindex_receipts(*, after: int) -> Reindexed:
    """Give the next receipts behind a key their fingerprint anew.

    One whose figures no longer give the fingerprint that it has keeps it, with its key: it may be all that is left of
    a purchase that must not count twice (I18).

    Raises:
        KeyUnavailable: the key of one of them is not loaded.
    """
    return reindex_rows(Receipt.objects.exclude(fingerprint=""), "fingerprint", _index_of, after=after)


def _index_of(row: Receipt) -> str:
    if purchase_index(row, row.index_key_id) != row.fingerprint:
        raise SecretDamaged
    return purchase_index(row)
