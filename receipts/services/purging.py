"""Photographs go when their time is over: first the files, then a line of the trail that proves it."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from accounts import audit
from campaigns.models import Campaign
from core.crashpoints import crashpoint
from receipts.files import delete_photo, photos_stored_before
from receipts.models import ReceiptPhoto
from receipts.selectors import photos_past_retention

BATCH = 200
ORPHANED_AFTER = timedelta(hours=24)


def purge_photos(*, now: datetime, limit: int = BATCH) -> int:
    """Delete photographs past their campaign's retention, originals and covered copies; returns how many.

    Killed half way it is simply called again: a photograph is marked only once its files have gone. Each campaign's
    share of a batch leaves a certificate in the trail: how many, and the hash of their list.
    """
    due = list(photos_past_retention(now).select_related("receipt").order_by("pk")[:limit])
    by_campaign: dict[int, list[ReceiptPhoto]] = defaultdict(list)
    for photo in due:
        delete_photo(photo.covered_file_name)
        delete_photo(photo.file_name)
        by_campaign[photo.receipt.campaign_id].append(photo)
    crashpoint("purging.after_files")
    for campaign_id, photos in sorted(by_campaign.items()):
        _certify(campaign_id, photos, now)
    return len(due)


def delete_orphans(*, now: datetime) -> int:
    """Delete files that no photograph names a day after they were stored: uploads and readings that broke off."""
    deleted = 0
    for names in photos_stored_before(now - ORPHANED_AFTER):
        for name in _unnamed(names):
            delete_photo(name)
            deleted += 1
    return deleted


@transaction.atomic
def _certify(campaign_id: int, photos: Sequence[ReceiptPhoto], now: datetime) -> None:
    deleted = {photo.pk: (photo.file_name, photo.covered_file_name) for photo in photos}
    locked = ReceiptPhoto.objects.select_for_update().filter(pk__in=deleted, purged_at__isnull=True)
    # A change of keys may have moved a file after it was deleted here: the next call finds it under its new name.
    same = [photo for photo in locked if deleted[photo.pk] == (photo.file_name, photo.covered_file_name)]
    ids = sorted(str(photo.public_id) for photo in same)
    if not ids:  # another sweep was faster
        return
    ReceiptPhoto.objects.filter(pk__in=[photo.pk for photo in same]).update(
        purged_at=now, covered_file_name="", updated_at=now
    )
    digest = hashlib.sha256("\n".join([now.isoformat(), *ids]).encode()).hexdigest()
    campaign = Campaign.objects.get(pk=campaign_id)
    audit.record("photos.purged", subject=campaign, photos=len(ids), purged_at=now.isoformat(), sha256=digest)


def _unnamed(names: Sequence[str]) -> list[str]:
    rows = ReceiptPhoto.objects.filter(purged_at__isnull=True)
    named = set(rows.filter(file_name__in=names).values_list("file_name", flat=True))
    named |= set(rows.filter(covered_file_name__in=names).values_list("covered_file_name", flat=True))
    return [name for name in names if name not in named]
