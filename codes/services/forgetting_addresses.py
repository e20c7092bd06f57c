"""Addresses end: after the campaign's days, by an order of the person, and under a new key (I18).

How many goods a dwelling received is known by its hash as long as its campaign may send more.
"""

from datetime import datetime

from django.db import transaction

from accounts import audit
from campaigns.models import Campaign
from codes.models import Household, Shipment
from codes.services.households import household_index
from codes.services.shipping import cancel_shipment
from codes.shipments import addresses_past_retention, households_past_use, opened_address
from core.errors import SecretDamaged
from core.reindexing import Reindexed, reindex_rows
from core.resealing import Resealed, reseal_texts

AT_ONCE = 500


@transaction.atomic
def purge_addresses(*, now: datetime) -> int:
    """Delete the addresses that were kept long enough, some at a time; returns how many."""
    due = addresses_past_retention(now).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
    found = list(Shipment.objects.select_for_update(skip_locked=True).filter(pk__in=list(due)).order_by("pk"))
    for shipment in found:
        _forget(shipment, now)
    for campaign_id in sorted({shipment.award.entry.campaign_id for shipment in found}):
        campaign = Campaign.objects.get(pk=campaign_id)
        count = sum(shipment.award.entry.campaign_id == campaign_id for shipment in found)
        audit.record("addresses.purged", subject=campaign, count=count)
    return len(found)


@transaction.atomic
def forget_households(*, now: datetime) -> int:
    """Delete dwellings that nothing is counted for any more, with their hashes, some at a time; returns how many."""
    due = households_past_use(now).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
    found = list(Household.objects.select_for_update().filter(pk__in=list(due)).order_by("pk"))
    ids = [household.pk for household in found]
    Shipment.objects.filter(household__in=ids).update(household=None, updated_at=now)
    Household.objects.filter(pk__in=ids).delete()
    for campaign in Campaign.objects.filter(pk__in={household.campaign_id for household in found}).order_by("pk"):
        count = sum(household.campaign_id == campaign.pk for household in found)
        audit.record("households.purged", subject=campaign, count=count)
    return len(found)


@transaction.atomic
def forget_addresses(*, participant_id: int, now: datetime) -> int:
    """Delete every address that a person gave; parcels that have not left are not sent. Returns how many were deleted.

    It is the part of an erasure that concerns parcels.
    """
    shipments = Shipment.objects.filter(award__entry__participant_id=participant_id).exclude(address_ciphertext="")
    found = list(shipments.select_for_update(of=("self",)).order_by("pk"))
    for shipment in found:
        if cancel_shipment(award_id=shipment.award_id, now=now):
            _forget(shipment, now)
            audit.record("address.erased", subject=shipment)
    return len(found)


def reseal_addresses(*, after: int) -> Resealed:
    """Seal the next addresses behind a key anew.

    Raises:
        KeyUnavailable: the key of one of them is not loaded.
    """
    return reseal_texts(Shipment, after=after)


def reindex_households(*, after: int) -> Reindexed:
    """Index the next households behind a key anew, out of an address that is still there; others keep their key.

    Raises:
        KeyUnavailable: the key that seals one of them is not loaded.
    """
    with_address = Shipment.objects.exclude(address_ciphertext="").filter(household__isnull=False)
    households = Household.objects.filter(pk__in=with_address.values("household"))
    return reindex_rows(households, "address_index", _index_of, after=after)


def _index_of(household: Household) -> str:
    shipment = household.shipments.exclude(address_ciphertext="").order_by("pk").first()
    if shipment is None:
        raise SecretDamaged
    return household_index(campaign_id=household.campaign_id, address=opened_address(shipment))


def _forget(shipment: Shipment, now: datetime) -> None:
    Shipment.objects.filter(pk=shipment.pk).update(address_ciphertext="", masked="", purged_at=now, updated_at=now)
