"""The law on premiums: what one winner, and all of them together, may get; figures of the notices (KH01–KH03, KH07)."""

import pytest

from campaigns.models import Campaign, Combination, Mechanic, PrizeKind, RuleKind
from campaigns.premium_limits import premium_obstacles, trade_value_jpy
from tests import factories

pytestmark = pytest.mark.django_db


def campaign(mechanic=Mechanic.LATER, *, value, cap=1, kind=PrizeKind.GIFT_CODE, **figures) -> Campaign:
    made = factories.CampaignFactory.create(mechanic=mechanic, **figures)
    course = factories.PrizeCourseFactory.create(campaign=made, total_cap=cap)
    factories.PrizeFactory.create(course=course, face_value_jpy=value, kind=kind)
    return made


def codes(made: Campaign, added=None) -> list[str]:
    return [obstacle.code for obstacle in premium_obstacles(made, added)]


def requires(made: Campaign, *rules: tuple[RuleKind, int], **group) -> None:
    rule_group = factories.RuleGroupFactory.create(campaign=made, **group)
    for kind, spend in rules:
        factories.EntryRuleFactory.create(group=rule_group, kind=kind, parameters={"minimum_spend_jpy": spend})


@pytest.mark.parametrize(
    ("mechanic", "trade_value", "limit"),
    [
        (Mechanic.EVERYONE, 1, 200),
        (Mechanic.EVERYONE, 999, 200),
        (Mechanic.EVERYONE, 1_000, 200),
        (Mechanic.FIRST_COME, 2_504, 500),
        (Mechanic.INSTANT, 100, 2_000),
        (Mechanic.LATER, 4_999, 99_980),
        (Mechanic.LATER, 5_000, 100_000),
        (Mechanic.LATER, 50_000, 100_000),
    ],
)
def test_what_one_winner_may_get_hangs_on_mechanic_and_trade_value(mechanic, trade_value, limit):
    figures = {"trade_value_jpy": trade_value, "projected_sales_jpy": 1_000_000_000}

    assert codes(campaign(mechanic, value=limit, **figures)) == []
    assert codes(campaign(mechanic, value=limit + 1, **figures)) == ["premium_above_limit"]


def test_all_prizes_of_a_draw_are_worth_two_hundredths_of_the_sales_at_most():
    fits = campaign(value=500, cap=100, trade_value_jpy=1_000, projected_sales_jpy=2_500_000)
    assert codes(fits) == []
    assert codes(fits, {fits.courses.get().pk: 1}) == ["premiums_above_total"]

    factories.PrizeFactory.create(course=fits.courses.get(), face_value_jpy=1)  # a winner gets both
    [obstacle] = premium_obstacles(fits)
    assert str(obstacle.message) == (
        "すべての賞品の合計額は50,100円です。景品表示法により、売上予定総額から計算した総額の限度は50,000円で、"
        "100円超過しています。"
    )


def test_a_draw_needs_the_figures_that_its_total_is_judged_by():
    assert codes(campaign(value=500, trade_value_jpy=1_000)) == ["no_projected_sales"]
    assert codes(campaign(value=500, cap=None, trade_value_jpy=1_000)) == ["no_cap_on_premiums"]


def test_who_buys_nothing_or_gets_a_discount_in_our_own_stores_meets_no_cap():
    assert codes(campaign(value=1_000_000)) == []
    assert codes(campaign(Mechanic.EVERYONE, value=500, kind=PrizeKind.OWN_CODE, trade_value_jpy=100)) == []
    drawn = campaign(value=2_001, kind=PrizeKind.OWN_CODE, trade_value_jpy=100, projected_sales_jpy=10_000_000)
    assert codes(drawn) == ["premium_above_limit"]  # by lot it is a premium all the same


RECEIPT, SURVEY = RuleKind.PURCHASE, RuleKind.SURVEY


@pytest.mark.parametrize(
    ("rules", "group", "expected"),
    [
        ([(RECEIPT, 2_500), (SURVEY, 0)], {"combination": Combination.ALL}, 2_500),
        ([(RECEIPT, 0)], {"combination": Combination.ALL}, 100),
        ([(RECEIPT, 2_500), (RECEIPT, 900)], {"combination": Combination.ANY}, 900),
        ([(RECEIPT, 2_500), (SURVEY, 0)], {"combination": Combination.ANY}, None),
        ([(RECEIPT, 2_500), (SURVEY, 0)], {"combination": Combination.AT_LEAST, "minimum_count": 2}, 2_500),
        ([(SURVEY, 0)], {"combination": Combination.ALL}, None),
    ],
)
def test_the_trade_value_follows_from_the_conditions_unless_it_is_entered(rules, group, expected):
    made = campaign(value=500)
    requires(made, *rules, **group)

    assert trade_value_jpy(made) == expected
    made.trade_value_jpy = 150
    assert trade_value_jpy(made) == 150
