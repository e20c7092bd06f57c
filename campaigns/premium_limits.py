"""Caps of the law on premiums (景品表示法) on what a campaign gives, judged from its own figures (KH01–KH03, KH07)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.errors import Obstacle
from campaigns.models import Campaign, Combination, Mechanic, PrizeCourse, PrizeKind, RuleGroup, RuleKind

RULES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "premium_limits.json").read_text(encoding="utf-8")
)


def premium_obstacles(campaign: Campaign, added_places: Mapping[int, int] | None = None) -> list[Obstacle]:
    """List the caps that a campaign's prizes exceed, and by how much; none bind where nothing has to be bought (KH06).

    `added_places` are places beyond the courses' own, by course id: prizes given on top count as those announced.
    """
    trade_value = trade_value_jpy(campaign)
    if trade_value is None:
        return []
    is_lottery = campaign.mechanic in (Mechanic.INSTANT, Mechanic.LATER)
    courses = list(campaign.courses.prefetch_related("prizes"))
    limit = _limit_of_one(trade_value, is_lottery=is_lottery)
    found = [_one_obstacle(course, limit, is_lottery=is_lottery) for course in courses]
    if is_lottery:
        found.append(_total_obstacle(campaign, courses, added_places or {}))
    return [obstacle for obstacle in found if obstacle]


def trade_value_jpy(campaign: Campaign) -> int | None:
    """Give the least that an entrant spends, in yen; None where one may enter without buying."""
    if campaign.trade_value_jpy is not None:
        return campaign.trade_value_jpy
    groups = [group for group in campaign.rule_groups.prefetch_related("rules") if _needs_purchase(group)]
    purchases = [rule for group in groups for rule in group.rules.all() if rule.kind == RuleKind.PURCHASE]
    asked = (int(rule.parameters.get("minimum_spend_jpy") or 0) for rule in purchases)
    return min((spend or int(RULES["any_purchase"]["trade_value_jpy"]) for spend in asked), default=None)


def _needs_purchase(group: RuleGroup) -> bool:
    """Tell whether a group cannot be met by its other conditions alone."""
    kinds = [rule.kind for rule in group.rules.all()]
    wanted = {Combination.ALL: len(kinds), Combination.ANY: 1, Combination.AT_LEAST: group.minimum_count}
    others = sum(kind != RuleKind.PURCHASE for kind in kinds)
    return others < wanted[Combination(group.combination)] and others < len(kinds)


def _limit_of_one(trade_value: int, *, is_lottery: bool) -> int:
    if is_lottery:
        rule = RULES["lottery"]
        return int(min(trade_value * rule["times_trade_value"], rule["largest_limit_jpy"]))
    rule = RULES["gift_to_all"]
    return int(max(trade_value * rule["percent_of_trade_value"] // 100, rule["smallest_limit_jpy"]))


def _value(course: PrizeCourse, *, is_lottery: bool) -> int:
    """Add up what one winner gets, in yen; own coupons given to everybody are a discount, no premium (KH01, KH15)."""
    prizes = course.prizes.all()
    return sum(prize.face_value_jpy for prize in prizes if is_lottery or prize.kind != PrizeKind.OWN_CODE)


def _one_obstacle(course: PrizeCourse, limit: int, *, is_lottery: bool) -> Obstacle | None:
    value = _value(course, is_lottery=is_lottery)
    if value <= limit:
        return None
    message = _(
        "“%(course)s” is worth %(value)s yen. The law on premiums allows %(limit)s yen for one winner:"
        " %(excess)s yen too much."
    )
    return Obstacle("premium_above_limit", message % _amounts(value, limit, course=course.name), "courses")


def _total_obstacle(campaign: Campaign, courses: list[PrizeCourse], added: Mapping[int, int]) -> Obstacle | None:
    if any(course.total_cap is None for course in courses):
        message = _("Set how many winners each course has: the law on premiums limits the value of all prizes.")
        return Obstacle("no_cap_on_premiums", message, "courses")
    if campaign.projected_sales_jpy is None:
        message = _("Enter the projected sales: by the law on premiums they limit the value of all prizes of a draw.")
        return Obstacle("no_projected_sales", message, "projected_sales_jpy")
    limit = campaign.projected_sales_jpy * int(RULES["lottery"]["percent_of_sales"]) // 100
    places = {course.pk: (course.total_cap or 0) + added.get(course.pk, 0) for course in courses}
    total = sum(places[course.pk] * _value(course, is_lottery=True) for course in courses)
    if total <= limit:
        return None
    message = _(
        "All prizes together are worth %(value)s yen. The law on premiums allows %(limit)s yen, measured by the"
        " projected sales: %(excess)s yen too much."
    )
    return Obstacle("premiums_above_total", message % _amounts(total, limit), "projected_sales_jpy")


def _amounts(value: int, limit: int, **named: str) -> dict[str, str]:
    return {"value": f"{value:,}", "limit": f"{limit:,}", "excess": f"{value - limit:,}", **named}
