"""Prizes given by hand at one moment count for each other's cap by the law on premiums."""

import pytest

from core.errors import DomainError
from draws.models import DrawResult
from tests import factories
from tests.draws.test_late_entries import accept_late, drawn, grant
from tests.races.racing import race, refusals, successes, until_shown, without_locks
from tests.worlds import stock

pytestmark = pytest.mark.django_db(transaction=True)


def two_at_once() -> list[object]:
    """Give two late entries a prize of 500 yen each, of a course each; the sales allow one of them."""
    world = drawn(1, trade_value_jpy=1_000, projected_sales_jpy=75_000)
    other = factories.PrizeCourseFactory.create(campaign=world.campaign, total_cap=1)
    stock(factories.PrizeFactory.create(course=other, kind="own_code"), 2)
    courses = [world.course.pk, other.pk]
    late = [accept_late(world) for _course in courses]
    DrawResult.objects.create(  # the place of the second course is taken too
        agency=world.agency,
        entry=factories.EntryFactory(campaign=world.campaign),
        course=other,
        decided_at=late[0].decided_at,
    )
    acts = [lambda e=entry, c=course: grant(world, e, course_id=c) for entry, course in zip(late, courses, strict=True)]
    return race(acts)


def test_of_two_prizes_by_hand_that_the_sales_allow_one_of_one_is_given():
    outcomes = two_at_once()

    assert len(successes(outcomes)) == 1
    assert refusals(outcomes) == ["PremiumLimitExceeded"]


def test_without_the_lock_both_are_given():
    def shows() -> bool:
        outcomes = two_at_once()
        assert all(isinstance(o, DomainError | DrawResult) for o in outcomes), outcomes
        return len(successes(outcomes)) == 2

    with without_locks():
        assert until_shown(shows)
