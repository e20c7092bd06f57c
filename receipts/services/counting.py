"""One paper receipt supports one entry of a campaign, also when it is sent twice in the same moment."""

from django.db import IntegrityError, transaction

from receipts.errors import DuplicateReceipt
from receipts.models import Receipt


def count_receipt(*, receipt: Receipt) -> None:
    """Let a receipt count for its entry, in the caller's transaction.

    Raises:
        DuplicateReceipt: the same purchase already counts for another entry of the campaign.
    """
    try:
        with transaction.atomic():
            Receipt.objects.filter(pk=receipt.pk).update(counts=True)
    except IntegrityError as error:
        raise DuplicateReceipt(receipt_id=receipt.pk) from error
    receipt.counts = True


def release_receipt(*, receipt: Receipt) -> None:
    """Let a receipt no longer count, since its entry was refused, sent back or withdrawn."""
    Receipt.objects.filter(pk=receipt.pk, counts=True).update(counts=False)
    receipt.counts = False
