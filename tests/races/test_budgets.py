"""The last yen of a budget, asked for by many workers at once (I04)."""

import random

import pytest
from django.db import connection, transaction

from campaigns.models import Budget, PrizeKind
from campaigns.services import set_budget
from codes.budgets import given_jpy, miscounted_budgets
from codes.models import Award, CodeStatus, GiftCode
from codes.services import release_reservation, reserve_code, set_running_budget, void_award
from codes.services.awarding import award_by_steps
from tests import factories
from tests.factories import NOW
from tests.races.racing import changed_function, race, refusals, successes, until_shown, without_constraints
from tests.races.test_giving import give, winners
from tests.worlds import World, open_campaign, stock

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS, LAST = 64, 20


def limited(total_jpy: int, **details) -> World:
    world = open_campaign(**details)
    set_running_budget(campaign_id=world.campaign.pk, total_jpy=total_jpy, now=NOW)
    return world


def used(world: World) -> int:
    return Budget.objects.get(campaign=world.campaign).used_jpy


def test_I04_sixty_four_winners_share_the_last_yen_exactly():
    world = limited(LAST * 500 + 499, codes=CLIENTS)

    outcomes = race([lambda result_id=result_id: give(result_id) for result_id in winners(world, CLIENTS)])

    assert len(set(successes(outcomes))) == LAST
    assert refusals(outcomes) == ["BudgetSpent"] * (CLIENTS - LAST)
    assert used(world) == LAST * 500 == given_jpy(world.campaign)
    assert GiftCode.objects.filter(status=CodeStatus.AVAILABLE).count() == CLIENTS - LAST


def test_I04_the_steps_in_python_share_it_with_the_function():
    world = limited(10 * 500, codes=32)
    results = winners(world, 32)
    by_steps = [lambda result_id=result_id: award_by_steps(result_id=result_id, now=NOW)[0].pk for result_id in results]
    acts = [act if number % 2 else (lambda r=results[number]: give(r)) for number, act in enumerate(by_steps)]

    outcomes = race(acts)

    assert len(set(successes(outcomes))) == 10
    assert refusals(outcomes) == ["BudgetSpent"] * 22
    assert used(world) == 5000 == given_jpy(world.campaign)


def test_I04_a_dearer_prize_that_does_not_fit_keeps_nobody_from_a_cheaper_one():
    """Of 7,300 yen the cheaper prizes use all they can, whatever the dearer ones are refused meanwhile."""
    world = limited(7300, codes=32, face_value_jpy=100)
    dear = factories.PrizeCourseFactory.create(campaign=world.campaign, position=2)
    stock(factories.PrizeFactory.create(course=dear, kind=PrizeKind.OWN_CODE, face_value_jpy=3000), 16)
    cheap = winners(world, 32)
    costly = [factories.DrawResultFactory.create(entry__campaign=world.campaign, course=dear).pk for _ in range(16)]
    results = [*cheap, *costly]
    random.Random(4).shuffle(results)

    outcomes = race([lambda result_id=result_id: give(result_id) for result_id in results])

    refused = len(refusals(outcomes))
    assert used(world) == given_jpy(world.campaign) <= 7300
    given = {value: Award.objects.filter(value_jpy=value).count() for value in (100, 3000)}
    assert refused == 48 - sum(given.values())
    assert given[100] == 32 or used(world) > 7200  # who was refused a cheap one found less than its worth
    assert given[3000] == 16 or used(world) > 4300


def test_I04_what_is_given_back_meanwhile_is_given_again_and_never_twice():
    world = limited(20 * 500, codes=64)
    first = [give(result_id) for result_id in winners(world, 10)]
    kept = [
        reserve_code(
            agency_id=world.agency.pk, prize_id=world.prize.pk, reference=f"r{number}", ttl_seconds=60, now=NOW
        ).pk
        for number in range(10)
    ]
    acts = [lambda pk=pk: void_award(award_id=pk, reason="fraud", now=NOW) for pk in first]
    acts += [lambda pk=pk: release_reservation(reservation_id=pk, now=NOW) for pk in kept]
    acts += [lambda result_id=result_id: give(result_id) for result_id in winners(world, 30)]

    outcomes = race(acts)

    refused = len(refusals(outcomes))
    assert used(world) == given_jpy(world.campaign) == (30 - refused) * 500 <= 10_000
    assert miscounted_budgets() == []


def test_I04_a_budget_set_while_many_give_counts_every_prize():
    world = open_campaign(codes=48)
    acts = [lambda result_id=result_id: give(result_id) for result_id in winners(world, 48)]
    acts.insert(24, lambda: set_running_budget(campaign_id=world.campaign.pk, total_jpy=1_000_000, now=NOW))

    outcomes = race(acts)

    assert refusals(outcomes) == []
    assert used(world) == 48 * 500 == given_jpy(world.campaign)


def test_negative_control_a_budget_set_without_waiting_for_who_gives_misses_prizes(monkeypatch):
    monkeypatch.setattr("codes.services.budgeting._hold_giving", lambda: None)

    def is_missed() -> bool:
        world = open_campaign(codes=24)
        acts = [lambda result_id=result_id: give(result_id) for result_id in winners(world, 24)]
        acts.insert(12, lambda: set_running_budget(campaign_id=world.campaign.pk, total_jpy=1_000_000, now=NOW))
        race(acts)
        return used(world) != given_jpy(world.campaign)

    assert until_shown(is_missed)


def test_negative_control_a_budget_that_is_read_first_is_overspent():
    """The condition outside of the update, and no CHECK: what everybody does who asks before he takes."""
    body = r"AND used_jpy \+ p_jpy <= total_jpy"

    def is_overspent() -> bool:
        world = limited(1000, codes=16)
        with changed_function(
            "campaigns_spend",
            body,
            "AND (SELECT b.used_jpy + p_jpy <= b.total_jpy FROM campaigns_budget b WHERE b.campaign_id = p_campaign)",
        ):
            race([lambda result_id=result_id: give(result_id) for result_id in winners(world, 16)])
        return used(world) > 1000

    with without_constraints(Budget, "budget_not_overspent"):
        assert until_shown(is_overspent)


def test_I04_the_table_itself_refuses_a_yen_too_much():
    world = limited(1000, codes=16)

    with changed_function("campaigns_spend", r"AND used_jpy \+ p_jpy <= total_jpy", ""):
        outcomes = race([lambda result_id=result_id: give(result_id) for result_id in winners(world, 8)])

    assert len(successes(outcomes)) == 2
    assert used(world) == 1000


def test_I04_a_budget_is_not_lowered_below_what_others_give_at_that_moment():
    world = limited(16 * 500, codes=16)
    acts = [lambda result_id=result_id: give(result_id) for result_id in winners(world, 16)]
    acts += [lambda: set_budget(campaign_id=world.campaign.pk, total_jpy=3000, now=NOW)] * 2

    outcomes = race(acts)

    assert used(world) == given_jpy(world.campaign) <= Budget.objects.get().total_jpy
    assert set(refusals(outcomes)) <= {"BudgetSpent", "BudgetBelowUsed"}


def test_nobody_waits_for_anybody_where_no_budget_is_set():
    """One gives and does not commit; the next of the campaign gives meanwhile."""
    world = open_campaign(codes=4)
    first, second = winners(world, 2)

    with transaction.atomic():
        give(first)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
        assert refusals(race([lambda: give(second)])) == []
