"""The last goods of a household, asked for by many of its people at once (I04)."""

from typing import Any

import pytest
from django.db import connection, transaction

from codes.addresses import Address
from codes.models import Award, Household, Shipment, ShipmentStatus
from codes.services import give_address, households, shipping, void_award
from journeys.audit import violations
from tests.factories import NOW
from tests.races.racing import race, refusals, successes, until_shown, without_constraints
from tests.worlds import World, address, goods_campaign, win

pytestmark = pytest.mark.django_db(transaction=True)

WINNERS, LIMIT = 24, 3


def awards(world: World, count: int = WINNERS) -> list[Award]:
    return [win(world) for _ in range(count)]


def places(world: World) -> dict[int, int]:
    return dict(Household.objects.filter(campaign=world.campaign).values_list("pk", "used"))


def test_I04_a_household_at_one_moment_receives_its_goods_exactly():
    world = goods_campaign(goods_per_household=LIMIT)
    won = awards(world)

    outcomes = race([lambda pk=award.pk: give_address(award_id=pk, typed=address(), now=NOW) for award in won])

    assert len(successes(outcomes)) == LIMIT
    assert refusals(outcomes) == ["HouseholdLimit"] * (WINNERS - LIMIT)
    assert list(places(world).values()) == [LIMIT]
    assert Shipment.objects.filter(status=ShipmentStatus.READY).count() == LIMIT
    assert violations(NOW) == {}


def test_I04_people_who_change_places_wait_for_each_other_and_nobody_is_counted_twice():
    world = goods_campaign(goods_per_household=2)
    won = awards(world, 8)
    for number, award in enumerate(won):
        give_address(award_id=award.pk, typed=address(street=f"原宿{number % 4}-1"), now=NOW)
    moves = [
        lambda pk=award.pk, to=(number + 1) % 4: give_address(award_id=pk, typed=address(street=f"原宿{to}-1"), now=NOW)
        for number, award in enumerate(won)
    ]
    leaves = [lambda pk=award.pk: void_award(award_id=pk, reason="検査", now=NOW) for award in won[:2]]

    outcomes = race([*moves, *leaves])

    assert set(refusals(outcomes)) <= {"HouseholdLimit", "AwardVoided", "StaleState"}
    assert max(places(world).values()) <= 2
    assert sum(places(world).values()) == 6
    assert violations(NOW) == {}


def test_I04_counting_first_and_writing_afterwards_would_give_too_many():
    """The control: with the condition read before and written apart, and the check taken out, more go out."""

    def counted_and_written(*, shipment: Shipment, address: Address, now: Any) -> int:
        index = households.household_index(campaign_id=shipment.award.entry.campaign_id, address=address)
        campaign = shipment.award.entry.campaign
        row, _made = Household.objects.get_or_create(
            campaign=campaign, address_index=index, defaults={"agency_id": shipment.agency_id, "cap": LIMIT}
        )
        if row.shipments.count() >= LIMIT:
            raise households.HouseholdLimit
        Household.objects.filter(pk=row.pk).update(used=row.used + 1)
        return row.pk

    def too_many() -> bool:
        world = goods_campaign(goods_per_household=LIMIT)
        won = awards(world, 8)
        outcomes = race([lambda pk=award.pk: give_address(award_id=pk, typed=address(), now=NOW) for award in won])
        refusals(outcomes)
        return len(successes(outcomes)) > LIMIT

    assert connection.vendor == "postgresql"
    with pytest.MonkeyPatch.context() as patch, without_constraints(Household, "household_within_cap"):
        patch.setattr(shipping, "take_household_place", counted_and_written)
        assert until_shown(too_many)
        with transaction.atomic():  # the rows that break the constraint go before it comes back
            Shipment.objects.update(household=None, status=ShipmentStatus.WAITING)
            Household.objects.all().delete()
