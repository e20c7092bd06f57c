"""An award of goods gets its address from the winner, goes to the shipper, may come back, and is forgotten in time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from accounts import audit
from campaigns.models import ClaimBinding
from codes.address_errors import ShipmentReasonMissing
from codes.addresses import Address, accepted_address, address_text
from codes.errors import AwardVoided
from codes.holders import Holder
from codes.models import Award, Shipment, ShipmentStatus
from codes.services.binding import hold_award, prove_pin
from codes.services.claiming import open_claim
from codes.services.households import give_back_household_place, take_household_place
from codes.shipments import check_address_wanted
from core.clock import end_of_jst_day, jst_day
from core.crypto import encrypt
from participants.models import TouchKind
from participants.services import record_touch


def give_address(*, award_id: int, typed: Mapping[str, str], now: datetime, holder: Holder | None = None) -> Shipment:
    """Take, or correct, the address to which an award of goods is sent, from whoever may open the award.

    Raises:
        AddressNotAccepted: parts of it cannot be taken.
        BoundElsewhere, LineProofNeeded, ClaimPinWrong, ClaimPaused, PinNotUsable: this is not the holder.
        AwardVoided, ClaimExpired: withdrawn, or the deadline passed before an address was given.
        AddressNotAsked: nothing is sent.
        AddressFixed: the shipper has it already.
        HouseholdLimit: its household has received all that the campaign allows.
    """
    open_claim(award_id=award_id, now=now)
    address, holder = accepted_address(typed), holder or Holder()
    award = Award.objects.select_related("entry__campaign").get(pk=award_id)
    check_address_wanted(award, now)
    new_pin_hash = ""
    if award.entry.campaign.claim_binding == ClaimBinding.PIN and not holder.knows_pin:
        new_pin_hash = prove_pin(award_id=award_id, pin=holder.pin, now=now)  # slow on purpose: outside of the lock
        holder = replace(holder, knows_pin=not new_pin_hash)
    return _keep_address(award_id, address, holder, new_pin_hash, now)


@transaction.atomic
def _keep_address(award_id: int, address: Address, holder: Holder, new_pin_hash: str, now: datetime) -> Shipment:
    award = Award.objects.select_for_update(of=("self",)).select_related("entry__campaign").get(pk=award_id)
    locked_shipment(award_id=award_id)
    shipment = check_address_wanted(award, now)
    hold_award(award, holder, new_pin_hash=new_pin_hash, now=now)
    is_corrected = shipment.status == ShipmentStatus.READY
    shipment.move_to(
        ShipmentStatus.READY,
        address_ciphertext=encrypt(address_text(address), table="shipment", column="address", row=shipment.public_id),
        masked=address.masked,
        household_id=take_household_place(shipment=shipment, address=address, now=now),
        address_given_at=now,
        shipping_list=None,
        tracking_number="",
        purged_at=None,
        updated_at=now,
    )
    audit.record("address.corrected" if is_corrected else "address.given", subject=shipment, actor_label="holder")
    touch_shipment(shipment=shipment, kind=TouchKind.ADDRESS, now=now)
    return shipment


@transaction.atomic
def hand_over(*, shipment_id: int, now: datetime, tracking_number: str = "", actor_id: int | None = None) -> Shipment:
    """Note that a parcel is with the shipper, with its tracking number if there is one.

    Raises:
        StaleState: it is not ready, or was handed over already.
    """
    shipment = locked_shipment(shipment_id=shipment_id)
    shipment.move_to(ShipmentStatus.HANDED_OVER, handed_over_at=now, tracking_number=tracking_number, updated_at=now)
    audit.record("shipment.handed_over", subject=shipment, actor_id=actor_id, tracked=bool(tracking_number))
    touch_shipment(shipment=shipment, kind=TouchKind.SHIPPED, now=now)
    return shipment


@transaction.atomic
def note_come_back(*, shipment_id: int, reason: str, now: datetime, actor_id: int | None = None) -> Shipment:
    """Note that a parcel came back; its winner has the campaign's days once more to give an address.

    Raises:
        ShipmentReasonMissing: no reason is given.
        AwardVoided: it was withdrawn, so that nothing is sent again.
        StaleState: it was not handed over.
    """
    if not reason.strip():
        raise ShipmentReasonMissing
    shipment = locked_shipment(shipment_id=shipment_id)
    if shipment.award.voided_at is not None:
        raise AwardVoided
    days = shipment.award.entry.campaign.claim_days
    asked_until = end_of_jst_day(jst_day(now) + timedelta(days=days))
    shipment.move_to(ShipmentStatus.RETURNED, returned_at=now, asked_again_until=asked_until, updated_at=now)
    audit.record("shipment.came_back", subject=shipment, actor_id=actor_id, reason=reason)
    touch_shipment(shipment=shipment, kind=TouchKind.CAME_BACK, now=now)
    return shipment


def cancel_shipment(*, award_id: int, now: datetime) -> bool:
    """Send nothing of a withdrawn award, forget its address and give its household's place back.

    Returns whether the goods are out: then they were given, and everything stays as it is. In the caller's
    transaction, which holds the award.
    """
    shipment = Shipment.objects.select_for_update().filter(award_id=award_id).first()
    if shipment is None or shipment.status == ShipmentStatus.CANCELLED:
        return False
    if shipment.status == ShipmentStatus.HANDED_OVER:
        return True
    household_id = shipment.household_id
    shipment.move_to(
        ShipmentStatus.CANCELLED,
        address_ciphertext="",
        masked="",
        household=None,
        purged_at=now if shipment.address_ciphertext else shipment.purged_at,
        updated_at=now,
    )
    if household_id is not None:
        give_back_household_place(household_id=household_id, now=now)
    audit.record("shipment.cancelled", subject=shipment)
    return False


def locked_shipment(*, shipment_id: int | None = None, award_id: int | None = None) -> Shipment:
    """Give a shipment, named by itself or its award, whose row nobody else moves meanwhile."""
    shipments = Shipment.objects.select_for_update(of=("self",)).select_related("award__entry__campaign")
    return shipments.get(**({"award": award_id} if shipment_id is None else {"pk": shipment_id}))


def touch_shipment(*, shipment: Shipment, kind: TouchKind, now: datetime) -> None:
    """Write a line of the winner's timeline."""
    entry = shipment.award.entry
    record_touch(
        kind=kind,
        agency_id=shipment.agency_id,
        participant_id=entry.participant_id,
        campaign_id=entry.campaign_id,
        entry_id=entry.pk,
        now=now,
    )
