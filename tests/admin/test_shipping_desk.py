"""発送: addresses masked until somebody says why, lists by two people, the shipper's numbers in, parcels back."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import AuditEntry, Role
from codes.models import Shipment, ShipmentStatus, ShippingList, ShippingListStatus
from codes.services import give_address
from distribution.models import Delivery, DeliveryKind
from distribution.services import send_parcel
from tests.admin.registry import list_url, row_url
from tests.factories import NOW, EntryFactory, ShippingListFactory, SponsorFactory, UserFactory
from tests.worlds import address, goods_campaign, win

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(agency):
    return goods_campaign(sponsor=SponsorFactory.create(agency=agency))


@pytest.fixture
def shipment(world) -> Shipment:
    return give_address(award_id=win(world).pk, typed=address(), now=NOW)


def act(name: str, row: object) -> str:
    return reverse(f"admin:codes_{row._meta.model_name}_{name}", args=[row.pk])


def test_a_list_shows_no_address_and_finds_a_parcel_by_the_number_read_out(operator, shipment):
    page = operator.get(list_url("codes.shipment"), {"q": shipment.award.notice_number}).content.decode()
    other = operator.get(list_url("codes.shipment"), {"q": "0000-0000-0000"}).content.decode()

    assert "東京都 水***" in page
    assert not any(part in page for part in ("花子", "神宮前", "09012345678"))
    assert "東京都 水***" not in other


def test_I13_an_address_is_shown_for_a_reason_that_the_trail_has_before(operator, shipment):
    asked = operator.get(act("show_address", shipment)).content.decode()
    assert "神宮前" not in asked

    shown = operator.post(act("show_address", shipment), {"reason": "問い合わせ"})

    assert "東京都渋谷区神宮前1丁目2番3号" in shown.content.decode()
    assert "確認したら、このページを閉じてください。" in shown.content.decode()
    assert "まだ実行できません" not in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert AuditEntry.objects.get(action="shipment.viewed").reason == "問い合わせ"


def test_T21_a_list_is_asked_for_by_one_let_out_by_another_and_read_by_both(desk, world, shipment):
    one, other, third = desk(Role.OPERATOR), desk(Role.OPERATOR), desk(Role.OPERATOR)
    one.post(reverse("admin:codes_shippinglist_request_list"), {"campaign": world.campaign.pk, "reason": "第1便"})
    asked = ShippingList.objects.get()

    assert one.post(act("approve", asked)).status_code == 403
    other.post(act("approve", asked))

    assert Shipment.objects.get().status == ShipmentStatus.LISTED
    assert third.post(act("download", asked)).status_code == 403
    assert "神宮前" not in one.get(act("download", asked)).content.decode()
    file = b"".join(one.post(act("download", asked)).streaming_content).decode()
    assert "150-0001,東京都,渋谷区,神宮前1丁目2番3号,,水引 花子,090-1234-5678" in file
    assert AuditEntry.objects.filter(action="shipping_list.opened").count() == 1


def test_tracking_numbers_are_checked_before_they_count(operator, world, shipment):
    path = reverse("admin:codes_shipment_import_file")
    csv = f"受付番号,送り状番号\n{shipment.award.notice_number},1234-5678-9012".encode("cp932")

    checked = operator.post(path, {"owner": world.campaign.pk, "file": SimpleUploadedFile("a.csv", csv)})
    assert Shipment.objects.get().status == ShipmentStatus.READY
    assert not Delivery.objects.filter(kind=DeliveryKind.SHIPPED).exists()
    confirm = reverse("admin:codes_shipment_import_confirm")
    done = operator.post(confirm, {"plan": checked.context["plan"]}, follow=True).content.decode()

    assert "送り状番号を取り込み、当選者に発送のお知らせを送ります。" in done
    assert "審査に使われます" not in done
    assert "送り状番号を取り込む" in operator.get(path).content.decode()
    assert Shipment.objects.get().tracking_number == "1234-5678-9012"
    assert Delivery.objects.filter(kind=DeliveryKind.SHIPPED).count() == 1


def test_a_parcel_goes_out_and_comes_back_by_hand(operator, shipment):
    operator.post(act("hand_over", shipment), {"tracking_number": ""})
    assert Shipment.objects.get().status == ShipmentStatus.HANDED_OVER

    operator.post(act("came_back", shipment), {"reason": "宛所不明"})

    assert Shipment.objects.get().status == ShipmentStatus.RETURNED
    assert operator.get(row_url(shipment)).status_code == 200


def test_today_counts_parcels_that_can_leave_and_leads_to_lists_that_wait(operator, world, shipment):
    quiet = operator.get(reverse("admin:index")).content.decode()
    asked = ShippingListFactory(campaign=world.campaign, total_count=1)
    shown = operator.get(reverse("admin:index")).content.decode()

    line = f"{world.campaign.title}：1件の発送リストが2人目の確認を待っています"
    assert "発送する荷物" in quiet
    assert line not in quiet
    assert line in shown
    assert row_url(asked) in shown


def test_a_list_that_was_let_out_leads_to_its_tracking_numbers(operator, world, shipment):
    asked = ShippingListFactory(campaign=world.campaign, total_count=1)
    tracking = act("tracking", asked)
    assert tracking not in operator.get(row_url(asked)).content.decode()

    ShippingList.objects.update(status=ShippingListStatus.APPROVED, decided_at=NOW, approved_by=UserFactory.create())

    assert tracking in operator.get(row_url(asked)).content.decode()
    assert operator.get(tracking).url == reverse("admin:codes_shipment_import_file")


def test_the_parcels_lead_to_making_a_list(operator, desk, shipment):
    make = reverse("admin:codes_shipment_make_list")

    assert make in operator.get(list_url("codes.shipment")).content.decode()
    assert operator.get(make).url == reverse("admin:codes_shippinglist_request_list")
    assert make not in desk(Role.SUPPORT).get(list_url("codes.shipment")).content.decode()


def test_a_persons_page_shows_parcels_in_a_place_of_their_own_and_no_address(desk, world, shipment):
    person, waiting = shipment.award.entry.participant, win(world)
    support = desk(Role.SUPPORT)

    ready = support.get(row_url(person)).content.decode()
    send_parcel(shipment_id=shipment.pk, now=NOW, tracking_number="1234-5678-9012")
    sent = support.get(row_url(person)).content.decode()
    asked = support.get(row_url(waiting.entry.participant)).content.decode()

    section = ready.partition("<h2>発送</h2>")[2].partition("</section>")[0]
    told = (row_url(shipment), shipment.award.prize.name, shipment.award.notice_number, "発送待ち", "東京都 水***")
    assert all(text in section for text in told)
    assert not any(part in ready for part in ("花子", "神宮前", "09012345678"))
    assert all(text in sent for text in ("配送会社に引き渡し済み", "1234-5678-9012"))
    assert all(text in asked for text in ("お届け先待ち", "お届け先の入力期限"))


def test_whoever_may_not_see_parcels_and_whoever_won_none_has_no_such_place(desk, world, shipment, agency):
    person = shipment.award.entry.participant
    code_winner = EntryFactory(campaign=world.campaign).participant

    hidden = desk(Role.REVIEWER).get(row_url(person))
    none = desk(Role.SUPPORT).get(row_url(code_winner)).content.decode()

    assert "<h2>発送</h2>" not in none
    assert hidden.status_code == 200
    assert "水***" not in hidden.content.decode()
