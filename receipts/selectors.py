"""Reads: receipts waiting to be read, and receipts that look alike."""

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from campaigns.models import Campaign
from campaigns.selectors import receipts_at_most
from core.crypto import blind_index
from core.index_keys import are_changing, key_ids
from core.reindexing import Kept, kept_by_key
from core.sealed_fields import sealed_fields
from participants.models import Entry, EntryStatus
from receipts.files import load_photo
from receipts.imaging import coarse_photo
from receipts.lookalikes import Agreement, compare
from receipts.models import Receipt, ReceiptPhoto, ReceiptStatus
from receipts.photo_limits import LIMITS

LOOK_ALIKE_DAYS = 60
FINAL = (EntryStatus.ACCEPTED, EntryStatus.WON, EntryStatus.LOST, EntryStatus.WITHDRAWN)
LEFT = (EntryStatus.STARTED, EntryStatus.SENT_BACK)
LAST_READINGS = 20
FIRST_READING_SECONDS = 10.0  # where nothing was read yet
LATE_AFTER = timedelta(minutes=1)  # what the waiting page promises
MAX_ATTEMPTS = 3  # a photograph that kills its reader is set aside; the queue goes on


@dataclass(frozen=True)
class ReadingProgress:
    """What somebody who waits wants to know.

    Attributes:
        ahead: receipts that are read before this one.
        seconds: until this one has been read, as far as the last readings tell.
        is_late: it takes longer than people were told.
    """

    ahead: int
    seconds: int
    is_reading: bool
    is_late: bool


@dataclass(frozen=True)
class LookAlike:
    """Another receipt that may be the same piece of paper, and how far its figures agree."""

    receipt: Receipt
    agreement: Agreement


def current_receipt(entry_id: int) -> Receipt | None:
    """Give the last receipt sent for an entry; the only one that speaks for it unless its campaign sums several."""
    return current_receipts(entry_id).last()


def current_receipts(entry_id: int) -> QuerySet[Receipt]:
    """Give the receipts that speak for an entry, in the order of their sending."""
    receipts = Receipt.objects.select_related("chain").filter(entry_id=entry_id)
    return receipts.exclude(status=ReceiptStatus.REPLACED).order_by("pk")


def is_being_read(entry_id: int) -> bool:
    """Tell whether a receipt of an entry still waits for its reader."""
    return current_receipts(entry_id).filter(status__in=[ReceiptStatus.UPLOADED, ReceiptStatus.READING]).exists()


def places_left(entry: Entry) -> int:
    """Count how many receipts may still be added to an entry's sum; none where its campaign sums nothing."""
    allowed = receipts_at_most(entry.campaign)
    return max(0, allowed - current_receipts(entry.pk).count()) if allowed > 1 else 0


def tries_left(entry_id: int) -> int:
    """Count how often an entry may still be given photographs; enough for honest retakes, too few for a machine."""
    return max(0, settings.RECEIPT_TRIES_PER_ENTRY - Receipt.objects.filter(entry_id=entry_id).count())


def first_look_limits() -> dict[str, float]:
    """Give the limits of the first look at a photograph, for a browser that looks before it sends."""
    return asdict(LIMITS)


def reading_progress(receipt: Receipt, *, now: datetime) -> ReadingProgress | None:
    """Tell where a receipt is on its way through the reader; None once it was read or set aside."""
    if receipt.status not in (ReceiptStatus.UPLOADED, ReceiptStatus.READING):
        return None
    being_read = Receipt.objects.filter(status=ReceiptStatus.READING, lease_until__gt=now)
    readers = max(1, being_read.count())
    before = Receipt.objects.filter(status=ReceiptStatus.UPLOADED, pk__lt=receipt.pk)
    is_reading = receipt.status == ReceiptStatus.READING
    ahead = 0 if is_reading else before.count() + being_read.filter(pk__lt=receipt.pk).count()
    return ReadingProgress(
        ahead=ahead,
        seconds=round(_usual_seconds() * (math.ceil(ahead / readers) + 1)),
        is_reading=is_reading,
        is_late=now - receipt.created_at > LATE_AFTER,
    )


def _usual_seconds() -> float:
    """The median of the last readings."""
    readings = Receipt.objects.filter(status=ReceiptStatus.READ, reading__isnull=False).order_by("-pk")
    last = [seconds for seconds in readings.values_list("reading__seconds", flat=True)[:LAST_READINGS] if seconds]
    return statistics.median(last) if last else FIRST_READING_SECONDS


def unread_receipts(now: datetime, *, limit: int = 100) -> list[int]:
    """Give the ids of receipts that nobody is reading: waiting ones, and those whose reader fell silent."""
    waiting = Q(status=ReceiptStatus.UPLOADED) & (Q(lease_until__isnull=True) | Q(lease_until__lte=now))
    abandoned = Q(status=ReceiptStatus.READING, lease_until__lte=now)
    return list(Receipt.objects.filter(waiting | abandoned).order_by("pk").values_list("pk", flat=True)[:limit])


def photo_bytes(photo: ReceiptPhoto) -> bytes:
    """Open a photograph (JPEG) for somebody who may see it."""
    return _opened(photo, "file_name")


def shown_photo_bytes(photo: ReceiptPhoto) -> bytes:
    """Open what others than the sender see: the covered copy, or a coarse one while nobody knows what to cover."""
    if photo.covered_file_name:
        return _opened(photo, "covered_file_name")
    return coarse_photo(photo_bytes(photo))


def photos_by_key() -> Counter[str]:
    """Count the files of kept photographs by the master key that sealed them; empty where nobody has looked yet."""
    counts: Counter[str] = Counter()
    kept = ReceiptPhoto.objects.filter(purged_at__isnull=True).order_by()
    for field in sealed_fields(ReceiptPhoto):
        files = kept.exclude(**{field.name: ""}).values_list(f"{field.name}_key")
        counts.update(dict(files.annotate(n=Count("pk"))))
    return counts


def _opened(photo: ReceiptPhoto, name: str) -> bytes:
    """Open a file of a photograph; where a change of keys has moved it meanwhile, under its new name."""
    (column,) = [field.seal_column for field in sealed_fields(ReceiptPhoto) if field.name == name]
    file_name = getattr(photo, name)
    try:
        return load_photo(photo.public_id, file_name, column=column)
    except FileNotFoundError:
        named = ReceiptPhoto.objects.filter(pk=photo.pk).exclude(**{name: file_name}).values_list(name, flat=True)
        moved = named.first()
        if not moved:
            raise
        return load_photo(photo.public_id, moved, column=column)


def photos_past_retention(now: datetime) -> QuerySet[ReceiptPhoto]:
    """Give the photographs whose campaign keeps them no longer.

    The days count from the final verdict; for entries never finished from the end of the campaign's entries. A refusal
    is final when an objection to it would have been answered.
    """
    past = Q(pk__in=[])
    periods = Campaign.objects.order_by().values_list("photo_days", "appeal_days", "appeal_answer_days").distinct()
    for days, appeal_days, answer_days in periods:
        latest = now - timedelta(days=days)
        disputed = now - timedelta(days=max(days, appeal_days + answer_days if appeal_days else 0))
        refused = Q(receipt__entry__status=EntryStatus.REFUSED, receipt__entry__decided_at__lte=disputed)
        final = Q(receipt__entry__status__in=FINAL, receipt__entry__decided_at__lte=latest)
        left = Q(receipt__entry__status__in=LEFT, receipt__campaign__entry_closes_at__lte=latest)
        of_campaign = Q(
            receipt__campaign__photo_days=days,
            receipt__campaign__appeal_days=appeal_days,
            receipt__campaign__appeal_answer_days=answer_days,
        )
        past |= of_campaign & (refused | final | left)
    return ReceiptPhoto.objects.filter(past, purged_at__isnull=True)


def same_photo_receipts(receipt: Receipt) -> QuerySet[Receipt]:
    """Give other people's receipts in the campaign that were sent with the very same file."""
    originals = receipt.photos.values_list("original_sha256", flat=True)
    others = Receipt.objects.filter(campaign_id=receipt.campaign_id, photos__original_sha256__in=list(originals))
    return others.exclude(entry_id=receipt.entry_id).exclude(status=ReceiptStatus.REPLACED).distinct()


def same_purchase_receipts(receipt: Receipt, *, of_sponsor: bool = False) -> QuerySet[Receipt]:
    """Give other entries' receipts of the same purchase that count: in the campaign, or in all of its sponsor's.

    One whose goods were returned is used up as well.
    """
    if not receipt.fingerprint:
        return Receipt.objects.none()
    used = Q(counts=True) | Q(returned_at__isnull=False)
    same = purchase_indexes(receipt)
    others = Receipt.objects.filter(used, agency_id=receipt.agency_id, fingerprint__in=same)
    if of_sponsor:
        others = others.filter(campaign__sponsor=receipt.campaign.sponsor_id)
    else:
        others = others.filter(campaign_id=receipt.campaign_id)
    return others.exclude(entry_id=receipt.entry_id)


def purchase_of(receipt: Receipt) -> str:
    """Give what a receipt's fingerprint is made of: shop, date, time and total.

    Empty while one of the four is unknown; such a receipt cannot be accepted without a person.
    """
    figures = figures_of(receipt)
    parts = [figures["tel"] or figures["registration_no"], figures["date"], figures["time"], figures["total"]]
    return "|".join(map(str, parts)) if all(parts) else ""


def purchase_index(receipt: Receipt, key_id: str = "") -> str:
    """Give the keyed hash of a receipt's purchase, under the key in use or another; empty where it is not known."""
    purchase = purchase_of(receipt)
    return blind_index(purchase, field="receipt", tenant=receipt.agency_id, key_id=key_id) if purchase else ""


def purchase_indexes(receipt: Receipt) -> list[str]:
    """Give the fingerprints under which the purchase of a receipt may stand at others, under all loaded index keys.

    Where its figures no longer give the fingerprint that it has, it is known by that one alone.
    """
    if not receipt.fingerprint:
        return []
    found = [purchase_index(receipt, key_id) for key_id in key_ids()] if are_changing() else []
    return found if receipt.fingerprint in found else [receipt.fingerprint]


def earlier_receipts(receipt: Receipt) -> QuerySet[Receipt]:
    """Give the receipts that the same entry sums before this one."""
    return current_receipts(receipt.entry_id).filter(pk__lt=receipt.pk)


def earlier_look_alikes(receipt: Receipt) -> list[LookAlike]:
    """Give the earlier receipts of the same entry whose figures agree suspiciously, the most alike first."""
    return _ranked(receipt, earlier_receipts(receipt))


def receipts_of_purchase(*, agency_id: int, entry_public_id: UUID | None, figures: Mapping[str, Any]) -> list[Receipt]:
    """Give an agency's receipts of one purchase, those that count before all others.

    `figures` are the shop's telephone or registration number, day and total (yen) as printed, and perhaps the
    receipt's number; without an entry and without a shop nothing is found.
    """
    receipts = Receipt.objects.filter(agency_id=agency_id).exclude(status=ReceiptStatus.REPLACED)
    if entry_public_id is not None:
        receipts = receipts.filter(entry__public_id=entry_public_id)
    elif not (figures.get("telephone") or figures.get("registration_no")):
        return []
    wanted = {
        key: figures[key] for key in ("registration_no", "receipt_no", "purchased_on", "total_jpy") if figures.get(key)
    }
    if figures.get("telephone"):
        wanted["telephone"] = "".join(filter(str.isdigit, figures["telephone"]))
    found = list(receipts.filter(**wanted).order_by("pk")[:20])
    used = [receipt for receipt in found if receipt.counts or receipt.returned_at]
    return used or found


def look_alikes(receipt: Receipt) -> list[LookAlike]:
    """Give receipts sent to any campaign of the sponsor whose figures agree suspiciously, the most alike first.

    Found by the indexes on telephone and registration number, within 60 days of the purchase. That a person sends one
    receipt to two campaigns is no sign: whether it counts in both is for their rules to say.
    """
    shop = Q()
    if receipt.telephone:
        shop |= Q(telephone=receipt.telephone)
    if receipt.registration_no:
        shop |= Q(registration_no=receipt.registration_no)
    if not shop:
        return []
    others = Receipt.objects.filter(
        shop,
        agency_id=receipt.agency_id,
        campaign__sponsor_id=receipt.campaign.sponsor_id,
        status=ReceiptStatus.READ,
    )
    own_elsewhere = Q(entry__participant_id=receipt.entry.participant_id) & ~Q(campaign_id=receipt.campaign_id)
    others = others.exclude(entry_id=receipt.entry_id).exclude(own_elsewhere)
    if receipt.purchased_on:
        window = timedelta(days=LOOK_ALIKE_DAYS)
        near = Q(
            purchased_on__range=(
                receipt.purchased_on - window,
                receipt.purchased_on + window,
            )
        )
        others = others.filter(near | Q(purchased_on__isnull=True))
    return _ranked(receipt, others.order_by("pk")[:500])


def _ranked(receipt: Receipt, others: Sequence[Receipt] | QuerySet[Receipt]) -> list[LookAlike]:
    mine = figures_of(receipt)
    found = [LookAlike(other, compare(mine, figures_of(other))) for other in others]
    found = [alike for alike in found if alike.agreement.kind is not None]
    return sorted(found, key=lambda alike: -alike.agreement.score)


def figures_of(receipt: Receipt) -> dict[str, str | None]:
    """Give a receipt's figures as texts under the names that readers use."""
    return {
        "tel": receipt.telephone or None,
        "date": receipt.purchased_on.isoformat() if receipt.purchased_on else None,
        "time": receipt.purchased_time.strftime("%H:%M") if receipt.purchased_time else None,
        "total": str(receipt.total_jpy) if receipt.total_jpy is not None else None,
        "receipt_no": receipt.receipt_no or None,
        "registration_no": receipt.registration_no or None,
    }


def receipts_by_index_key(now: datetime) -> dict[str, Kept]:
    """Count the receipts with a fingerprint by the index key that it was made under."""
    return kept_by_key(Receipt.objects.exclude(fingerprint=""))
