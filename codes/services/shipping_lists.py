"""Addresses leave for the shipper as a list: one person asks and says why, another lets them out, both may open it.

From the second person's word on the addresses on it are fixed. It can be opened for a day; every look is in the trail
before its first line (I13).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit
from campaigns.models import Campaign
from codes.address_errors import NothingToShip, ShipmentReasonMissing, ShippingListEnded, ShippingListNotYours
from codes.errors import SecondPersonNeeded
from codes.models import Shipment, ShipmentStatus, ShippingList, ShippingListStatus
from codes.services.shipping import locked_shipment
from codes.shipments import opened_address
from core.spreadsheets import csv_lines

OPEN_FOR = timedelta(hours=24)
MOST = 10_000  # parcels of one list
HEADER = (
    "郵便番号",
    "都道府県",
    "市区町村",
    "町名・番地",
    "建物名・部屋番号",
    "氏名",
    "電話番号",
    "品名",
    "受付番号",
    "送り状番号",
)


@transaction.atomic
def request_shipping_list(*, campaign_id: int, reason: str, now: datetime, actor_id: int) -> ShippingList:
    """Ask for the addresses of a campaign that are ready; nobody sees one before a second person agrees (T21).

    Raises:
        ShipmentReasonMissing: no reason is given.
        NothingToShip: none is ready.
    """
    if not reason.strip():
        raise ShipmentReasonMissing
    campaign = Campaign.objects.get(pk=campaign_id)
    count = _ready(campaign_id).count()
    if not count:
        raise NothingToShip(campaign_id=campaign_id)
    asked = ShippingList.objects.create(
        agency_id=campaign.agency_id,
        campaign=campaign,
        reason=reason,
        total_count=min(count, MOST),
        requested_by_id=actor_id,
    )
    audit.record("shipping_list.requested", subject=asked, actor_id=actor_id, reason=reason, shipments=count)
    return asked


@transaction.atomic
def approve_shipping_list(*, list_id: int, now: datetime, actor_id: int) -> ShippingList:
    """Let the addresses out as the second person: those that are ready now, which cannot be corrected any more.

    Raises:
        SecondPersonNeeded: who asked for it cannot agree to it.
        NothingToShip: none is ready any more.
        StaleState: it does not wait any more.
    """
    asked = ShippingList.objects.select_for_update().get(pk=list_id)
    if asked.requested_by_id == actor_id:
        raise SecondPersonNeeded(list_id=list_id)
    ready = list(_ready(asked.campaign_id).select_for_update(skip_locked=True).order_by("pk")[:MOST])
    if not ready:
        raise NothingToShip(list_id=list_id)
    asked.move_to(
        ShippingListStatus.APPROVED, approved_by_id=actor_id, decided_at=now, total_count=len(ready), updated_at=now
    )
    Shipment.objects.filter(pk__in=[shipment.pk for shipment in ready]).update(
        status=ShipmentStatus.LISTED, shipping_list=asked, updated_at=now
    )
    audit.record("shipping_list.approved", subject=asked, actor_id=actor_id, shipments=len(ready))
    return asked


@transaction.atomic
def refuse_shipping_list(*, list_id: int, now: datetime, actor_id: int) -> ShippingList:
    """Refuse a list, or take one's own wish back.

    Raises:
        StaleState: it does not wait any more.
    """
    asked = ShippingList.objects.select_for_update().get(pk=list_id)
    asked.move_to(ShippingListStatus.REFUSED, decided_at=now, updated_at=now)
    audit.record("shipping_list.refused", subject=asked, actor_id=actor_id)
    return asked


def open_shipping_list(*, list_id: int, now: datetime, actor_id: int) -> Iterator[str]:
    """Give the list as CSV for one of the two people; its line in the trail is committed before (I13).

    Raises:
        ShippingListNotYours: only who asked for it and who agreed may have it.
        ShippingListEnded: it was not confirmed, or its day is over.
    """
    asked = ShippingList.objects.get(pk=list_id)
    if actor_id not in (asked.requested_by_id, asked.approved_by_id):
        raise ShippingListNotYours(list_id=list_id)
    is_open = asked.status == ShippingListStatus.APPROVED and asked.decided_at is not None
    if not is_open or now >= open_until(asked=asked):
        raise ShippingListEnded(list_id=list_id)
    rows = list(_parcels(asked).values_list("pk", flat=True))
    with transaction.atomic():
        audit.record("shipping_list.opened", subject=asked, actor_id=actor_id, reason=asked.reason, shipments=len(rows))
    return csv_lines(_rows(asked))


def open_until(*, asked: ShippingList) -> datetime:
    """Tell until when a confirmed list can be opened."""
    return (asked.decided_at or asked.created_at) + OPEN_FOR


@transaction.atomic
def take_off_list(*, shipment_id: int, reason: str, now: datetime, actor_id: int | None = None) -> Shipment:
    """Let a winner correct his address again: the parcel is not sent with the list it stood on.

    Raises:
        ShipmentReasonMissing: no reason is given.
        StaleState: it is on no list, or left already.
    """
    if not reason.strip():
        raise ShipmentReasonMissing
    shipment = locked_shipment(shipment_id=shipment_id)
    if shipment.status != ShipmentStatus.LISTED:
        raise shipment.stale(ShipmentStatus.READY)
    shipment.move_to(ShipmentStatus.READY, shipping_list=None, updated_at=now)
    audit.record("shipment.taken_off_list", subject=shipment, actor_id=actor_id, reason=reason)
    return shipment


def _ready(campaign_id: int) -> QuerySet[Shipment]:
    return Shipment.objects.filter(award__prize__course__campaign=campaign_id, status=ShipmentStatus.READY)


def _parcels(asked: ShippingList) -> QuerySet[Shipment]:
    on_it = (ShipmentStatus.LISTED, ShipmentStatus.HANDED_OVER)
    return asked.shipments.filter(status__in=on_it).exclude(address_ciphertext="").order_by("pk")


def _rows(asked: ShippingList) -> Iterator[tuple[str, ...]]:
    yield HEADER
    for shipment in _parcels(asked).select_related("award__prize").iterator(chunk_size=500):
        to = opened_address(shipment)
        yield (
            to.postal_code_written,
            to.prefecture,
            to.city,
            to.street,
            to.building,
            to.name,
            to.phone_written,
            shipment.award.prize.name,
            shipment.award.notice_number,
            shipment.tracking_number,
        )
