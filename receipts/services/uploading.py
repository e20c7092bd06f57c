"""Photographs arrive."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts import audit
from core.queueing import enqueue_on_commit
from participants.errors import EntryNotEditable
from participants.models import Entry, EntryStatus
from receipts.errors import NoPhoto, TooManyPhotos, TooManyTries
from receipts.files import sealing_key, store_photo
from receipts.imaging import SanitisedPhoto, sanitise_photo
from receipts.models import Receipt, ReceiptPhoto, ReceiptStatus
from receipts.selectors import tries_left

EDITABLE = (EntryStatus.STARTED, EntryStatus.SENT_BACK)


def store_upload(*, entry_id: int, photos: Sequence[bytes], now: datetime) -> Receipt:
    """Store the photographs of one receipt and have them read; they replace what the entry had before.

    Reading starts at once, before the entry is sent, so that the entrant learns early what is unclear.

    Raises:
        NoPhoto, TooManyPhotos: none, or more than a receipt may have.
        EntryNotEditable: the entry was sent already.
        TooManyTries: it was given photographs as often as one may.
        PhotoNotAccepted: not an image, too large, animated or damaged (`receipts/imaging.py`); nothing is stored.
    """
    if not photos:
        raise NoPhoto
    if len(photos) > settings.PHOTOS_PER_RECEIPT:
        raise TooManyPhotos
    clean = [sanitise_photo(photo) for photo in photos]  # before any lock: decoding takes its time
    names = [(public_id := uuid.uuid4(), store_photo(public_id, photo.jpeg)) for photo in clean]
    return _keep(entry_id, list(zip(names, clean, strict=True)), now)


@transaction.atomic
def _keep(
    entry_id: int,
    photos: Sequence[tuple[tuple[uuid.UUID, str], SanitisedPhoto]],
    now: datetime,
) -> Receipt:
    entry = Entry.objects.select_for_update().get(pk=entry_id)
    if entry.status not in EDITABLE:
        raise EntryNotEditable
    if not tries_left(entry_id):
        raise TooManyTries(entry_id=entry_id)
    for earlier in Receipt.objects.filter(entry=entry).exclude(status=ReceiptStatus.REPLACED):
        earlier.move_to(ReceiptStatus.REPLACED, counts=False)
    receipt = Receipt.objects.create(agency_id=entry.agency_id, campaign_id=entry.campaign_id, entry=entry)
    ReceiptPhoto.objects.bulk_create(
        ReceiptPhoto(
            public_id=public_id,
            receipt=receipt,
            position=position,
            file_name=file_name,
            file_name_key=sealing_key(),
            original_sha256=photo.sha256_of_original,
            perceptual_hash=photo.perceptual_hash,
            width=photo.width,
            height=photo.height,
            trouble=photo.trouble,
            is_edited=photo.taken_with_editor,
        )
        for position, ((public_id, file_name), photo) in enumerate(photos, start=1)
    )
    audit.record("receipt.uploaded", subject=receipt, photos=len(photos))
    enqueue_on_commit("receipts.tasks.read_receipt", receipt_id=receipt.pk)
    return receipt
