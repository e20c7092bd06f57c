"""The staff page by typing alone: one word for each state, one press takes once, undo within the day."""

from datetime import time, timedelta

import pytest
from django.contrib.auth.hashers import check_password

from campaigns import selectors
from campaigns.models import Store, UseConditions
from campaigns.services import set_store_pin
from codes.models import GiftCode, Redemption
from codes.presentation import presentation_token
from codes.selectors import last_use
from codes.services import void_code
from core.clock import JST
from eligibility.services import spent_attempts
from journeys.demo_data import STAFF_PIN
from portal.attempts import staff_of
from tests.factories import StoreFactory
from tests.flows.steps import NOW
from tests.portal.phone import Phone, claim_path, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def award(phone, campaigns):
    return phone.win()


@pytest.fixture
def code(phone, award) -> str:
    return phone.send(claim_path(award)).context["revealed"].code


@pytest.fixture
def till(campaigns) -> Phone:
    return signed_in("0001")


def signed_in(store: str) -> Phone:
    till = Phone()
    assert till.send("/staff/login/", {"store": store, "pin": STAFF_PIN})["Location"] == "/staff/"
    return till


def checked(till: Phone, presented: str):
    return till.send("/staff/check/", {"code": presented}, page="/staff/")


def redeemed(till: Phone, presented: str, amount: str = "", once: str | None = None):
    sign = checked(till, presented)
    token = str(sign.context["csrf_token"])
    once = once or sign.context["once"]
    data = {"csrfmiddlewaretoken": token, "code": presented, "amount": amount, "once": once}
    return till.post("/staff/redeem/", data)


@pytest.mark.parametrize("page", ["/staff/", "/staff/today/"])
def test_without_a_shift_every_page_leads_to_the_login(phone, db, page):
    assert phone.get(page)["Location"] == "/staff/login/"


def test_a_wrong_pin_and_an_unknown_store_get_the_same_answer(phone, campaigns):
    answers = [
        phone.send("/staff/login/", {"store": store, "pin": pin})
        for store, pin in (("0001", "111222"), ("9999", STAFF_PIN))
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    errors = [answer.context["form"].errors["pin"] for answer in answers]
    assert errors[0] == errors[1]
    assert "staff" not in phone.cookies


def namesake(code: str = "0001", pin: str = STAFF_PIN) -> Store:
    """Make another agency's store of the same number and PIN."""
    store = StoreFactory(code=code, name="他社の店")
    set_store_pin(store_id=store.pk, pin=pin)
    return store


def opened_at(store: Store) -> Phone:
    """Scan a store's QR with a phone that was never used there."""
    phone = Phone()
    assert phone.get(f"/staff/at/{store.agency.slug}/?store={store.code}")["Location"] == "/staff/"
    return phone


def begin(phone: Phone, store: str = "0001", pin: str = STAFF_PIN):
    return phone.send("/staff/login/", {"store": store, "pin": pin})


def test_T16_two_agencies_stores_of_one_number_and_pin_are_told_apart_by_their_qr(campaigns):
    ours, theirs = Store.objects.get(code="0001"), namesake()
    phones = [opened_at(ours), opened_at(theirs)]

    assert [begin(phone).status_code for phone in phones] == [302, 302]
    assert [theirs.name in text_of(phone.get("/staff/")) for phone in phones] == [False, True]
    assert begin(Phone()).status_code == 403  # a phone that does not know which one is meant
    assert Phone().get("/staff/at/nobody/").status_code == 404


def test_a_number_that_twenty_five_agencies_have_opens_each_of_their_stores(campaigns):
    ours = Store.objects.get(code="0001")
    stores = [namesake() for _agency in range(24)]

    assert begin(opened_at(stores[-1])).status_code == 302
    assert begin(opened_at(ours)).status_code == 302


def test_a_phone_remembers_where_it_belongs_over_the_end_of_the_shift(campaigns):
    theirs = namesake()
    phone = opened_at(theirs)
    begin(phone)
    phone.send("/staff/logout/", page="/staff/")

    shown = phone.get("/staff/login/")

    assert 'value="0001"' in shown.content.decode()
    assert (begin(phone)["Location"], theirs.name in text_of(phone.get("/staff/"))) == ("/staff/", True)


def test_a_number_of_one_store_alone_needs_no_qr_and_is_remembered(campaigns):
    phone = signed_in("0001")
    namesake()
    phone.send("/staff/logout/", page="/staff/")

    assert begin(phone)["Location"] == "/staff/"


def test_what_a_phone_remembers_opens_nothing_and_an_altered_note_is_none(campaigns):
    theirs = namesake()
    phone = opened_at(theirs)
    kept = phone.cookies["staff-place"].value
    assert phone.get("/staff/")["Location"] == "/staff/login/"

    for cookie in ("", "x", kept[:-1], kept + "x"):
        phone.cookies["staff-place"] = cookie
        assert begin(phone).status_code == 403


def test_T05_one_pin_is_hashed_whether_the_store_is_there_or_not_or_not_alone(campaigns, monkeypatch):
    namesake("0002")
    hashed = []
    monkeypatch.setattr(selectors, "check_password", lambda pin, kept: hashed.append(kept) or check_password(pin, kept))

    answers = [
        begin(Phone(), store, pin) for store, pin in (("0001", "111222"), ("9999", STAFF_PIN), ("0002", STAFF_PIN))
    ]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert len({str(answer.context["form"].errors) for answer in answers}) == 1
    assert len(hashed) == 3


@pytest.mark.usefixtures("one_window")
def test_wrong_pins_count_for_the_store_on_every_page_and_not_for_its_namesake(campaigns):
    ours, phone = Store.objects.get(code="0001"), Phone()
    wrong = [begin(phone, pin=f"{n:06}").status_code for n in range(10)]
    theirs = namesake()

    assert wrong == [403] * 10
    assert begin(opened_at(ours)).status_code == 429
    assert begin(opened_at(theirs)).status_code == 302


@pytest.mark.usefixtures("one_window")
def test_pins_cannot_be_guessed_without_end_not_even_from_many_phones(campaigns):
    answers = [Phone().send("/staff/login/", {"store": "0001", "pin": f"{n:06}"}).status_code for n in range(12)]

    assert answers == [403] * 10 + [429] * 2


def test_a_shift_lasts_twelve_hours(till, noon):
    noon.shift(timedelta(hours=12))
    assert till.get("/staff/").status_code == 200

    noon.shift(timedelta(seconds=1))
    assert till.get("/staff/").status_code == 302


def test_a_new_pin_ends_every_shift_at_once(till):
    set_store_pin(store_id=Store.objects.get(code="0001").pk, pin="135791")

    assert till.get("/staff/").status_code == 302


def test_signing_out_ends_the_shift(till):
    till.send("/staff/logout/", page="/staff/")

    assert till.get("/staff/").status_code == 302


def test_a_good_code_can_be_used_however_it_is_typed(till, code):
    typed = f"{code[:4]} {code[4:8].lower()}-{code[8:]}"

    words = text_of(checked(till, typed))

    assert "使えます ミズヒキ 500円クーポン 残高 500円 2027年5月21日(金) 23:59まで" in words
    assert Redemption.objects.count() == 0


def test_the_qr_of_the_phone_is_taken_like_the_code(till, award, code):
    award.refresh_from_db()

    assert "使えます" in text_of(checked(till, presentation_token(award.gift_code, now=NOW)))


def test_a_qr_that_was_taken_is_shown_again_and_is_not_called_ineligible(till, award, code):
    shown = presentation_token(award.gift_code, now=NOW)
    redeemed(till, shown, "200")

    answer = checked(till, shown)

    assert "もう一度 ミズヒキ 500円クーポン 残高 300円" in text_of(answer)
    assert "もう一度コードを表示してください。" in text_of(answer)
    assert "対象外" not in text_of(answer)
    assert "もう一度読み取る" in text_of(answer)


@pytest.mark.parametrize("scanned", ["https://www.example.jp/coupon/12345", "A" * 601])
def test_a_qr_of_something_else_is_no_guess_and_is_named(till, code, scanned):
    answer = checked(till, scanned)

    assert answer.status_code == 422
    assert answer.context["sign"] == "again"
    assert "このQRコードは、お客さまのコードではありません。" in text_of(answer)
    guesser = staff_of(Store.objects.get(code="0001"))
    assert spent_attempts(windows=guesser.windows(NOW)) == [0, 0]


def test_an_unknown_code_is_not_accepted(till, code):
    answer = checked(till, "ZZZZ-ZZZZ-ZZZZ-ZZZZ")

    assert answer.status_code == 404
    assert "対象外" in text_of(answer)


@pytest.mark.usefixtures("one_window")
def test_T04_a_store_cannot_guess_codes_on_while_another_sells(till, code):
    other = signed_in("0002")
    token = str(checked(till, "ZZZZ").context["csrf_token"])
    answers = []
    for number in range(130):
        path = ("/staff/check/", "/staff/redeem/")[number % 2]
        answers.append(till.post(path, {"csrfmiddlewaretoken": token, "code": f"ZZZZ{number:012}"}).status_code)

    assert answers == [404] * 119 + [429] * 11
    assert checked(till, code).status_code == 429  # not even a hit is told
    assert redeemed(other, code).status_code == 302


def test_a_part_is_taken_and_the_balance_shown(till, code):
    answer = redeemed(till, code, "２００")

    assert text_of(till.get(answer["Location"])).count("引き換えました 200円 残高 300円") == 1
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 300


def test_an_empty_amount_takes_all_and_then_the_code_is_used(till, code):
    redeemed(till, code)

    assert Redemption.objects.get().amount_jpy == 500
    assert "使用済み" in text_of(checked(till, code))


def test_T01_the_same_press_twice_takes_once(till, code):
    once = "7d0c2a56-52c1-4b8a-9d5b-3b8f2a7e1c11"
    first = redeemed(till, code, "200", once)
    second = redeemed(till, code, "200", once)

    assert first["Location"] == second["Location"]
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 300


@pytest.mark.parametrize("amount", ["-1", "0", "1.5", "abc", "999999999"])
def test_an_amount_that_is_none_takes_nothing(till, code, amount):
    answer = redeemed(till, code, amount)

    assert answer.status_code == 422
    assert Redemption.objects.count() == 0


def test_more_than_the_balance_is_refused_with_a_sentence(till, code):
    answer = redeemed(till, code, "501")

    assert answer.status_code == 422
    assert answer.context["sign"] == "good"
    assert "残高は500円です。この金額以下で入力してください。" in text_of(answer)
    assert "対象外" not in text_of(answer)
    assert Redemption.objects.count() == 0
    redeemed(till, code, "300", once=answer.context["once"])
    assert Redemption.objects.get().amount_jpy == 300


def test_an_expired_code_and_a_blocked_one_have_their_own_word(till, award, code, noon):
    noon.move_to(award.gift_code.expires_at)
    later_till = signed_in("0001")
    assert "期限切れ" in text_of(checked(later_till, code))

    void_code(gift_code_id=award.gift_code_id, reason="test", actor_id=None, now=NOW)
    assert "対象外" in text_of(checked(later_till, code))


def test_todays_redemptions_are_listed_and_undone(till, code):
    redeemed(till, code, "200")
    assert "1件、合計 200円" in text_of(till.get("/staff/today/"))

    till.send(f"/staff/undo/{Redemption.objects.get().public_id}/", page="/staff/today/")

    words = text_of(till.get("/staff/today/"))
    assert "0件、合計 0円" in words
    assert "取消済み" in words
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 500


def test_yesterdays_redemption_is_not_undone_here(till, code, noon):
    redeemed(till, code, "200")
    address = f"/staff/undo/{Redemption.objects.get().public_id}/"
    noon.shift(timedelta(days=1))
    tomorrow = signed_in("0001")

    assert tomorrow.send(address, page="/staff/").status_code == 404
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 300


def test_another_store_sees_and_undoes_nothing_of_ours(till, code):
    redeemed(till, code, "200")
    other = signed_in("0002")

    assert "今日の引換はまだありません。" in text_of(other.get("/staff/today/"))
    assert other.send(f"/staff/undo/{Redemption.objects.get().public_id}/", page="/staff/").status_code == 404


def test_conditions_are_shown_and_what_they_need_is_asked(till, award, code):
    UseConditions.objects.create(prize=award.prize, products=["緑茶600ml"], minimum_jpy=1000)

    sign = checked(till, code)
    words = text_of(sign)
    token = {"csrfmiddlewaretoken": str(sign.context["csrf_token"]), "code": code, "once": sign.context["once"]}
    unticked = till.post("/staff/redeem/", token | {"amount": "200", "total": "1,200"})
    small = till.post("/staff/redeem/", token | {"amount": "200", "total": "999", "confirmed": "on"})
    good = till.post("/staff/redeem/", token | {"amount": "200", "total": "１，２００", "confirmed": "on"})

    assert "1,000円以上のお買い上げで使えます。" in words
    assert "対象の商品・サービス:緑茶600ml" in words
    assert (unticked.status_code, "商品を確認して、チェックを入れてください。" in text_of(unticked)) == (422, True)
    assert (small.status_code, "ご利用条件をご確認ください" in text_of(small)) == (422, True)
    assert good.status_code == 302
    assert Redemption.objects.get().amount_jpy == 200


def test_a_code_that_is_used_once_asks_for_no_amount(till, award, code):
    UseConditions.objects.create(prize=award.prize, mode="once")

    assert "1回で全額を使います。" in text_of(checked(till, code))
    redeemed(till, code)
    assert Redemption.objects.get().amount_jpy == 500


def test_why_a_code_is_not_accepted_here_is_said(till, award, code):
    UseConditions.objects.create(prize=award.prize).stores.add(Store.objects.get(code="0002"))

    words = text_of(checked(till, code))

    assert "対象外" in words
    assert "このコードは、この店舗では使えません。" in words


def test_a_store_that_closes_after_midnight_undoes_until_then(till, code, noon):
    Store.objects.update(closes_at=time(2))
    redeemed(till, code, "200")
    address = f"/staff/undo/{Redemption.objects.get().public_id}/"
    noon.move_to(NOW.astimezone(JST).replace(hour=23, minute=0))
    night = signed_in("0001")
    noon.shift(timedelta(hours=2, minutes=59))

    assert night.send(address, page="/staff/today/").status_code == 302
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 500


def test_a_used_code_says_when_where_and_for_how_much(till, code, campaigns):
    redeemed(till, code)

    sign = checked(signed_in("0002"), code)

    assert "使用済み" in text_of(sign)
    assert "最後の利用: 2026年11月22日(日) 12:00 渋谷店 500円" in text_of(sign)
    assert "最後の利用" not in text_of(checked(till, "ZZZZ ZZZZ ZZZZ ZZZZ"))


def test_a_use_that_was_given_back_is_no_last_use(till, code):
    redeemed(till, code)
    used = Redemption.objects.get()

    assert last_use(agency_id=used.agency_id, presented=code) == used
    Redemption.objects.filter(pk=used.pk).update(reversed_jpy=used.amount_jpy)
    assert last_use(agency_id=used.agency_id, presented=code) is None
    assert last_use(agency_id=used.agency_id + 1, presented=code) is None
