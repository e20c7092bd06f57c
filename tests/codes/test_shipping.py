"""Goods: the address comes after the win, a household has its limit, parcels go out, come back, and are forgotten."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from campaigns.errors import NotPublishable
from campaigns.models import GOODS, Budget, Campaign, CampaignStatus, ClaimBinding, PrizeKind
from campaigns.selectors import publish_obstacles
from campaigns.services import publish_campaign
from codes.address_errors import (
    AddressFixed,
    AddressNotAccepted,
    AddressNotAsked,
    HouseholdLimit,
    ShipmentReasonMissing,
)
from codes.errors import AwardVoided, BoundElsewhere, ClaimExpired, ClaimPinWrong
from codes.holders import Holder
from codes.models import Award, Household, Shipment, ShipmentStatus
from codes.services import (
    forget_addresses,
    give_address,
    hand_over,
    note_come_back,
    purge_addresses,
    set_running_budget,
    void_award,
)
from codes.shipments import opened_address
from core.errors import StaleState
from journeys.audit import violations
from participants.models import Touch, TouchKind
from tests import factories
from tests.factories import NOW
from tests.worlds import address, goods_campaign, open_campaign, win

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def given(world, **changed) -> Shipment:
    return give_address(award_id=win(world).pk, typed=address(**changed), now=NOW)


def places(world) -> list[tuple[int, int | None]]:
    return list(Household.objects.filter(campaign=world.campaign).order_by("pk").values_list("used", "cap"))


@pytest.mark.parametrize("kind", GOODS)
def test_R05_goods_and_samples_are_won_without_a_code_and_with_a_parcel_that_waits(kind):
    award = win(goods_campaign(kind=kind))

    assert award.gift_code is None
    assert award.shipment.status == ShipmentStatus.WAITING
    assert (award.shipment.address_ciphertext, award.shipment.masked) == ("", "")
    assert award.delivery.kind == "award"  # I03
    assert violations(NOW) == {}


@pytest.mark.parametrize("kind", [kind for kind in PrizeKind if kind not in GOODS])
def test_R05_every_other_kind_needs_a_code_and_has_no_parcel(kind):
    award = (
        win(open_campaign(kind=kind)) if kind == PrizeKind.OWN_CODE else factories.AwardFactory.create(prize__kind=kind)
    )

    assert award.gift_code is not None
    assert not Shipment.objects.exists()


def test_an_address_is_sealed_and_opened_only_on_purpose():
    shipment = given(goods_campaign(), building="コーポ山田405")
    stored = Shipment.objects.get()

    assert stored.status == ShipmentStatus.READY
    assert stored.address_ciphertext.startswith("v1:")
    assert stored.masked == "東京都 水***"
    assert opened_address(stored).building == "コーポ山田405"
    assert AuditEntry.objects.get(action="address.given").subject_id == str(shipment.public_id)
    assert Touch.objects.filter(kind=TouchKind.ADDRESS, entry=shipment.award.entry).count() == 1
    assert violations(NOW) == {}


def test_an_address_is_corrected_until_it_is_handed_over():
    shipment = given(goods_campaign())
    corrected = give_address(award_id=shipment.award_id, typed=address(street="原宿9-9"), now=LATER)

    assert opened_address(Shipment.objects.get()).street == "原宿9-9"
    assert corrected.address_given_at == LATER
    assert AuditEntry.objects.filter(action="address.corrected").count() == 1

    hand_over(shipment_id=shipment.pk, tracking_number="1234-5678-9012", now=LATER)
    with pytest.raises(AddressFixed):
        give_address(award_id=shipment.award_id, typed=address(), now=LATER)
    assert opened_address(Shipment.objects.get()).street == "原宿9-9"


def test_a_wrong_address_changes_nothing():
    award = win(goods_campaign())

    with pytest.raises(AddressNotAccepted):
        give_address(award_id=award.pk, typed=address(postal_code="1"), now=NOW)

    assert Shipment.objects.get().status == ShipmentStatus.WAITING
    assert not Household.objects.exists()


def test_a_prize_with_a_code_asks_for_no_address():
    award = win(open_campaign())

    with pytest.raises(AddressNotAsked):
        give_address(award_id=award.pk, typed=address(), now=NOW)
    assert not Shipment.objects.exists()


def test_the_deadline_binds_the_first_address_and_not_its_correction():
    world = goods_campaign()
    in_time, late = win(world), win(world)
    give_address(award_id=in_time.pk, typed=address(), now=in_time.claim_expires_at - timedelta(microseconds=1))

    give_address(award_id=in_time.pk, typed=address(street="原宿2"), now=in_time.claim_expires_at)
    with pytest.raises(ClaimExpired):
        give_address(award_id=late.pk, typed=address(), now=late.claim_expires_at)

    assert [row.status for row in Shipment.objects.order_by("pk")] == [ShipmentStatus.READY, ShipmentStatus.WAITING]


def test_T06_the_rules_of_the_holder_are_those_of_codes():
    award = win(goods_campaign(claim_binding=ClaimBinding.DEVICE))
    give_address(award_id=award.pk, typed=address(), now=NOW, holder=Holder(device="mine"))

    with pytest.raises(BoundElsewhere):
        give_address(award_id=award.pk, typed=address(street="泥棒町1"), now=NOW, holder=Holder(device="other"))

    assert opened_address(Shipment.objects.get()).street == "神宮前1丁目2番3号"


def test_T06_a_pin_is_asked_for_as_with_codes():
    award = win(goods_campaign(claim_binding=ClaimBinding.PIN))
    give_address(award_id=award.pk, typed=address(), now=NOW, holder=Holder(pin="2580"))

    with pytest.raises(ClaimPinWrong):
        give_address(award_id=award.pk, typed=address(street="泥棒町1"), now=NOW, holder=Holder(pin="0852"))

    assert opened_address(Shipment.objects.get()).street == "神宮前1丁目2番3号"


def test_I04_a_household_receives_as_many_as_the_campaign_says_and_no_more():
    world = goods_campaign(goods_per_household=2)
    given(world), given(world, name="水引 太郎", street="神宮前1-2-3")
    third = win(world)

    with pytest.raises(HouseholdLimit) as refused:
        give_address(award_id=third.pk, typed=address(), now=NOW)

    assert refused.value.code == "household_limit"
    assert places(world) == [(2, 2)]
    assert Shipment.objects.get(award=third).status == ShipmentStatus.WAITING
    give_address(award_id=third.pk, typed=address(street="原宿9"), now=NOW)
    assert places(world) == [(2, 2), (1, 2)]
    assert violations(NOW) == {}


def test_I04_each_campaign_counts_for_itself_and_none_without_a_limit_refuses():
    first, second = goods_campaign(goods_per_household=1), goods_campaign()
    given(first), [given(second) for _ in range(3)]

    assert (places(first), places(second)) == ([(1, 1)], [(3, None)])


def test_I04_a_correction_releases_the_old_household_and_takes_the_new_one():
    world = goods_campaign(goods_per_household=1)
    moving = given(world)
    other = given(world, street="原宿9")

    with pytest.raises(HouseholdLimit):
        give_address(award_id=moving.award_id, typed=address(street="原宿9"), now=LATER)
    assert places(world) == [(1, 1), (1, 1)]
    assert opened_address(Shipment.objects.get(pk=moving.pk)).street == "神宮前1丁目2番3号"

    give_address(award_id=moving.award_id, typed=address(street="千駄ヶ谷5"), now=LATER)
    give_address(award_id=other.award_id, typed=address(), now=LATER)
    assert places(world) == [(1, 1), (0, 1), (1, 1)]
    assert violations(NOW) == {}


def test_I04_the_same_dwelling_in_another_writing_keeps_its_one_place():
    world = goods_campaign(goods_per_household=1)
    shipment = given(world)

    give_address(award_id=shipment.award_id, typed=address(street="神宮前1-2-3"), now=LATER)

    assert places(world) == [(1, 1)]


def test_I04_a_lower_limit_takes_nothing_back_and_gives_no_more():
    world = goods_campaign(goods_per_household=3)
    given(world), given(world)
    Campaign.objects.filter(pk=world.campaign.pk).update(goods_per_household=1)

    with pytest.raises(HouseholdLimit):
        given(world)

    assert places(world) == [(2, 3)]
    assert violations(NOW) == {}


def test_I04_a_withdrawn_award_gives_its_place_back_and_forgets_the_address():
    world = goods_campaign(goods_per_household=1)
    set_running_budget(campaign_id=world.campaign.pk, total_jpy=6000, now=NOW)
    shipment = given(world)

    void_award(award_id=shipment.award_id, reason="誤り", now=LATER)

    shipment.refresh_from_db()
    assert (shipment.status, shipment.address_ciphertext, shipment.masked) == (ShipmentStatus.CANCELLED, "", "")
    assert places(world) == [(0, 1)]
    assert Budget.objects.get().used_jpy == 0
    with pytest.raises(AwardVoided):
        give_address(award_id=shipment.award_id, typed=address(), now=LATER)
    given(world)
    assert violations(NOW) == {}


def test_I04_what_the_shipper_has_was_given_though_the_award_is_withdrawn():
    world = goods_campaign(goods_per_household=1)
    set_running_budget(campaign_id=world.campaign.pk, total_jpy=6000, now=NOW)
    shipment = given(world)
    hand_over(shipment_id=shipment.pk, now=NOW)

    void_award(award_id=shipment.award_id, reason="誤り", now=LATER)

    shipment.refresh_from_db()
    assert shipment.status == ShipmentStatus.HANDED_OVER
    assert (places(world), Budget.objects.get().used_jpy) == ([(1, 1)], 3000)
    with pytest.raises(AwardVoided):
        note_come_back(shipment_id=shipment.pk, reason="宛所不明", now=LATER)
    assert violations(NOW) == {}


def test_a_parcel_that_came_back_asks_for_its_address_once_more():
    world = goods_campaign(goods_per_household=1)
    shipment = given(world)
    hand_over(shipment_id=shipment.pk, tracking_number="1111", now=NOW)
    back_at = NOW + timedelta(days=40)  # past the first deadline

    with pytest.raises(ShipmentReasonMissing):
        note_come_back(shipment_id=shipment.pk, reason=" ", now=back_at)
    note_come_back(shipment_id=shipment.pk, reason="宛所不明", now=back_at)
    give_address(award_id=shipment.award_id, typed=address(street="原宿9"), now=back_at + timedelta(days=29))

    shipment.refresh_from_db()
    assert (shipment.status, shipment.tracking_number) == (ShipmentStatus.READY, "")
    assert places(world) == [(0, 1), (1, 1)]
    kinds = Touch.objects.filter(entry=shipment.award.entry).order_by("pk").values_list("kind", flat=True)
    assert list(kinds)[-4:] == [TouchKind.ADDRESS, TouchKind.SHIPPED, TouchKind.CAME_BACK, TouchKind.ADDRESS]


def test_nothing_is_handed_over_without_an_address_or_twice():
    world = goods_campaign()
    waiting, ready = win(world).shipment, given(world)
    hand_over(shipment_id=ready.pk, now=NOW)

    for shipment in (waiting, ready):
        with pytest.raises(StaleState):
            hand_over(shipment_id=shipment.pk, now=LATER)

    ready.refresh_from_db()
    assert ready.handed_over_at == NOW


def test_I18_addresses_are_deleted_after_the_campaign_s_days_and_the_counts_stay():
    world = goods_campaign(goods_per_household=1, address_days=90)
    sent, unsent = given(world), given(world, street="原宿9")
    hand_over(shipment_id=sent.pk, now=NOW)
    end = NOW + timedelta(days=90)

    assert purge_addresses(now=end - timedelta(microseconds=1)) == 0
    assert purge_addresses(now=end) == 1
    assert purge_addresses(now=end) == 0

    sent.refresh_from_db(), unsent.refresh_from_db()
    assert (sent.address_ciphertext, sent.masked, sent.purged_at) == ("", "", end)
    assert opened_address(unsent).street == "原宿9"
    assert places(world) == [(1, 1), (1, 1)]
    assert AuditEntry.objects.get(action="addresses.purged").facts == {"count": 1}
    with pytest.raises(HouseholdLimit):  # by the hash that stays
        given(world)
    assert violations(NOW) == {}


def test_I18_a_parcel_that_came_back_and_was_not_claimed_is_forgotten_as_well():
    shipment = given(goods_campaign(address_days=10))
    hand_over(shipment_id=shipment.pk, now=NOW)
    back = note_come_back(shipment_id=shipment.pk, reason="不在", now=NOW)

    assert purge_addresses(now=back.asked_again_until + timedelta(days=9)) == 0
    assert purge_addresses(now=back.asked_again_until + timedelta(days=10)) == 1


def test_I18_an_erasure_forgets_what_was_sent_and_sends_nothing_else():
    world = goods_campaign(goods_per_household=1)
    sent, unsent = given(world), given(world, street="原宿9")
    hand_over(shipment_id=sent.pk, now=NOW)

    counts = [
        forget_addresses(participant_id=row.award.entry.participant_id, now=LATER) for row in (sent, unsent, unsent)
    ]

    assert counts == [1, 1, 0]
    assert not Shipment.objects.exclude(address_ciphertext="", masked="").exists()
    sent.refresh_from_db(), unsent.refresh_from_db()
    assert (sent.status, unsent.status) == (ShipmentStatus.HANDED_OVER, ShipmentStatus.CANCELLED)
    assert places(world) == [(1, 1), (0, 1)]
    assert violations(NOW) == {}


def test_a_limit_per_household_needs_goods():
    world = goods_campaign(goods_per_household=1)
    world.prize.kind = PrizeKind.OWN_CODE
    world.prize.save(update_fields=["kind"])
    Campaign.objects.filter(pk=world.campaign.pk).update(status=CampaignStatus.DRAFT)
    campaign = Campaign.objects.get(pk=world.campaign.pk)

    assert [obstacle.code for obstacle in publish_obstacles(campaign, NOW)] == ["household_limit_without_goods"]
    with pytest.raises(NotPublishable):
        publish_campaign(campaign_id=campaign.pk, now=NOW)
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.DRAFT


def test_I04_the_audit_finds_a_household_that_was_counted_wrongly_and_an_award_without_its_parcel():
    world = goods_campaign(goods_per_household=2)
    given(world)
    household, second = Household.objects.get(), win(world)
    Household.objects.update(used=2)
    Shipment.objects.filter(award=second).delete()

    assert violations(NOW) == {"I04": [f"codes.award:{second.pk}", f"codes.household:{household.pk}"]}
    assert Award.objects.count() == 2
