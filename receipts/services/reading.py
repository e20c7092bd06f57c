"""A receipt is read: claimed with a lease, read outside of any transaction, stored only by whoever holds the lease."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts import audit
from core import clock
from core.clients.file_store import StoreAway
from core.crashpoints import crashpoint
from core.queueing import enqueue_on_commit
from participants.services import wake_entry
from receipts.errors import ImageDamaged, PhotoNotStored, PhotosPurged, ReceiptNotSetAside
from receipts.isolation import TOO_LONG, TOO_MUCH_CPU, TOO_MUCH_MEMORY
from receipts.models import ReadingFailure, Receipt, ReceiptStatus
from receipts.ocr.base import ReaderCrashed, ReaderUnavailable, ReceiptReading
from receipts.ocr.factory import reader_from_settings
from receipts.selectors import MAX_ATTEMPTS, photo_bytes
from receipts.services.covering import keep_covered, store_covered
from receipts.services.figures import apply_reading
from receipts.services.recognising import complete_reading, note_shop

log = structlog.get_logger(__name__)
STORE_PAUSE = timedelta(minutes=1)


def read_receipt(*, receipt_id: int, now: datetime) -> Receipt:
    """Read a receipt's photographs and keep the figures; repeats and late workers change nothing.

    After three attempts that killed the reader the receipt is set aside for a person, and its entry goes on to review.
    A file store that is away costs no attempt (F18).
    """
    attempt = _claim(receipt_id, now)
    if attempt is None:
        return Receipt.objects.get(pk=receipt_id)
    crashpoint("reading.after_claim")
    receipt = Receipt.objects.prefetch_related("photos").get(pk=receipt_id)
    try:
        photos = {photo: photo_bytes(photo) for photo in receipt.photos.all()}
        reading = reader_from_settings().read(list(photos.values()))
        covered = store_covered(photos, reading)
    except (ReaderCrashed, ReaderUnavailable, ImageDamaged) as error:
        log.warning(
            "receipt_not_read",
            receipt_id=receipt_id,
            attempt=attempt,
            error=type(error).__name__,
        )
        return _give_back(receipt_id, attempt, _failure(error), now)
    except (StoreAway, PhotoNotStored) as error:
        log.warning("receipt_waits_for_store", receipt_id=receipt_id, error=type(error).__name__)
        return _wait_for_store(receipt_id, attempt, now)
    crashpoint("reading.before_store")
    return _store(receipt_id, attempt, reading, covered)


@transaction.atomic
def read_again(*, receipt_id: int, actor_id: int | None, now: datetime) -> Receipt:
    """Let the reader try a receipt that was set aside three times more, and its entry wait for that.

    Raises:
        ReceiptNotSetAside: it was read meanwhile, replaced, or is being read.
        PhotosPurged: its photographs are no longer kept.
    """
    receipt = Receipt.objects.select_for_update().get(pk=receipt_id)
    if receipt.status != ReceiptStatus.FAILED:
        raise ReceiptNotSetAside(receipt_id=receipt_id)
    if receipt.photos.filter(purged_at__isnull=False).exists():
        raise PhotosPurged(receipt_id=receipt_id)
    receipt.move_to(ReceiptStatus.UPLOADED, attempts=0, failure="", lease_until=now)
    audit.record("receipt.read_again", subject=receipt, actor_id=actor_id)
    enqueue_on_commit("receipts.tasks.read_receipt", receipt_id=receipt_id)
    return receipt


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


def _failure(error: Exception) -> ReadingFailure:
    if isinstance(error, ReaderUnavailable):
        return ReadingFailure.UNAVAILABLE
    if str(error) == TOO_MUCH_MEMORY:
        return ReadingFailure.MEMORY
    return ReadingFailure.TIME if str(error) in (TOO_LONG, TOO_MUCH_CPU) else ReadingFailure.CRASHED


def _give_back(receipt_id: int, attempt: int, failure: ReadingFailure, now: datetime) -> Receipt:
    mine = Receipt.objects.filter(pk=receipt_id, status=ReceiptStatus.READING, attempts=attempt)
    mine.update(failure=failure)
    if attempt >= MAX_ATTEMPTS:
        _set_aside(mine, now)
    else:
        mine.update(
            status=ReceiptStatus.UPLOADED,
            lease_until=now + timedelta(seconds=10 * attempt),
        )
    return Receipt.objects.get(pk=receipt_id)


def _wait_for_store(receipt_id: int, attempt: int, now: datetime) -> Receipt:
    mine = Receipt.objects.filter(pk=receipt_id, status=ReceiptStatus.READING, attempts=attempt)
    # The number is free again: whoever had it has just given it up.
    mine.update(status=ReceiptStatus.UPLOADED, attempts=attempt - 1, lease_until=now + STORE_PAUSE)
    return Receipt.objects.get(pk=receipt_id)


@transaction.atomic
def _set_aside(receipts: QuerySet[Receipt], now: datetime) -> None:
    for receipt in receipts.select_for_update():
        failure = receipt.failure or ReadingFailure.SILENT
        receipt.move_to(ReceiptStatus.FAILED, lease_until=None, failure=failure)
        audit.record("receipt.set_aside", subject=receipt, attempts=receipt.attempts, failure=str(failure))
        wake_entry(entry_id=receipt.entry_id, now=now)


@transaction.atomic
def _store(receipt_id: int, attempt: int, reading: ReceiptReading, covered: dict[int, str]) -> Receipt:
    now = clock.now()  # reading took seconds; the entry is woken as of its end
    receipt = Receipt.objects.select_for_update().get(pk=receipt_id)
    if receipt.status != ReceiptStatus.READING or receipt.attempts != attempt:
        return receipt  # replaced meanwhile, or a later attempt holds it
    reading, found = complete_reading(reading=reading, agency_id=receipt.agency_id)
    apply_reading(receipt, reading)
    note_shop(receipt=receipt, found=found)
    keep_covered(receipt, covered)
    receipt.move_to(ReceiptStatus.READ, read_at=now, lease_until=None, failure="")
    wake_entry(entry_id=receipt.entry_id, now=now)
    crashpoint("reading.before_commit")
    return receipt
