"""What winners of goods are told: to give an address, that it is late, that the parcel left, that it came back."""

from datetime import timedelta

import pytest

from codes.models import Shipment, ShipmentStatus
from codes.services import give_address, note_come_back
from core.errors import StaleState
from distribution.composing import compose
from distribution.models import Delivery, DeliveryKind
from distribution.selectors import awards_to_remind_of, out_of_date
from distribution.services import remind_of_award, send_parcel, take_parcel_back
from journeys.audit import violations
from tests.factories import NOW
from tests.worlds import address, contact, goods_campaign, win

pytestmark = pytest.mark.django_db


@pytest.fixture
def award():
    return win(goods_campaign())


def written(delivery: Delivery):
    return compose(delivery, contact(delivery.entry))


def ready(award) -> Shipment:
    return give_address(award_id=award.pk, typed=address(), now=NOW)


def test_R05_the_notice_asks_for_the_address_and_speaks_of_no_code(award):
    message = written(award.delivery)

    assert "お届け先を入力する" in message.text
    assert "お届け先の入力期限：" in message.text
    assert "コード" not in message.text + message.subject
    assert "3,000円" not in message.text + str(message.line_messages)


def test_a_winner_is_reminded_once_of_an_address_that_is_missing(award):
    near = award.claim_expires_at - timedelta(days=3)
    other = win(goods_campaign())
    ready(other)

    assert awards_to_remind_of(near) == [award.pk]
    reminder = remind_of_award(award_id=award.pk, now=near)

    assert "お届け先がまだ入力されていません" in written(reminder).text
    assert awards_to_remind_of(near) == []
    assert out_of_date(reminder, near) is None
    ready(award)
    assert out_of_date(reminder, near) == "address_given"


def test_a_parcel_that_left_is_told_with_its_number(award):
    shipment = ready(award)

    send_parcel(shipment_id=shipment.pk, tracking_number="1234-5678-9012", now=NOW)

    told = Delivery.objects.get(kind=DeliveryKind.SHIPPED)
    assert "送り状番号：1234-5678-9012" in written(told).text
    assert told.about == award
    with pytest.raises(StaleState):
        send_parcel(shipment_id=shipment.pk, now=NOW)
    assert Delivery.objects.filter(kind=DeliveryKind.SHIPPED).count() == 1
    assert violations(NOW) == {}  # I03: the award has its one notice still


def test_a_parcel_without_a_number_is_told_without_one(award):
    send_parcel(shipment_id=ready(award).pk, now=NOW)

    assert "送り状番号" not in written(Delivery.objects.get(kind=DeliveryKind.SHIPPED)).text


def test_a_parcel_that_came_back_asks_again_until_the_address_is_there(award):
    shipment = ready(award)
    send_parcel(shipment_id=shipment.pk, now=NOW)
    take_parcel_back(shipment_id=shipment.pk, reason="宛所不明", now=NOW)
    asked, left = (Delivery.objects.get(kind=kind) for kind in (DeliveryKind.ADDRESS_AGAIN, DeliveryKind.SHIPPED))

    assert "戻ってきました" in written(asked).text
    assert (out_of_date(asked, NOW), out_of_date(left, NOW)) == (None, "came_back")
    ready(award)
    assert out_of_date(asked, NOW) == "address_given"


def test_a_refused_return_tells_nobody(award):
    shipment = ready(award)

    with pytest.raises(StaleState):
        take_parcel_back(shipment_id=shipment.pk, reason="宛所不明", now=NOW)

    assert not Delivery.objects.filter(kind=DeliveryKind.ADDRESS_AGAIN).exists()
    assert Shipment.objects.get().status == ShipmentStatus.READY
    with pytest.raises(StaleState):
        note_come_back(shipment_id=shipment.pk, reason="宛所不明", now=NOW)
