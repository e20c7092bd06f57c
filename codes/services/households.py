"""How many goods a dwelling receives: taken and given back by one conditional statement each, never counted (I04)."""

import uuid
from datetime import datetime

from django.db import connection
from django.db.models import F

from codes.address_errors import HouseholdLimit
from codes.addresses import Address, dwelling
from codes.models import Household, Shipment
from core import rows
from core.crypto import blind_index, blind_indexes
from core.index_keys import current_key_id
from core.keyed_fields import hold_value

NO_CAP = 32_767  # of the column
TAKE = """
INSERT INTO codes_household (
    created_at, updated_at, public_id, agency_id, campaign_id, address_index, index_key_id, used, cap
) VALUES (%s, %s, %s, %s, %s, %s, %s, 1, %s)
ON CONFLICT (campaign_id, address_index) DO UPDATE
SET used = codes_household.used + 1, cap = excluded.cap, updated_at = excluded.updated_at
WHERE codes_household.used < coalesce(excluded.cap, %s)
RETURNING id
"""


def household_index(*, campaign_id: int, address: Address) -> str:
    """Give the keyed hash under which a campaign keeps a dwelling."""
    return blind_index(dwelling(address), field="household", tenant=campaign_id)


def take_household_place(*, shipment: Shipment, address: Address, now: datetime) -> int:
    """Count a shipment, whose row is locked, for the dwelling of an address and for no other; returns its row's key.

    A dwelling that has the shipment already keeps it. The rows there are are locked by their keys before one is made,
    so that two who change places do not wait for each other in a circle.

    Raises:
        HouseholdLimit: the dwelling has all that the campaign allows; the caller's transaction is to be given up.
    """
    campaign = shipment.award.entry.campaign
    indexes = blind_indexes(dwelling(address), field="household", tenant=campaign.pk)
    hold_value(indexes)
    known = Household.objects.filter(campaign=campaign, address_index__in=indexes)
    involved = known | Household.objects.filter(pk=shipment.household_id or 0)
    locked = {row.pk: row for row in involved.select_for_update().order_by("pk")}
    found = next((row for row in locked.values() if row.address_index in indexes), None)
    if found is not None and found.pk == shipment.household_id:
        return found.pk
    taken = _take(shipment, found.address_index if found else indexes[0], found, now)
    if shipment.household_id is not None:
        give_back_household_place(household_id=shipment.household_id, now=now)
    return taken


def give_back_household_place(*, household_id: int, now: datetime) -> None:
    """Let a dwelling have another one, in the caller's transaction."""
    Household.objects.filter(pk=household_id).update(used=F("used") - 1, updated_at=now)


def _take(shipment: Shipment, index: str, found: Household | None, now: datetime) -> int:
    campaign = shipment.award.entry.campaign
    public_id = Household._meta.get_field("public_id").get_db_prep_value(uuid.uuid4(), connection)
    key_id = found.index_key_id if found else current_key_id()
    cap = campaign.goods_per_household
    values = [now, now, public_id, shipment.agency_id, campaign.pk, index, key_id, cap, NO_CAP]
    row = rows.one(TAKE, values)
    if row is None:
        raise HouseholdLimit(shipment_id=shipment.pk)
    return int(row[0])
