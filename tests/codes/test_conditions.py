"""One pure function judges every use of a code (R04)."""

from datetime import datetime, time, timedelta

import pytest

from campaigns.models import UseMode
from campaigns.selectors import conditions_sentences
from codes.conditions import Conditions, Item, Purchase, Use, judge_use, most_jpy
from codes.models import CodeStatus, GiftCode
from core.clock import JST
from core.errors import DomainError
from tests import factories

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=JST)  # a Monday
TEA = Purchase(items=(Item("4901234567894", 2, 300), Item("OTHER", 1, 900)))


def judged(conditions: Conditions, *, code=None, **use) -> int | str:
    """Give the amount, or the refusal's name."""
    facts = {"status": CodeStatus.ISSUED, "face_value_jpy": 500, "balance_jpy": 500, "use_count": 0} | (code or {})
    try:
        return judge_use(GiftCode(**facts), conditions, Use(**{"store_id": 1, "at": NOON} | use))
    except DomainError as refusal:
        return refusal.code


ONCE = Conditions(mode=UseMode.ONCE, use_limit=1)
THRICE = Conditions(mode=UseMode.TIMES, use_limit=3)
PRODUCTS = Conditions(products=frozenset({"4901234567894"}))
BETWEEN = Conditions(minimum_jpy=1000, maximum_jpy=2000)
NIGHT = Conditions(hour_from=time(22), hour_until=time(2))
DAY = Conditions(hour_from=time(10), hour_until=time(12))
CASES = [
    (Conditions(), {}, 500),
    (Conditions(), {"amount_jpy": 120}, 120),
    (Conditions(), {"amount_jpy": 501}, "insufficient_balance"),
    (Conditions(), {"purchase": Purchase(total_jpy=100)}, 100),
    (Conditions(), {"purchase": Purchase(items=(Item("OTHER", 1, 90),))}, 90),
    (Conditions(), {"purchase": Purchase(total_jpy=100), "amount_jpy": 100}, 100),
    (Conditions(), {"purchase": Purchase(total_jpy=100), "amount_jpy": 101}, "amount_out_of_range"),
    (Conditions(), {"purchase": Purchase(total_jpy=0)}, "amount_out_of_range"),
    (Conditions(), {"code": {"status": CodeStatus.PRINTED}}, 500),
    (Conditions(), {"code": {"status": CodeStatus.VOID}}, "suspended"),
    (Conditions(), {"code": {"balance_jpy": 0}}, "already_redeemed"),
    (Conditions(), {"code": {"expires_at": NOON}}, "expired"),
    (ONCE, {}, 500),
    (ONCE, {"purchase": Purchase(total_jpy=100)}, 500),
    (ONCE, {"amount_jpy": 500}, 500),
    (ONCE, {"amount_jpy": 499}, "amount_out_of_range"),
    (ONCE, {"code": {"balance_jpy": 200, "use_count": 1}}, "already_redeemed"),
    (THRICE, {}, 166),
    (THRICE, {"code": {"balance_jpy": 168, "use_count": 2}}, 168),
    (THRICE, {"purchase": Purchase(total_jpy=100)}, 100),
    (THRICE, {"amount_jpy": 400}, 400),
    (THRICE, {"code": {"use_count": 3}}, "already_redeemed"),
    (PRODUCTS, {}, "product_not_allowed"),
    (PRODUCTS, {"is_question": True}, 500),
    (PRODUCTS, {"purchase": TEA}, 300),
    (PRODUCTS, {"purchase": TEA, "amount_jpy": 301}, "amount_out_of_range"),
    (PRODUCTS, {"purchase": Purchase(items=(Item("OTHER", 1, 900),))}, "product_not_allowed"),
    (PRODUCTS, {"purchase": Purchase(is_confirmed=True), "amount_jpy": 400}, 400),
    (BETWEEN, {}, "amount_out_of_range"),
    (BETWEEN, {"is_question": True}, 500),
    (BETWEEN, {"purchase": Purchase(total_jpy=999)}, "amount_out_of_range"),
    (BETWEEN, {"purchase": Purchase(total_jpy=1000)}, 500),
    (BETWEEN, {"purchase": Purchase(total_jpy=2000)}, 500),
    (BETWEEN, {"purchase": Purchase(total_jpy=2001)}, "amount_out_of_range"),
    (BETWEEN, {"purchase": TEA, "amount_jpy": 500}, 500),
    (Conditions(store_ids=frozenset({2})), {}, "store_not_allowed"),
    (Conditions(store_ids=frozenset({1, 2})), {}, 500),
    (Conditions(valid_from=NOON), {}, 500),
    (Conditions(valid_from=NOON + timedelta(microseconds=1)), {}, "not_yet_valid"),
    (Conditions(valid_until=NOON), {}, "expired"),
    (Conditions(valid_until=NOON + timedelta(microseconds=1)), {}, 500),
    (Conditions(weekdays=frozenset({0})), {}, 500),
    (Conditions(weekdays=frozenset({1, 6})), {}, "time_not_allowed"),
    (Conditions(weekdays=frozenset({0})), {"at": datetime(2026, 6, 2, 0, 0, tzinfo=JST)}, "time_not_allowed"),
    (DAY, {}, "time_not_allowed"),
    (DAY, {"at": NOON - timedelta(microseconds=1)}, 500),
    (NIGHT, {}, "time_not_allowed"),
    (NIGHT, {"at": NOON + timedelta(hours=10)}, 500),
    (NIGHT, {"at": NOON + timedelta(hours=13, minutes=59)}, 500),
    (NIGHT, {"at": NOON + timedelta(hours=14)}, "time_not_allowed"),
    (Conditions(), {"others_combine": [True]}, 500),
    (Conditions(), {"others_combine": [True, False]}, "not_combinable"),
    (Conditions(is_combinable=False), {"others_combine": [True]}, "not_combinable"),
    (Conditions(is_combinable=False), {}, 500),
]


@pytest.mark.parametrize(("conditions", "details", "answer"), CASES)
def test_a_use_is_judged_by_its_conditions(conditions, details, answer):
    assert judged(conditions, **details) == answer


@pytest.mark.parametrize("amount", [0, -1, 100_000_001])
def test_T03_amounts_out_of_range_are_refused(amount):
    assert judged(Conditions(), amount_jpy=amount) == "amount_out_of_range"


def test_the_most_that_can_be_taken_is_what_counts_or_the_balance():
    code = GiftCode(status=CodeStatus.ISSUED, balance_jpy=500)

    assert (most_jpy(code, PRODUCTS, TEA), most_jpy(code, Conditions(), TEA)) == (300, 500)


@pytest.mark.django_db
def test_conditions_are_said_in_sentences():
    conditions = factories.UseConditionsFactory.create(
        mode="times",
        use_limit=3,
        minimum_jpy=1000,
        products=["緑茶600ml", "ほうじ茶"],
        valid_from=NOON,
        valid_until=datetime(2026, 7, 1, tzinfo=JST),
        weekdays=[5, 0],
        hour_from=time(10),
        is_combinable=False,
    )
    conditions.stores.add(factories.StoreFactory.create(name="銀座店"))

    assert conditions_sentences(conditions) == [
        "3回使えます。",
        "1,000円以上のお買い上げで使えます。",
        "対象の商品・サービス:緑茶600ml、ほうじ茶",
        "使えるお店:銀座店",
        "2026年6月1日(月) 12:00から2026年6月30日(火) 23:59まで使えます。",
        "使える曜日・時間:月・土曜日、10:00〜24:00",
        "ほかのコードと同じお会計では併用できません。",
    ]
    assert conditions_sentences(None) == []
