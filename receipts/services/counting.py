"""One paper receipt supports one entry of a campaign, also when it is sent twice in the same moment."""

from datetime import datetime

from django.db import IntegrityError, transaction

from core.named_locks import hold
from receipts.errors import DuplicateReceipt
from receipts.models import Receipt
from receipts.selectors import purchase_indexes, same_purchase_receipts


def count_receipt(*, receipt: Receipt, of_sponsor: bool = False) -> None:
    """Let a receipt count for its entry, in the caller's transaction.

    Raises:
        DuplicateReceipt: the same purchase already counts for another entry of the campaign, or, with `of_sponsor`,
            of any campaign of its sponsor.
    """
    hold_purchase(receipt)  # the same paper in two campaigns: one after the other
    if same_purchase_receipts(receipt, of_sponsor=of_sponsor).exists():
        raise DuplicateReceipt(receipt_id=receipt.pk)
    try:
        with transaction.atomic():
            Receipt.objects.filter(pk=receipt.pk).update(counts=True)
    except IntegrityError as error:
        raise DuplicateReceipt(receipt_id=receipt.pk) from error
    receipt.counts = True


def hold_purchase(receipt: Receipt) -> None:
    """Hold a receipt's purchase until the caller's transaction ends, under every loaded index key.

    Of two under different keys the unique constraint cannot tell that they are the same: there this decides (I16).
    """
    for index in sorted(purchase_indexes(receipt)):
        hold(f"purchase:{receipt.agency_id}:{index}")


def mark_returned(*, receipt: Receipt, now: datetime) -> None:
    """Keep, in the caller's transaction, that the goods were given back: the receipt counts for nothing any more."""
    hold_purchase(receipt)
    Receipt.objects.filter(pk=receipt.pk).update(counts=False, returned_at=now, updated_at=now)
    receipt.counts, receipt.returned_at = False, now


def release_receipts(*, entry_id: int) -> None:
    """Let an entry's receipts no longer count, since it was refused, sent back or withdrawn."""
    Receipt.objects.filter(entry_id=entry_id, counts=True).update(counts=False)
