"""The shipper's file comes in: which parcel left under which number. All rows are taken, or none."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from codes.address_errors import TrackingFileNotAccepted
from codes.models import Shipment, ShipmentStatus
from core.csv_files import CsvUnreadable, look_over, rows_of
from core.text import canonical_number
from distribution.services.parcels import send_parcel

NUMBER, TRACKING = "受付番号", "送り状番号"
TRACKING_NUMBER = re.compile(r"[0-9A-Za-z-]{6,30}")


@transaction.atomic
def import_tracking(*, campaign_id: int, data: bytes, now: datetime, actor_id: int | None = None) -> dict[str, int]:
    """Note that the parcels of a campaign in a CSV file are with the shipper, and tell their winners.

    A row whose parcel left under this number already is left as it is; rows without a tracking number are passed over.

    Raises:
        TrackingFileNotAccepted: its `problems` name rows, or its `reason` the file; nothing was changed.
    """
    parcels = {_short(row): row for row in _parcels_of(campaign_id)}
    counts, problems, seen = {"rows": 0, "sent": 0, "same": 0, "without": 0}, [], set()
    for row, number, tracking in _rows(data):
        counts["rows"] += 1
        parcel = parcels.get(number)
        problem = _problem(parcel, tracking, is_twice=number in seen)
        seen.add(number)
        if problem:
            problems.append((row, problem))
        elif not tracking:
            counts["without"] += 1
        elif parcel is not None and parcel.status == ShipmentStatus.HANDED_OVER:
            counts["same"] += 1
        elif parcel is not None and not problems:
            send_parcel(shipment_id=parcel.pk, tracking_number=tracking, now=now, actor_id=actor_id)
            counts["sent"] += 1
    if problems:
        raise TrackingFileNotAccepted(problems)
    return counts


def _problem(parcel: Shipment | None, tracking: str, *, is_twice: bool) -> str:
    if parcel is None:
        return "parcel_unknown"
    if is_twice:
        return "parcel_twice"
    if tracking and not TRACKING_NUMBER.fullmatch(tracking):
        return "tracking_malformed"
    if parcel.status == ShipmentStatus.HANDED_OVER:
        return "" if parcel.tracking_number == tracking or not tracking else "parcel_sent_otherwise"
    return "" if parcel.status in (ShipmentStatus.READY, ShipmentStatus.LISTED) else "parcel_not_ready"


def _rows(data: bytes) -> Iterator[tuple[int, str, str]]:
    try:
        facts = look_over([data])
        rows = rows_of([data], facts.encoding)
        _begins, header = next(rows, (1, []))
        names = [unicodedata.normalize("NFKC", name).strip() for name in header]
        if NUMBER not in names or TRACKING not in names:
            raise TrackingFileNotAccepted(reason="columns_missing")
        places = names.index(NUMBER), names.index(TRACKING)
        for row, cells in rows:
            if len(cells) != len(names):
                raise TrackingFileNotAccepted([(row, "columns_differ")])
            number, tracking = (unicodedata.normalize("NFKC", cells[place]).strip() for place in places)
            yield row, canonical_number(number), tracking.lstrip("'")
    except CsvUnreadable as error:
        raise TrackingFileNotAccepted([(error.row, error.reason)] if error.row else (), error.reason) from error


def _parcels_of(campaign_id: int) -> QuerySet[Shipment]:
    return Shipment.objects.filter(award__prize__course__campaign=campaign_id).select_related("award")


def _short(shipment: Shipment) -> str:
    return canonical_number(shipment.award.notice_number)
