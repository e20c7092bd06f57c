"""A household's count and hash go when nothing is counted for it any more, and not before (I18, I04)."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from campaigns.models import Campaign, CampaignStatus
from codes.models import Household, Shipment
from codes.services import forget_households, give_address, hand_over, note_come_back, purge_addresses
from codes.services.index_keys import uses_of_index_keys
from journeys.audit import violations
from tests.codes.test_sealing import NEW
from tests.codes.test_shipping import given, places
from tests.factories import NOW
from tests.worlds import address, goods_campaign

pytestmark = pytest.mark.django_db


def settle(world) -> None:
    Campaign.objects.filter(pk=world.campaign.pk).update(status=CampaignStatus.SETTLED)


def test_I18_a_household_goes_with_its_last_address_once_its_campaign_is_settled():
    world = goods_campaign(goods_per_household=2, address_days=10)
    (first, second), other = [given(world), given(world)], given(world, street="原宿9")
    third = given(goods_campaign(address_days=10))  # of a campaign that runs on
    for shipment in (first, other, third):
        hand_over(shipment_id=shipment.pk, now=NOW)
    end = NOW + timedelta(days=10)
    assert purge_addresses(now=end) == 3
    assert forget_households(now=end) == 0  # the campaign may still send more
    settle(world)

    assert forget_households(now=end) == 1

    assert places(world) == [(2, 2)]
    assert [Shipment.objects.get(pk=row.pk).household_id for row in (first, second, other)] == [
        first.household_id,
        second.household_id,
        None,
    ]
    assert AuditEntry.objects.get(action="households.purged").facts == {"count": 1}
    assert violations(NOW) == {}
    hand_over(shipment_id=second.pk, now=end)
    assert (purge_addresses(now=end + timedelta(days=10)), forget_households(now=end + timedelta(days=10))) == (1, 1)
    assert places(world) == []
    assert Household.objects.count() == 1
    assert violations(NOW) == {}


def test_I18_a_household_whose_parcel_came_back_stays_while_its_winner_is_asked():
    world = goods_campaign(goods_per_household=1, address_days=1)
    shipment = given(world)
    hand_over(shipment_id=shipment.pk, now=NOW)
    end = NOW + timedelta(days=1)
    purge_addresses(now=end)
    settle(world)
    back = note_come_back(shipment_id=shipment.pk, reason="不在", now=end)

    assert forget_households(now=back.asked_again_until - timedelta(microseconds=1)) == 0
    again = give_address(award_id=shipment.award_id, typed=address(street="原宿9"), now=end)

    assert again.purged_at is None
    assert places(world) == [(0, 1), (1, 1)]
    assert forget_households(now=back.asked_again_until) == 1  # the one that nothing is counted for
    assert places(world) == [(1, 1)]
    assert violations(NOW) == {}


def test_I18_a_parcel_that_comes_back_when_its_household_is_gone_is_sent_again():
    world = goods_campaign(goods_per_household=1, address_days=1)
    shipment = given(world)
    hand_over(shipment_id=shipment.pk, now=NOW)
    end = NOW + timedelta(days=1)
    settle(world)
    assert (purge_addresses(now=end), forget_households(now=end)) == (1, 1)

    note_come_back(shipment_id=shipment.pk, reason="不在", now=end)
    give_address(award_id=shipment.award_id, typed=address(), now=end)

    assert places(world) == [(1, 1)]
    assert violations(NOW) == {}


def test_F28_no_household_keeps_an_index_key_that_is_let_go(settings):
    world = goods_campaign(address_days=1)
    hand_over(shipment_id=given(world).pk, now=NOW)
    end = NOW + timedelta(days=1)
    purge_addresses(now=end)
    settle(world)
    settings.INDEX_KEYS, settings.INDEX_KEY_ID = {**settings.INDEX_KEYS, "1": NEW}, "1"

    assert uses_of_index_keys(end)["0"]["households"].count == 1
    forget_households(now=end)
    assert "households" not in uses_of_index_keys(end)["0"]
