"""A receipt is read: claimed with a lease, read outside of any transaction, stored only by whoever holds the lease."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts import audit
from core import clock
from core.crashpoints import crashpoint
from participants.services import wake_entry
from receipts.models import Receipt, ReceiptStatus
from receipts.ocr.base import ReaderCrashed, ReaderUnavailable, ReceiptReading
from receipts.ocr.factory import reader_from_settings
from receipts.selectors import MAX_ATTEMPTS, photo_bytes
from receipts.services.figures import apply_reading
from receipts.services.recognising import complete_reading, note_shop

log = structlog.get_logger(__name__)


def read_receipt(*, receipt_id: int, now: datetime) -> Receipt:
    """Read a receipt's photographs and keep the figures; repeats and late workers change nothing.

    After three attempts that killed the reader the receipt is set aside for a person, and its entry goes on to review.
    """
    attempt = _claim(receipt_id, now)
    if attempt is None:
        return Receipt.objects.get(pk=receipt_id)
    crashpoint("reading.after_claim")
    receipt = Receipt.objects.prefetch_related("photos").get(pk=receipt_id)
    try:
        reading = reader_from_settings().read([photo_bytes(photo) for photo in receipt.photos.all()])
    except (ReaderCrashed, ReaderUnavailable) as error:
        log.warning(
            "receipt_not_read",
            receipt_id=receipt_id,
            attempt=attempt,
            error=type(error).__name__,
        )
        return _give_back(receipt_id, attempt, now)
    crashpoint("reading.before_store")
    return _store(receipt_id, attempt, reading)


def _claim(receipt_id: int, now: datetime) -> int | None:
    """Take the receipt for one attempt; returns the attempt's number, None if another holds it."""
    free = Q(status=ReceiptStatus.UPLOADED) | Q(status=ReceiptStatus.READING, lease_until__lte=now)
    claimed = Receipt.objects.filter(free, pk=receipt_id, attempts__lt=MAX_ATTEMPTS).update(
        status=ReceiptStatus.READING,
        attempts=F("attempts") + 1,
        lease_until=now + timedelta(seconds=settings.LEASE_SECONDS),
    )
    if not claimed:
        _set_aside(Receipt.objects.filter(free, pk=receipt_id, attempts__gte=MAX_ATTEMPTS), now)
        return None
    return Receipt.objects.values_list("attempts", flat=True).get(pk=receipt_id)


def _give_back(receipt_id: int, attempt: int, now: datetime) -> Receipt:
    mine = Receipt.objects.filter(pk=receipt_id, status=ReceiptStatus.READING, attempts=attempt)
    if attempt >= MAX_ATTEMPTS:
        _set_aside(mine, now)
    else:
        mine.update(
            status=ReceiptStatus.UPLOADED,
            lease_until=now + timedelta(seconds=10 * attempt),
        )
    return Receipt.objects.get(pk=receipt_id)


@transaction.atomic
def _set_aside(receipts: QuerySet[Receipt], now: datetime) -> None:
    for receipt in receipts.select_for_update():
        receipt.move_to(ReceiptStatus.FAILED, lease_until=None)
        audit.record("receipt.set_aside", subject=receipt, attempts=receipt.attempts)
        wake_entry(entry_id=receipt.entry_id, now=now)


@transaction.atomic
def _store(receipt_id: int, attempt: int, reading: ReceiptReading) -> Receipt:
    now = clock.now()  # reading took seconds; the entry is woken as of its end
    receipt = Receipt.objects.select_for_update().get(pk=receipt_id)
    if receipt.status != ReceiptStatus.READING or receipt.attempts != attempt:
        return receipt  # replaced meanwhile, or a later attempt holds it
    reading, found = complete_reading(reading=reading, agency_id=receipt.agency_id)
    apply_reading(receipt, reading)
    note_shop(receipt=receipt, found=found)
    receipt.move_to(ReceiptStatus.READ, read_at=now, lease_until=None)
    wake_entry(entry_id=receipt.entry_id, now=now)
    crashpoint("reading.before_commit")
    return receipt
