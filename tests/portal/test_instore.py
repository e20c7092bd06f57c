"""店頭: what the phone shows a scanner, and the staff's press on it."""

import numpy as np
import pytest
import zxingcpp

from codes.models import Award, GiftCode, Redemption
from codes.services import redeem_code, reverse_redemption
from journeys.demo_data import STAFF_PIN
from tests.core.test_barcodes import scanned
from tests.core.test_qr import drawn
from tests.flows.steps import NOW
from tests.portal.phone import claim_path, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def award(phone, campaigns) -> Award:
    made = phone.win()
    phone.send(claim_path(made))
    return made


@pytest.fixture
def store(award):
    return award.agency.stores.get(code="0001")


def balance() -> int:
    return GiftCode.objects.get(award__isnull=False).balance_jpy


def pressed(phone, award: Award, **typed: str):
    return phone.send(f"{claim_path(award)}staff/", {"store": "0001", "pin": STAFF_PIN} | typed)


def confirmed(phone, award: Award, page, **changes: str):
    form = {"csrfmiddlewaretoken": str(page.context["csrf_token"]), "ticket": page.context["ticket"]} | changes
    return phone.post(f"{claim_path(award)}use/", form)


@pytest.mark.parametrize("symbology", ["code128", "nw7", "jan13", "gs1_128"])
def test_a_till_that_reads_bars_takes_what_the_phone_shows_once(phone, award, store, settings, symbology):
    settings.PRESENTED_BARCODE = symbology

    page = phone.send(f"{claim_path(award)}number/", page=f"{claim_path(award)}staff/")

    [(_format, text)] = scanned(str(page.context["bars"]))
    assert "2026年11月22日(日) 12:05:00まで、1回だけ使えます。" in text_of(page)
    used = redeem_code(agency_id=store.agency_id, presented=text, store_id=store.pk, amount_jpy=100, now=NOW)
    assert used.balance_after_jpy == 400


@pytest.mark.usefixtures("one_window")
def test_barcodes_are_not_drawn_without_end_and_only_by_a_press(phone, award, monkeypatch):
    monkeypatch.setattr("portal.views.instore.NUMBERS", 2)
    path = f"{claim_path(award)}number/"

    answers = [phone.send(path, page=f"{claim_path(award)}staff/").status_code for _n in range(3)]

    assert answers == [200, 200, 429]
    assert phone.get(path).status_code == 405


def test_the_qr_of_the_page_is_read_with_its_quiet_zone(phone, award):
    page = phone.send(claim_path(award))
    framed = np.pad(drawn(str(page.context["qr"])), 30, constant_values=90)

    [found] = zxingcpp.read_barcodes(framed)

    assert len(found.text) == 47
    assert (page.context["seconds_left"], page.context["seconds_good"]) == (30, 60)


def test_the_staff_press_uses_the_code_once_and_shows_when(phone, award, noon):
    page = pressed(phone, award, amount="200")
    assert "このコードを使用しますか？" in text_of(page)
    assert award.agency.stores.get(code="0001").name in text_of(page)
    assert balance() == 500  # nothing yet

    answers = [confirmed(phone, award, page) for _time in range(2)]

    assert {answer["Location"] for answer in answers} == {
        f"{claim_path(award)}used/{Redemption.objects.get().public_id}/"
    }
    assert balance() == 300
    assert Redemption.objects.get().terminal == "phone"
    done = phone.get(answers[0]["Location"])
    assert "使用済み" in text_of(done)
    assert "2026年11月22日(日) 12:00:00" in text_of(done)
    assert 'class="moving"' in done.content.decode()
    noon.shift(300)
    assert 'class="moving"' not in phone.get(answers[0]["Location"]).content.decode()


def test_without_an_amount_everything_is_used(phone, award):
    confirmed(phone, award, pressed(phone, award))

    assert balance() == 0
    assert "このコードは使用済みです" in text_of(phone.get(claim_path(award)))
    assert phone.get(f"{claim_path(award)}staff/").status_code == 404


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ({"pin": "000000"}, 403, "店舗番号"),
        ({"store": "9999"}, 403, "店舗番号"),
        ({"pin": ""}, 422, "入力してください。"),
        ({"amount": "many"}, 422, "金額は数字で入力してください。"),
        ({"amount": "501"}, 422, "残高は500円です。この金額以下で入力してください。"),
    ],
)
def test_a_press_that_cannot_be_says_why_and_uses_nothing(phone, award, typed, status, words):
    page = pressed(phone, award, **typed)

    assert page.status_code == status
    assert words in text_of(page)
    assert STAFF_PIN not in page.content.decode()  # it is the customer's phone
    assert balance() == 500


@pytest.mark.usefixtures("one_window")
def test_T04_wrong_pins_of_a_store_share_the_budget_of_its_own_login(phone, award):
    answers = [pressed(phone, award, pin="000000").status_code for _try in range(11)]

    assert answers == [403] * 10 + [429]


def test_a_ticket_is_good_for_two_minutes_for_its_prize_and_as_it_was_made(phone, award, noon):
    page = pressed(phone, award)
    assert confirmed(phone, award, page, ticket=page.context["ticket"][:-2] + "xx").status_code == 403
    noon.shift(121)

    late = confirmed(phone, award, page)
    assert late.status_code == 403
    assert "スタッフ用の画面の有効時間が過ぎました。コードは使われていません。" in text_of(late)
    assert f'href="{claim_path(award)}"' in late.content.decode()
    assert phone.get(f"{claim_path(award)}use/").status_code == 405
    assert balance() == 500


def test_a_use_that_the_store_has_undone_is_shown_as_used_no_longer(phone, award):
    used = confirmed(phone, award, pressed(phone, award, amount="200"))["Location"]
    line = Redemption.objects.get()
    undo = {"redemption_public_id": str(line.public_id), "agency_id": award.agency_id, "reason": "test", "now": NOW}
    reverse_redemption(**undo, store_id=line.store_id, amount_jpy=50)
    partly = phone.get(used)
    reverse_redemption(**undo, store_id=line.store_id)

    whole = phone.get(used)

    assert "使用済み 200円" in text_of(partly)
    assert "戻された金額 50円 現在の残高 350円" in text_of(partly)
    assert "取消済み 200円 この利用は取り消されました" in text_of(whole)
    assert "現在の残高 500円" in text_of(whole)
    assert 'class="moving"' not in whole.content.decode()


def test_an_amount_above_the_balance_is_corrected_where_it_was_typed(phone, award, store):
    page = pressed(phone, award, amount="9000", store=store.code, pin=STAFF_PIN)

    assert page.status_code == 422
    assert "残高は500円です。この金額以下で入力してください。" in text_of(page)
    assert "対象外" not in text_of(page)
    assert f'value="{store.code}"' in page.content.decode()
    assert balance() == 500
