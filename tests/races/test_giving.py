"""Prizes given by many workers at once: to one winner once, of the last codes to as many as there are (I01, I03)."""

import pytest

from codes.errors import StockBusy
from codes.models import Award, CodeStatus, GiftCode
from distribution.models import Delivery
from distribution.services import give_prizes
from tests import factories
from tests.factories import NOW
from tests.races.racing import changed_function, race, refusals, successes, until_shown, without_constraints
from tests.worlds import World, open_campaign, stock

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS, CODES = 64, 20


def winners(world: World, count: int) -> list[int]:
    """Results that say "won", each of an entry of its own, with nothing given yet."""
    return [
        factories.DrawResultFactory.create(entry__campaign=world.campaign, course=world.course).pk for _ in range(count)
    ]


def give(result_id: int) -> int:
    """Give one winner his prize as a worker does: a busy stock is asked again."""
    while True:
        try:
            (given,) = give_prizes(result_id=result_id, now=NOW)
        except StockBusy:
            continue
        return given.award_id


def test_I01_sixty_four_winners_share_the_last_twenty_codes_exactly():
    world = open_campaign(codes=CODES)
    results = winners(world, CLIENTS)

    outcomes = race([lambda result_id=result_id: give(result_id) for result_id in results])

    assert len(set(successes(outcomes))) == CODES
    assert refusals(outcomes) == ["OutOfStock"] * (CLIENTS - CODES)
    assert Award.objects.values("gift_code").distinct().count() == CODES
    assert Delivery.objects.filter(award__isnull=False).count() == CODES
    assert GiftCode.objects.filter(status=CodeStatus.ISSUED).count() == CODES


def test_negative_control_without_the_row_lock_codes_are_given_twice_or_sold_out_falsely():
    def is_wrong() -> bool:
        world = open_campaign(codes=10)
        with changed_function("codes_take", "FOR UPDATE SKIP LOCKED", ""):
            outcomes = race([lambda result_id=result_id: give(result_id) for result_id in winners(world, 16)])
        taken = Award.objects.filter(prize=world.prize).values_list("gift_code", flat=True)
        broken = [outcome for outcome in outcomes if type(outcome).__name__ == "IntegrityError"]
        return bool(broken) or len(taken) != len(set(taken)) or len(taken) < 10

    assert until_shown(is_wrong)


def test_I01_one_winner_asked_for_by_sixteen_workers_gets_one_code_and_one_notice():
    world = open_campaign(codes=16)
    (result_id,) = winners(world, 1)

    outcomes = race([lambda: give(result_id)] * 16)

    assert len(successes(outcomes)) == 16
    assert len(set(outcomes)) == 1
    assert (Award.objects.count(), Delivery.objects.filter(award__isnull=False).count()) == (1, 1)
    assert GiftCode.objects.filter(status=CodeStatus.ISSUED).count() == 1  # what the others took went back


def test_negative_control_without_the_constraint_one_winner_gets_two_codes():
    world = open_campaign(codes=0)

    def is_doubled() -> bool:
        stock(world.prize, 16)
        (result_id,) = winners(world, 1)
        race([lambda: give(result_id)] * 16)
        return Award.objects.filter(result=result_id).count() > 1

    with without_constraints(Award, "award_once_per_prize"):
        assert until_shown(is_doubled)
