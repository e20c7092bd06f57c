"""What a staff phone took without a network: within its shift, its limits and the prize's rules, by our clock (I05)."""

from datetime import UTC, datetime, time, timedelta

import pytest

from campaigns.models import Store, UseConditions
from codes.conditions import Item, Purchase
from codes.models import GiftCode, OfflineDispute, Redemption, ShownNumber
from codes.offline_phones import PhoneShift, Taken, prizes_for_phones, taken_by_phone, time_at_the_till
from codes.presentation import presentation_token
from codes.services import OfflineUse, redeem_code, report_uses, reverse_redemption, show_number
from core.clock import end_of_jst_day, jst_day
from journeys.audit import violations
from tests import factories
from tests.factories import NOW
from tests.worlds import open_campaign, winning_code

pytestmark = pytest.mark.django_db

TAKEN_AT = NOW - timedelta(hours=2)
SHIFT = PhoneShift(NOW - timedelta(hours=3), NOW + timedelta(hours=9))


@pytest.fixture
def world():
    world = open_campaign(codes=5)
    Store.objects.update(offline_limit_jpy=500, phone_offline_count=2, phone_offline_jpy=600)
    factories.UseConditionsFactory.create(prize=world.prize, is_offline_allowed=True)
    world.store.refresh_from_db()
    return world


@pytest.fixture
def code(world) -> str:
    return winning_code(world)[1]


def report(world, presented, number="1", amount_jpy=200, occurred_at=TAKEN_AT, **details):
    use = OfflineUse(presented, amount_jpy, number, occurred_at, details.pop("purchase", Purchase()))
    told = {"terminal": "phone a", "shift": SHIFT, "now": NOW} | details
    (answer,) = report_uses(agency_id=world.agency.pk, store_id=world.store.pk, uses=[use], **told)
    return answer.result, answer.reason


def test_what_a_phone_took_within_its_rules_is_booked_once_however_often_it_is_sent(world, code):
    drinks = Purchase(items=(Item("緑茶600ml", 1, 200),))

    answers = [report(world, code, purchase=drinks) for _ in range(3)]

    assert answers == [("booked", None), ("known", None), ("known", None)]
    line = Redemption.objects.get()
    assert (line.occurred_at, line.at, line.terminal, line.goods) == (TAKEN_AT, NOW, "phone a", "緑茶600ml")
    assert GiftCode.objects.get(pk=line.gift_code_id).balance_jpy == 300
    assert violations(NOW) == {}


def test_a_prize_that_does_not_allow_it_is_disputed_with_what_was_bought(world, code):
    UseConditions.objects.update(is_offline_allowed=False)

    answer = report(world, code, purchase=Purchase(items=(Item("緑茶600ml", 1, 200),)))

    assert answer == ("disputed", "offline_not_allowed")
    assert OfflineDispute.objects.get().goods == "緑茶600ml"
    assert report(world, code, number="2", shift=None)[0] == "booked"  # a POS terminal needs the store's limit alone


def test_a_phone_takes_no_more_than_its_store_allows_a_day(world):
    first, second, third = (winning_code(world)[1] for _ in range(3))

    assert report(world, first, "1", 400) == ("booked", None)
    assert report(world, second, "2", 201) == ("disputed", "offline_limit_exceeded")
    assert report(world, second, "3", 200) == ("booked", None)
    assert report(world, third, "4", 1) == ("disputed", "offline_limit_exceeded")  # the third code
    assert report(world, third, "5", 100, terminal="phone b") == ("booked", None)
    assert taken_by_phone(store=world.store, terminal="phone a", at=NOW) == Taken(2, 600)


def test_the_limit_is_that_of_the_day_a_code_was_taken_and_what_was_given_back_is_free(world, code):
    yesterday = end_of_jst_day(jst_day(NOW)) - timedelta(days=1, microseconds=1)
    shift = PhoneShift(yesterday - timedelta(hours=1), yesterday + timedelta(hours=11))
    later = yesterday + timedelta(hours=1)
    Store.objects.update(phone_offline_count=1)

    answers = [
        report(world, code, str(n), 50, at, shift=shift, now=later)
        for n, at in enumerate((yesterday, yesterday, yesterday + timedelta(microseconds=1)))
    ]
    line = Redemption.objects.get(pos_transaction_id="0")
    reverse_redemption(agency_id=world.agency.pk, redemption_public_id=str(line.public_id), now=later)

    assert [result for result, _reason in answers] == ["booked", "disputed", "booked"]
    assert report(world, code, "9", 50, yesterday, shift=shift, now=later) == ("booked", None)


@pytest.mark.parametrize(
    ("occurred_at", "reason"),
    [
        (SHIFT.begins_at - timedelta(minutes=5, microseconds=1), "occurred_at_not_accepted"),
        (SHIFT.begins_at - timedelta(minutes=5), None),
        (NOW, None),
    ],
)
def test_nothing_is_booked_from_before_the_shift(world, code, occurred_at, reason):
    assert report(world, code, occurred_at=occurred_at)[1] == reason


def test_nothing_is_booked_from_after_the_shift(world, code):
    over = PhoneShift(NOW - timedelta(hours=13), NOW - timedelta(hours=1))

    last = over.ends_at + timedelta(minutes=5)
    assert report(world, code, "1", occurred_at=last, shift=over)[1] == "occurred_at_not_accepted"
    assert report(world, code, "2", occurred_at=last - timedelta(microseconds=1), shift=over)[1] is None


@pytest.mark.parametrize(
    ("ago", "at"),
    [
        (timedelta(minutes=90), NOW - timedelta(minutes=90)),
        (timedelta(minutes=-30), NOW),  # the phone's clock was turned back in between
        (timedelta(days=900_000), NOW - timedelta(days=3650)),
    ],
)
def test_only_the_time_that_passed_on_the_phone_counts(ago, at):
    assert time_at_the_till(ago=ago, received_at=NOW) == at


def test_T06_a_picture_of_a_code_is_good_for_the_minutes_it_was_shown_in_and_once(world, code):
    gift_code = GiftCode.objects.get(award__isnull=False)
    shown = presentation_token(gift_code, now=TAKEN_AT)

    assert report(world, shown, "1", 50, TAKEN_AT + timedelta(minutes=6)) == ("disputed", "code_token_expired")
    assert report(world, shown, "2", 50, TAKEN_AT - timedelta(minutes=6)) == ("disputed", "code_token_expired")
    assert report(world, shown, "3", 50, TAKEN_AT + timedelta(minutes=4)) == ("booked", None)
    assert report(world, shown, "4", 50) == ("disputed", "code_token_expired")


def test_a_code_that_was_shown_again_elsewhere_meanwhile_is_still_good(world, code):
    gift_code = GiftCode.objects.get(award__isnull=False)
    till = {"agency_id": world.agency.pk, "store_id": world.store.pk, "now": NOW}
    redeem_code(presented=presentation_token(gift_code, now=NOW), amount_jpy=100, **till)

    assert report(world, presentation_token(gift_code, now=TAKEN_AT), amount_jpy=100) == ("booked", None)
    gift_code.refresh_from_db()
    assert gift_code.balance_jpy == 300
    assert gift_code.presented_slot == int(NOW.timestamp()) // 30


def test_a_one_time_number_taken_without_a_network_is_used_up(world, code):
    gift_code = GiftCode.objects.get(award__isnull=False)
    number = show_number(gift_code_id=gift_code.pk, symbology="code128", now=TAKEN_AT)

    assert report(world, number, "1", 50, TAKEN_AT + timedelta(minutes=10)) == ("disputed", "code_token_expired")
    assert report(world, number, "2", 50, TAKEN_AT + timedelta(minutes=9)) == ("booked", None)
    assert report(world, number, "3", 50, TAKEN_AT) == ("disputed", "code_token_expired")
    assert ShownNumber.objects.get().used_at == TAKEN_AT + timedelta(minutes=9)


def test_a_phone_is_told_the_prizes_it_may_take_here(world):
    elsewhere = factories.UseConditionsFactory.create(is_offline_allowed=True)  # of another agency
    over = factories.UseConditionsFactory.create(
        prize__course__campaign=world.campaign, is_offline_allowed=True, valid_until=NOW
    )
    other_store = factories.UseConditionsFactory.create(prize__course__campaign=world.campaign, is_offline_allowed=True)
    other_store.stores.add(factories.StoreFactory.create(agency=world.agency))

    assert list(prizes_for_phones(world.store, NOW)) == [world.prize]
    assert {elsewhere.prize, over.prize, other_store.prize} & set(prizes_for_phones(world.store, NOW)) == set()


@pytest.mark.parametrize("limit", ["offline_limit_jpy", "phone_offline_count", "phone_offline_jpy"])
def test_a_store_without_one_of_its_limits_takes_nothing(world, code, limit):
    setattr(world.store, limit, 0)
    world.store.save()

    assert list(prizes_for_phones(world.store, NOW)) == []
    assert report(world, code) == ("disputed", "offline_limit_exceeded")


def test_the_day_of_a_store_that_closes_at_night_is_one(world):
    world.store.closes_at = time(2)
    world.store.save()
    evening = datetime(2026, 5, 20, 14, 0, tzinfo=UTC)  # 23:00 in Japan

    shift = PhoneShift(evening - timedelta(hours=1), evening + timedelta(hours=11))
    report(world, winning_code(world)[1], "1", 100, evening, shift=shift, now=evening + timedelta(hours=4))

    at_night, next_day = (evening + timedelta(hours=hours) for hours in (2.9, 3))
    taken = [taken_by_phone(store=world.store, terminal="phone a", at=at) for at in (at_night, next_day)]
    assert taken == [Taken(1, 100), Taken(0, 0)]
