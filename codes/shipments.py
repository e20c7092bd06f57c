"""Reads: parcels, whether their address may still be given, and how long it is kept."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.models import Campaign, CampaignStatus
from codes.address_errors import AddressFixed, AddressNotAsked
from codes.addresses import Address, address_of
from codes.errors import AwardVoided, ClaimExpired
from codes.models import Award, Household, Shipment, ShipmentStatus
from core.crypto import decrypt
from core.reindexing import Kept, kept_by_key

ASKED = (ShipmentStatus.WAITING, ShipmentStatus.READY, ShipmentStatus.RETURNED)
ENDED = (CampaignStatus.SETTLED, CampaignStatus.ARCHIVED)


def check_address_wanted(award: Award, now: datetime) -> Shipment:
    """Give the shipment whose address may be given or corrected now; raises as `give_address`."""
    shipment = Shipment.objects.filter(award=award).first()
    if award.voided_at is not None:
        raise AwardVoided
    if shipment is None or shipment.status == ShipmentStatus.CANCELLED:
        raise AddressNotAsked(award_id=award.pk)
    if shipment.status not in ASKED:
        raise AddressFixed(award_id=award.pk)
    shipment.award = award
    if shipment.status != ShipmentStatus.READY and shipment.address_until <= now:
        raise ClaimExpired
    return shipment


def opened_address(shipment: Shipment) -> Address:
    """Open the address of a shipment; whoever shows it writes a line in the trail first.

    Raises:
        KeyUnavailable, SecretDamaged: as `core.crypto.decrypt`.
    """
    return address_of(decrypt(shipment.address_ciphertext, table="shipment", column="address", row=shipment.public_id))


def addresses_past_retention(now: datetime) -> QuerySet[Shipment]:
    """Give the shipments whose address was kept long enough: since the parcel left, or since nobody answered again."""
    due = Q(pk__in=[])
    for days in Campaign.objects.order_by().values_list("address_days", flat=True).distinct():
        before = now - timedelta(days=days)
        left = Q(status=ShipmentStatus.HANDED_OVER, handed_over_at__lte=before)
        silent = Q(status=ShipmentStatus.RETURNED, asked_again_until__lte=before)
        due |= Q(award__entry__campaign__address_days=days) & (left | silent)
    return Shipment.objects.filter(due).exclude(address_ciphertext="")


def households_past_use(now: datetime) -> QuerySet[Household]:
    """Give the households of settled campaigns whose addresses are all deleted and of whom none is asked again."""
    has_address = ~Q(address_ciphertext="") | Q(purged_at__isnull=True)
    is_asked = Q(status=ShipmentStatus.RETURNED, asked_again_until__gt=now)
    needing = Shipment.objects.filter(has_address | is_asked, household=OuterRef("pk"))
    return Household.objects.filter(~Exists(needing), campaign__status__in=ENDED)


def households_by_index_key(now: datetime) -> dict[str, Kept]:
    """Count the households by the index key that they are found under."""
    return kept_by_key(Household.objects.all())
