"""The staff's press where a code is for certain products: they are chosen first, and refused as over the API."""

from datetime import timedelta

import pytest

from campaigns.models import Store, UseConditions
from codes.models import GiftCode, Redemption
from tests.flows.steps import NOW
from tests.portal.phone import claim_path, text_of
from tests.portal.test_instore import confirmed, pressed

pytestmark = pytest.mark.django_db

GOODS = ["緑茶600ml", "ほうじ茶600ml"]


@pytest.fixture
def award(phone, campaigns):
    award = phone.win()
    phone.send(claim_path(award))
    award.refresh_from_db()
    return award


def bound(award, **conditions) -> None:
    UseConditions.objects.create(prize=award.prize, **{"products": GOODS} | conditions)


def balance() -> int:
    return GiftCode.objects.get(award__isnull=False).balance_jpy


def test_the_product_is_chosen_confirmed_and_shown_to_the_customer(phone, award):
    bound(award)
    asked = phone.get(f"{claim_path(award)}staff/")
    page = pressed(phone, award, item="緑茶600ml", price="１６０", amount="")
    told = text_of(page)
    used = phone.get(confirmed(phone, award, page)["Location"])

    assert "対象の商品・サービス:緑茶600ml、ほうじ茶600ml" in text_of(asked)
    assert 'value="ほうじ茶600ml"' in asked.content.decode()
    assert "商品・サービス 緑茶600ml" in told
    assert "160円" in told  # the price, since the code holds more
    assert "商品・サービス 緑茶600ml" in text_of(used)
    line = Redemption.objects.get()
    assert (line.goods, line.amount_jpy, balance()) == ("緑茶600ml", 160, 340)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"item": "", "price": "160"}, "選択してください。"),
        ({"item": "コーラ", "price": "160"}, "緑茶600ml"),
        ({"item": "緑茶600ml", "price": ""}, "入力してください。"),
        ({"item": "緑茶600ml", "price": "many"}, "金額は数字で入力してください。"),
    ],
)
def test_without_product_and_price_there_is_nothing_to_press(phone, award, typed, words):
    bound(award)

    page = pressed(phone, award, **typed)

    assert page.status_code == 422
    assert words in text_of(page)
    assert "ticket" not in page.context
    assert balance() == 500


@pytest.mark.parametrize(
    ("conditions", "typed", "reason"),
    [
        ({}, {"price": "100", "amount": "101"}, "amount_out_of_range"),
        ({"minimum_jpy": 300}, {"price": "299"}, "amount_out_of_range"),
        ({"maximum_jpy": 300}, {"price": "301"}, "amount_out_of_range"),
        ({"weekdays": [0]}, {"price": "300"}, "time_not_allowed"),
        ({"valid_from": NOW + timedelta(days=1)}, {"price": "300"}, "not_yet_valid"),
        ({"mode": "once", "minimum_jpy": 300}, {"price": "299"}, "amount_out_of_range"),
    ],
)
def test_what_the_api_refuses_is_refused_here_with_the_same_sentence(phone, award, conditions, typed, reason):
    bound(award, **conditions)

    page = pressed(phone, award, item="緑茶600ml", **typed)

    assert page.context["state"].refusal_code == reason
    assert page.context["reason"] in page.content.decode()
    assert "このコードは使えません" in text_of(page)
    assert balance() == 500


def test_a_code_for_another_store_is_refused_with_the_reason(phone, award):
    bound(award)
    UseConditions.objects.get().stores.add(Store.objects.get(code="0002"))

    assert "このコードは、この店舗では使えません。" in text_of(pressed(phone, award, item="緑茶600ml", price="160"))


def test_a_service_that_is_used_once_needs_neither_price_nor_amount(phone, award):
    bound(award, mode="once", products=["ドリンク1杯"])
    asked = phone.get(f"{claim_path(award)}staff/").content.decode()

    page = pressed(phone, award, item="ドリンク1杯")
    confirmed(phone, award, page)

    assert 'name="price"' not in asked
    assert 'name="amount"' not in asked
    assert (Redemption.objects.get().goods, Redemption.objects.get().amount_jpy) == ("ドリンク1杯", 500)


def test_a_least_purchase_without_products_asks_for_the_total(phone, award):
    bound(award, products=[], minimum_jpy=1000)

    small = pressed(phone, award, total="999", amount="200")
    page = pressed(phone, award, total="1,000", amount="200")
    confirmed(phone, award, page)

    assert small.context["state"].refusal_code == "amount_out_of_range"
    assert Redemption.objects.get().amount_jpy == 200


def test_an_equal_share_is_what_the_screen_says_before_the_press(phone, award):
    bound(award, mode="times", use_limit=5, products=[])

    page = pressed(phone, award)

    assert "100円" in text_of(page)
    confirmed(phone, award, page)
    assert Redemption.objects.get().amount_jpy == 100


def test_conditions_that_change_between_the_screens_hold_at_the_press(phone, award):
    bound(award)
    page = pressed(phone, award, item="緑茶600ml", price="160")
    UseConditions.objects.update(products=["コーラ"])

    answer = confirmed(phone, award, page)

    assert answer.status_code == 409
    assert answer.context["code"] == "product_not_allowed"
    assert balance() == 500
