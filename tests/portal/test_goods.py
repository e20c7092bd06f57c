"""Goods: the winner says where they go after the win, on a page that works without scripts and shows little."""

from datetime import timedelta

import pytest

from campaigns.models import Campaign, ClaimBinding, Prize, PrizeKind
from codes.models import Award, Household, Shipment, ShipmentStatus
from codes.services import give_address, hand_over, note_come_back, void_award
from codes.shipments import opened_address
from core import clock
from tests.portal.phone import claim_path, text_of
from tests.worlds import address, goods_campaign, win

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return goods_campaign(goods_per_household=1)


@pytest.fixture
def award(world) -> Award:
    return win(world)


def test_PR01_entering_asks_for_no_address_and_the_won_page_does(phone, campaigns, award):
    entry = phone.start("green-tea")
    steps = [phone.get(f"/e/{entry.public_id}/{step}/") for step in ("receipt", "contact", "confirm")]

    assert not any("postal_code" in page.content.decode() for page in steps)
    page = phone.get(claim_path(award))
    words = text_of(page)
    assert 'name="postal_code"' in page.content.decode()
    assert "お届け先の利用目的" in words
    assert "90日" in words
    assert words.index("お届け先の利用目的") < words.index("この住所に送る")  # before it is sent off


def test_an_address_is_taken_without_scripts_and_shown_masked(phone, other_phone, award):
    answer = phone.send(claim_path(award), address(building="コーポ山田405"))

    assert (answer.status_code, answer["Location"]) == (302, f"{claim_path(award)}?given=1")
    shipment = Shipment.objects.get()
    assert opened_address(shipment).building == "コーポ山田405"
    for page in (phone.get(answer["Location"]), other_phone.get(claim_path(award))):
        words = page.content.decode()
        assert "東京都 水***" in words
        assert not any(part in words for part in ("花子", "神宮前", "150-0001", "1500001", "090", "コーポ山田"))
        assert page["Cache-Control"] == "no-store"


def test_each_wrong_field_says_what_to_do_and_the_first_gets_the_focus(phone, award):
    answer = phone.send(claim_path(award), address(name="", postal_code="15", phone="1"))

    words, page = text_of(answer), answer.content.decode()
    assert answer.status_code == 422
    assert 'data-code="address_not_accepted"' in page
    assert "郵便番号を7桁の数字で入力してください" in words
    assert "電話番号を、0から始まる10桁か11桁の数字で入力してください" in words
    assert page.index("autofocus") < page.index('name="postal_code"')
    assert 'value="渋谷区"' in page  # what was right is kept
    assert Shipment.objects.get().status == ShipmentStatus.WAITING


def test_I04_a_household_that_has_its_goods_is_told_so_with_a_way_forward(phone, world, award):
    give_address(award_id=win(world).pk, typed=address(), now=clock.now())

    answer = phone.send(claim_path(award), address(street="神宮前1-2-3"))

    assert answer.status_code == 409
    assert 'data-code="household_limit"' in answer.content.decode()
    assert "1世帯に送れる賞品の数に達している" in text_of(answer)
    assert world.campaign.sponsor.inquiry_email in text_of(answer)
    assert Shipment.objects.get(award=award).status == ShipmentStatus.WAITING
    assert Household.objects.get().used == 1


def test_an_address_is_corrected_until_the_shipper_has_it(phone, award):
    phone.send(claim_path(award), address())
    page = phone.get(f"{claim_path(award)}?correct")
    assert "神宮前" not in page.content.decode().replace("例: 神宮前1-2-3", "")

    phone.send(claim_path(award), address(street="原宿9"), page=f"{claim_path(award)}?correct")
    assert opened_address(Shipment.objects.get()).street == "原宿9"

    hand_over(shipment_id=Shipment.objects.get().pk, tracking_number="1234-5678-9012", now=clock.now())
    page = phone.get(f"{claim_path(award)}?correct")
    assert "1234-5678-9012" in text_of(page)
    assert 'name="street"' not in page.content.decode()


def test_after_the_deadline_no_address_is_asked_for(phone, award):
    Award.objects.update(claim_expires_at=clock.now() - timedelta(seconds=1))

    page = phone.get(claim_path(award))

    assert 'name="street"' not in page.content.decode()
    assert "期限" in text_of(page)


def test_a_parcel_that_came_back_asks_again(phone, award):
    phone.send(claim_path(award), address())
    shipment = hand_over(shipment_id=Shipment.objects.get().pk, now=clock.now())
    note_come_back(shipment_id=shipment.pk, reason="宛所不明", now=clock.now())

    assert "荷物がこちらに戻ってきました" in text_of(phone.get(claim_path(award)))
    phone.send(claim_path(award), address(building="405"))

    assert Shipment.objects.get().status == ShipmentStatus.READY


def test_a_withdrawn_prize_asks_for_nothing(phone, award):
    void_award(award_id=award.pk, reason="誤り", now=clock.now())

    page = phone.get(claim_path(award))

    assert 'name="street"' not in page.content.decode()


def test_T06_another_device_gives_no_address(phone, other_phone, world):
    Campaign.objects.update(claim_binding=ClaimBinding.DEVICE)
    award = win(world)
    assert phone.send(claim_path(award), address()).status_code == 302

    page = other_phone.get(f"{claim_path(award)}?correct")

    assert 'name="street"' not in page.content.decode()
    assert phone.get(f"{claim_path(award)}?correct").content.decode().count('name="street"') == 1


def test_T06_a_pin_is_chosen_with_the_address_and_asked_for_by_others(phone, other_phone, world):
    Campaign.objects.update(claim_binding=ClaimBinding.PIN)
    award = win(world)
    assert phone.send(claim_path(award), address(pin="2580", again="2580")).status_code == 302

    wrong = other_phone.send(
        claim_path(award), address(street="泥棒町1", pin="0852"), page=f"{claim_path(award)}?correct"
    )

    assert wrong.status_code == 403 or wrong.status_code == 422
    assert opened_address(Shipment.objects.get()).street == "神宮前1丁目2番3号"


def test_my_page_shows_what_is_missing_and_the_tracking_number(phone, campaigns):
    Prize.objects.filter(course__campaign=campaigns["green-tea"]).update(kind=PrizeKind.SAMPLE)
    award = phone.win()

    assert "お届け先待ち" in text_of(phone.get("/my/"))
    phone.send(claim_path(award), address())
    hand_over(shipment_id=Shipment.objects.get().pk, tracking_number="1234-5678-9012", now=clock.now())
    assert "1234-5678-9012" in text_of(phone.get("/my/"))


def test_the_button_fills_in_prefecture_city_and_town_without_scripts_and_keeps_nothing(phone, award):
    typed = address(prefecture="", city="", street="", postal_code="〒１５０−０００１", name="")

    answer = phone.send(claim_path(award), typed | {"fill": "1"})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert '<option value="東京都" selected>' in page
    assert 'value="渋谷区"' in page
    assert 'value="神宮前"' in page
    assert 'class="error"' not in page
    assert page.index("autofocus") > page.index('name="city"')
    shipment = Shipment.objects.get()
    assert (shipment.status, shipment.address_ciphertext) == (ShipmentStatus.WAITING, "")


def test_a_street_that_was_typed_stays_and_what_a_code_leaves_open_too(phone, award):
    kept = phone.send(claim_path(award), address(city="", street="神宮前9-9") | {"fill": "1"}).content.decode()
    two = phone.send(claim_path(award), address(postal_code="4980000", city="弥富市") | {"fill": "1"}).content.decode()

    assert 'value="神宮前9-9"' in kept
    assert 'value="渋谷区"' in kept
    assert 'value="弥富市"' in two
    assert '<option value="東京都" selected>' in two


@pytest.mark.parametrize(
    ("postal_code", "sentence"),
    [
        ("15", "郵便番号を7桁の数字で入力してください"),
        ("", "入力してください"),
        ("000-0000", "この郵便番号は見つかりませんでした"),
    ],
)
def test_a_code_that_tells_nothing_says_so_at_its_field(phone, award, postal_code, sentence):
    answer = phone.send(claim_path(award), address(postal_code=postal_code) | {"fill": "1"})

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert 'value="渋谷区"' in answer.content.decode()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"prefecture": "大阪府"}, "この郵便番号は東京都のものです"),
        ({"postal_code": "000-0000"}, "この郵便番号は見つかりませんでした"),
    ],
)
def test_a_code_that_does_not_seem_to_fit_is_asked_about_once_and_let_through(phone, award, changed, sentence):
    typed = address(**changed)
    pair = f"{typed['postal_code']} {typed['prefecture']}"

    asked = phone.send(claim_path(award), typed)
    otherwise = phone.send(claim_path(award), typed | {"sure_of": "000-0001 北海道"})
    assert Shipment.objects.get().status == ShipmentStatus.WAITING
    sure = phone.send(claim_path(award), typed | {"sure_of": pair})

    for answer in (asked, otherwise):
        assert answer.status_code == 422
        assert sentence in text_of(answer)
        box = answer.content.decode().partition('name="sure_of"')[2].partition(">")[0]
        assert f'value="{pair}"' in box
        assert "checked" not in box
    assert sure.status_code == 302
    assert opened_address(Shipment.objects.get()).prefecture == typed["prefecture"]


def test_whoever_was_sure_is_not_asked_again_for_another_mistake(phone, award):
    typed = address(prefecture="大阪府", phone="1") | {"sure_of": "150-0001 大阪府"}

    page = phone.send(claim_path(award), typed).content.decode()

    box = page.partition('name="sure_of"')[2].partition(">")[0]
    assert 'value="150-0001 大阪府"' in box
    assert "checked" in box


def test_an_address_that_fits_is_asked_nothing(phone, award):
    page = phone.get(claim_path(award)).content.decode()

    assert 'name="fill"' in page
    assert 'name="sure_of"' not in page
