"""A code whose conditions end sooner than itself, or let it be used so many times: every page says the same."""

from datetime import timedelta

import pytest

from campaigns.models import UseConditions
from codes.models import Award, GiftCode
from tests.flows.steps import NOW
from tests.portal.phone import Phone, claim_path, text_of
from tests.portal.test_instore import pressed
from tests.portal.test_staff import checked, redeemed, signed_in

pytestmark = pytest.mark.django_db
END = "2026年11月30日(月) 12:00"


@pytest.fixture
def award(phone, campaigns) -> Award:
    return phone.win()


@pytest.fixture
def code(phone, award) -> str:
    return phone.send(claim_path(award)).context["revealed"].code


def bound(award: Award, **conditions) -> None:
    UseConditions.objects.create(prize=award.prize, **conditions)


def three_times(award: Award) -> None:
    bound(award, mode="times", use_limit=3)


def test_the_sooner_of_two_ends_stands_on_every_page_and_in_the_calendar(phone, award, code):
    bound(award, valid_until=NOW + timedelta(days=8, seconds=60))

    pages = [phone.get(claim_path(award)), phone.send(claim_path(award))]
    sign = checked(signed_in("0001"), code)

    assert [f"利用期限 {END}" in text_of(page) for page in pages] == [True, True]
    assert f"残高 500円 {END}まで" in text_of(sign)
    assert "DTSTART;VALUE=DATE:20261130" in phone.get(f"{claim_path(award)}expiry.ics").content.decode()


def test_past_the_end_of_its_conditions_a_code_is_expired_for_its_holder_too(phone, award, code, noon):
    bound(award, valid_until=NOW + timedelta(seconds=60))
    noon.shift(60)

    page = phone.get(claim_path(award))

    assert "この賞品の期限は過ぎました" in text_of(page)
    assert "期限は2026年11月22日(日) 12:00まででした。" in text_of(page)
    assert "コードを表示する" not in text_of(page)
    assert phone.get(f"{claim_path(award)}staff/").status_code == 404
    assert "期限切れ" in text_of(phone.get("/my/"))
    assert "期限切れ ミズヒキ 500円クーポン 残高 500円 2026年11月22日(日) 12:00まで" in text_of(
        checked(signed_in("0001"), code)
    )


def test_an_unseen_code_that_can_be_used_no_more_says_until_when_it_could(phone, award, noon):
    bound(award, valid_until=NOW + timedelta(seconds=60))
    noon.shift(60)

    assert "期限は2026年11月22日(日) 12:00まででした。" in text_of(phone.get(claim_path(award)))


def test_the_conditions_are_told_before_the_code_is_shown(other_phone, award):
    bound(award, minimum_jpy=1000)

    assert "利用条件 残高がなくなるまで使えます。 1,000円以上のお買い上げで使えます。" in text_of(
        other_phone.get(claim_path(award))
    )


def test_staff_and_holder_see_how_often_a_code_can_be_used_yet(phone, award, code):
    three_times(award)
    till = signed_in("0001")
    assert "残高 500円 残り回数 3回" in text_of(checked(till, code))

    done = till.get(redeemed(till, code, "100")["Location"])

    assert "引き換えました 100円 残高 400円 残り回数 2回" in text_of(done)
    assert "残高 400円 残り回数 2回" in text_of(checked(till, code))
    assert "残高 400円 残り回数 2回" in text_of(phone.get(claim_path(award)))
    assert "残り回数 2回" in text_of(phone.send(claim_path(award)))
    assert "残高 400円 残り回数 2回" in text_of(phone.get(f"{claim_path(award)}staff/"))


def test_a_code_of_all_whose_uses_are_gone_is_used_whatever_is_left_on_it(phone, award, code):
    three_times(award)
    till = signed_in("0001")
    for _use in range(3):
        redeemed(till, code, "100")

    page = phone.get(claim_path(award))

    assert GiftCode.objects.get(pk=award.gift_code_id).balance_jpy == 200
    assert "このコードは使用済みです" in text_of(page)
    assert "コードを表示する" not in text_of(page)
    assert "残高 200円 残り回数 0回" in text_of(checked(till, code))


@pytest.mark.parametrize("mode", ["once", "balance"])
def test_uses_are_not_counted_where_there_is_nothing_to_count(phone, award, code, mode):
    bound(award, mode=mode)
    till: Phone = signed_in("0001")

    pages = [checked(till, code), phone.get(claim_path(award)), phone.send(claim_path(award)), pressed(phone, award)]

    assert ["残り回数" in text_of(page) for page in pages] == [False] * 4


def test_my_page_names_the_end_of_use_and_none_where_there_is_none(phone, award, code):
    GiftCode.objects.update(expires_at=None)

    endless = text_of(phone.get("/my/"))
    bound(award, valid_until=NOW + timedelta(days=8, seconds=60))
    ended = text_of(phone.get("/my/"))

    assert "利用期限" not in endless
    assert f"利用期限 {END}まで" in ended
