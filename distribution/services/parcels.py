"""Goods go out and come back, and their winner is told in the same transaction."""

from datetime import datetime

from django.db import transaction

from codes.models import Award, Shipment
from codes.services import hand_over, note_come_back
from core.queueing import wake_on_commit
from distribution.models import Delivery, DeliveryKind
from distribution.services.queueing import SEND_IDS, SEND_TASK
from participants.selectors import reachable_identity


@transaction.atomic
def send_parcel(*, shipment_id: int, now: datetime, tracking_number: str = "", actor_id: int | None = None) -> Shipment:
    """Note that a parcel is with the shipper, and tell its winner; raises as `codes.services.hand_over`."""
    shipment = hand_over(shipment_id=shipment_id, tracking_number=tracking_number, now=now, actor_id=actor_id)
    tell_of_parcel(award=shipment.award, kind=DeliveryKind.SHIPPED, now=now)
    return shipment


@transaction.atomic
def take_parcel_back(*, shipment_id: int, reason: str, now: datetime, actor_id: int | None = None) -> Shipment:
    """Note that a parcel came back, and ask its winner for the address; raises as `codes.services.note_come_back`."""
    shipment = note_come_back(shipment_id=shipment_id, reason=reason, now=now, actor_id=actor_id)
    tell_of_parcel(award=shipment.award, kind=DeliveryKind.ADDRESS_AGAIN, now=now)
    return shipment


def tell_of_parcel(*, award: Award, kind: DeliveryKind, now: datetime) -> Delivery | None:
    """Queue a message about a parcel, in the caller's transaction; None where there is nobody to write to."""
    if reachable_identity(award.entry.participant_id) is None:
        return None
    delivery = Delivery.objects.create(
        agency_id=award.agency_id, kind=kind, entry_id=award.entry_id, about=award, next_attempt_at=now
    )
    wake_on_commit(SEND_TASK, SEND_IDS, [delivery.pk])
    return delivery
