"""Photographs arrive."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts import audit
from campaigns.errors import CampaignClosed
from core.crashpoints import crashpoint
from core.errors import DomainError
from core.queueing import enqueue_on_commit
from participants.errors import EntryNotEditable
from participants.models import Entry, EntryStatus
from receipts.errors import NoPhoto, PhotoSentBefore, ReceiptNotThere, TooManyPhotos, TooManyReceipts, TooManyTries
from receipts.files import discard_photo, sealing_key, store_photo
from receipts.imaging import SanitisedPhoto, sanitise_photo
from receipts.models import PhotoTrouble, Receipt, ReceiptPhoto, ReceiptStatus
from receipts.selectors import current_receipts, places_left, tries_left

EDITABLE = (EntryStatus.STARTED, EntryStatus.SENT_BACK)
StoredPhoto = tuple[uuid.UUID, str, SanitisedPhoto]  # its id, its name in the file store, and what is known of it


@dataclass(frozen=True)
class Place:
    """Where a new receipt of an entry stands: instead of all before it, beside them, or instead of one of them."""

    adds: bool = False
    instead_of: uuid.UUID | None = None


ONLY = Place()


def store_upload(*, entry_id: int, photos: Sequence[bytes], now: datetime, place: Place = ONLY) -> Receipt:
    """Store the photographs of one receipt and have them read; they replace what the entry had before.

    In a campaign that sums several receipts they may be added, or replace one, instead. Reading starts at once, before
    the entry is sent, so that the entrant learns early what is unclear.

    Raises:
        NoPhoto, TooManyPhotos: none, or more than a receipt may have.
        EntryNotEditable: the entry was sent already.
        TooManyReceipts, CampaignClosed: added, but the sum is full, or the entry period is over.
        PhotoSentBefore, ReceiptNotThere: added though it is there already; instead of one that is not there.
        TooManyTries: it was given photographs as often as one may.
        PhotoRefused: not an image, too large, animated or damaged (`receipts/imaging.py`); nothing is stored.
        PhotoNotStored: the file store did not keep one of them as it was given; nothing is stored.
    """
    if not photos:
        raise NoPhoto
    if len(photos) > settings.PHOTOS_PER_RECEIPT:
        raise TooManyPhotos
    clean = [sanitise_photo(photo) for photo in photos]  # before any lock: decoding takes its time
    stored: list[StoredPhoto] = []
    try:
        for photo in clean:
            public_id = uuid.uuid4()
            stored.append((public_id, store_photo(public_id, photo.jpeg), photo))
        receipt = _keep(entry_id, stored, place, now)
    except DomainError:  # refused; after any other error nobody knows whether the rows were committed
        for _public_id, file_name, _photo in stored:
            discard_photo(file_name)
        raise
    crashpoint("uploading.after_commit")
    return receipt


@transaction.atomic
def _keep(entry_id: int, photos: Sequence[StoredPhoto], place: Place, now: datetime) -> Receipt:
    entry = Entry.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=entry_id)
    if entry.status not in EDITABLE:
        raise EntryNotEditable
    if not tries_left(entry_id):
        raise TooManyTries(entry_id=entry_id)
    for earlier in _replaced(entry, photos, place, now):
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
            trouble=_trouble(photo, len(photos)),
            is_edited=photo.taken_with_editor,
        )
        for position, (public_id, file_name, photo) in enumerate(photos, start=1)
    )
    audit.record("receipt.uploaded", subject=receipt, photos=len(photos))
    enqueue_on_commit("receipts.tasks.read_receipt", receipt_id=receipt.pk)
    crashpoint("uploading.before_commit")
    return receipt


def _trouble(photo: SanitisedPhoto, count: int) -> str:
    """A long receipt goes on in the next photograph, so that each of several may be cut off."""
    return "" if photo.trouble == PhotoTrouble.CUT_OFF and count > 1 else photo.trouble


def _replaced(entry: Entry, photos: Sequence[StoredPhoto], place: Place, now: datetime) -> Iterable[Receipt]:
    """Give the receipts that a new one takes the place of; refuse one that finds no place."""
    current = current_receipts(entry.pk)
    if place.instead_of:
        replaced = current.filter(public_id=place.instead_of)
        if not replaced:
            raise ReceiptNotThere(entry_id=entry.pk)
        return replaced
    if not place.adds:
        return current
    if not places_left(entry):
        raise TooManyReceipts(entry_id=entry.pk)
    if now >= entry.campaign.entry_closes_at:  # a photograph may still be mended then, but no purchase added
        raise CampaignClosed
    originals = [photo.sha256_of_original for _id, _name, photo in photos]
    if current.filter(photos__original_sha256__in=originals).exists():
        raise PhotoSentBefore(entry_id=entry.pk)
    return ()
