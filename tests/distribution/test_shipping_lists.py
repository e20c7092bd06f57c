"""Addresses leave for the shipper by two people's word, and his numbers come back."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from codes.address_errors import (
    AddressFixed,
    NothingToShip,
    ShipmentReasonMissing,
    ShippingListEnded,
    ShippingListNotYours,
    TrackingFileNotAccepted,
)
from codes.errors import SecondPersonNeeded
from codes.models import Shipment, ShipmentStatus, ShippingList
from codes.services import (
    approve_shipping_list,
    give_address,
    open_shipping_list,
    refuse_shipping_list,
    request_shipping_list,
    take_off_list,
    void_award,
)
from core.errors import StaleState
from distribution.models import Delivery, DeliveryKind
from distribution.services import import_tracking
from journeys.audit import violations
from tests.factories import NOW, UserFactory
from tests.worlds import address, goods_campaign, win

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return goods_campaign()


@pytest.fixture
def people(db):
    return [UserFactory.create().pk for _ in range(3)]


def ready(world, **changed) -> Shipment:
    return give_address(award_id=win(world).pk, typed=address(**changed), now=NOW)


def asked(world, people) -> ShippingList:
    return request_shipping_list(campaign_id=world.campaign.pk, reason="第1便", now=NOW, actor_id=people[0])


def confirmed(world, people) -> ShippingList:
    return approve_shipping_list(list_id=asked(world, people).pk, now=NOW, actor_id=people[1])


def file_of(*rows: tuple[str, str]) -> bytes:
    return "\n".join(["受付番号,送り状番号", *(",".join(row) for row in rows)]).encode("cp932")


def test_T21_a_list_needs_a_reason_and_a_second_person(world, people):
    ready(world)
    with pytest.raises(ShipmentReasonMissing):
        request_shipping_list(campaign_id=world.campaign.pk, reason=" ", now=NOW, actor_id=people[0])
    wish = asked(world, people)

    with pytest.raises(SecondPersonNeeded):
        approve_shipping_list(list_id=wish.pk, now=NOW, actor_id=people[0])
    with pytest.raises(ShippingListEnded):
        open_shipping_list(list_id=wish.pk, now=NOW, actor_id=people[0])

    assert Shipment.objects.get().status == ShipmentStatus.READY
    assert not AuditEntry.objects.filter(action="shipping_list.opened").exists()


def test_I13_the_list_holds_what_the_shipper_needs_and_its_line_comes_before(world, people):
    shipment = ready(world, building="=HYPERLINK(1)")
    opened = confirmed(world, people)

    pieces = open_shipping_list(list_id=opened.pk, now=NOW, actor_id=people[1])

    line = AuditEntry.objects.get(action="shipping_list.opened")
    assert (line.actor_id, line.reason, line.facts["shipments"]) == (people[1], "第1便", 1)
    text = "".join(pieces)
    assert text.startswith("\ufeff郵便番号,")
    number = shipment.award.notice_number
    row = (
        f"150-0001,東京都,渋谷区,神宮前1丁目2番3号,'=HYPERLINK(1),水引 花子,090-1234-5678,{world.prize.name},{number},"
    )
    assert row in text  # T13


def test_only_the_two_people_open_it_and_only_for_a_day(world, people):
    ready(world)
    opened = confirmed(world, people)

    with pytest.raises(ShippingListNotYours):
        open_shipping_list(list_id=opened.pk, now=NOW, actor_id=people[2])
    with pytest.raises(ShippingListEnded):
        open_shipping_list(list_id=opened.pk, now=NOW + timedelta(hours=24), actor_id=people[0])

    assert not AuditEntry.objects.filter(action="shipping_list.opened").exists()


def test_what_is_on_a_list_is_fixed_until_it_is_taken_off(world, people):
    shipment = ready(world)
    confirmed(world, people)
    with pytest.raises(AddressFixed):
        give_address(award_id=shipment.award_id, typed=address(street="原宿9"), now=NOW)

    with pytest.raises(ShipmentReasonMissing):
        take_off_list(shipment_id=shipment.pk, reason="", now=NOW)
    take_off_list(shipment_id=shipment.pk, reason="本人から電話", now=NOW)
    give_address(award_id=shipment.award_id, typed=address(street="原宿9"), now=NOW)

    with pytest.raises(StaleState):
        take_off_list(shipment_id=shipment.pk, reason="もう一度", now=NOW)


def test_nothing_stands_on_two_lists_and_what_is_withdrawn_on_none(world, people):
    first, second = ready(world), ready(world, street="原宿9")
    opened = confirmed(world, people)
    with pytest.raises(NothingToShip):
        asked(world, people)

    void_award(award_id=second.award_id, reason="誤り", now=NOW)

    text = "".join(open_shipping_list(list_id=opened.pk, now=NOW, actor_id=people[0]))
    assert first.award.notice_number in text
    assert second.award.notice_number not in text


def test_a_refused_list_leaves_everything_as_it_was(world, people):
    ready(world)
    wish = asked(world, people)

    refuse_shipping_list(list_id=wish.pk, now=NOW, actor_id=people[1])

    with pytest.raises(StaleState):
        approve_shipping_list(list_id=wish.pk, now=NOW, actor_id=people[1])
    assert Shipment.objects.get().status == ShipmentStatus.READY


def test_tracking_numbers_come_in_once_and_winners_are_told(world, people):
    shipment, other = ready(world), ready(world, street="原宿9")
    confirmed(world, people)
    file = file_of((shipment.award.notice_number, "1234-5678-9012"), (other.award.notice_number, ""))

    counts = import_tracking(campaign_id=world.campaign.pk, data=file, now=NOW)
    again = import_tracking(campaign_id=world.campaign.pk, data=file, now=NOW + timedelta(hours=1))

    assert counts == {"rows": 2, "sent": 1, "same": 0, "without": 1}
    assert again == {"rows": 2, "sent": 0, "same": 1, "without": 1}
    shipment.refresh_from_db(), other.refresh_from_db()
    assert (shipment.status, shipment.tracking_number) == (ShipmentStatus.HANDED_OVER, "1234-5678-9012")
    assert (shipment.handed_over_at, other.status) == (NOW, ShipmentStatus.LISTED)
    assert Delivery.objects.filter(kind=DeliveryKind.SHIPPED).count() == 1
    assert violations(NOW) == {}


def test_a_file_with_a_problem_changes_nothing_and_names_its_rows(world, people):
    good, waiting, elsewhere = ready(world), win(world).shipment, ready(goods_campaign())
    rows = [
        (good.award.notice_number, "1234-5678-9012"),
        (good.award.notice_number, "1234-5678-9012"),
        (waiting.award.notice_number, "1234-5678-9013"),
        (elsewhere.award.notice_number, "1234-5678-9014"),
        ("0000-0000-0000", "1.2E+15"),
    ]

    with pytest.raises(TrackingFileNotAccepted) as refused:
        import_tracking(campaign_id=world.campaign.pk, data=file_of(*rows), now=NOW)

    assert refused.value.problems == [
        (3, "parcel_twice"),
        (4, "parcel_not_ready"),
        (5, "parcel_unknown"),
        (6, "parcel_unknown"),
    ]
    assert not Shipment.objects.filter(status=ShipmentStatus.HANDED_OVER).exists()
    assert not Delivery.objects.filter(kind=DeliveryKind.SHIPPED).exists()


@pytest.mark.parametrize(
    ("data", "reason", "problems"),
    [
        (b"", "file_empty", []),
        (b"PK\x03\x04", "file_is_archive", []),
        ("番号,送り状\n1,2".encode(), "columns_missing", []),
        ("受付番号,送り状番号\n1,2,3".encode(), "rows", [(2, "columns_differ")]),
        ('受付番号,送り状番号\n"1,2'.encode(), "row_broken", [(2, "row_broken")]),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(world, data, reason, problems):
    with pytest.raises(TrackingFileNotAccepted) as refused:
        import_tracking(campaign_id=world.campaign.pk, data=data, now=NOW)

    assert (refused.value.reason, refused.value.problems) == (reason, problems)


def test_a_number_that_a_spreadsheet_damaged_is_refused(world):
    shipment = ready(world)

    with pytest.raises(TrackingFileNotAccepted) as refused:
        import_tracking(campaign_id=world.campaign.pk, data=file_of((shipment.award.notice_number, "1.2E+15")), now=NOW)

    assert refused.value.problems == [(2, "tracking_malformed")]
