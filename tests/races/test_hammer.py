"""Two hundred hands at one moment: exact counts, and nobody is told that all is gone while it is not (T01)."""

from functools import partial
from typing import Any

import pytest
from django.db import transaction

from api.idempotency import answer_once
from api.models import IdempotencyRecord
from codes.claim import claim_next_code
from codes.errors import OutOfStock, StockBusy
from codes.models import CodeStatus, GiftCode, Redemption
from codes.services import redeem_code, reverse_redemption
from core.clock import jst_day
from draws.errors import CapReached
from draws.models import CourseCounter
from draws.services.counters import take_place
from eligibility.errors import TooManyAttempts
from eligibility.models import AttemptBudget
from eligibility.services import spend_attempt
from journeys.audit import violations
from tests.factories import NOW
from tests.races.racing import ROUNDS, race, refusals, successes, until_shown, without_constraints
from tests.worlds import World, open_campaign, winning_code

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

HANDS, LAST = 200, 100


class Undone(Exception):
    """The client thinks better of it."""


def take(world: World) -> int:
    """Take a code as a worker does: a busy stock is asked again."""
    while True:
        try:
            with transaction.atomic():
                return claim_next_code(prize_id=world.prize.pk, now=NOW).pk
        except StockBusy:
            continue


def take_back(world: World) -> None:
    """Take a code and give it back: the last ones are held for a moment by somebody who does not keep them."""
    try:
        with transaction.atomic():
            claim_next_code(prize_id=world.prize.pk, now=NOW)
            raise Undone
    except (Undone, StockBusy, OutOfStock):
        return


def take_all(world: World) -> list[int]:
    """Take until the stock is sold out."""
    taken: list[int] = []
    while True:
        try:
            taken.append(take(world))
        except OutOfStock:
            return taken


def test_I01_two_hundred_people_share_the_last_hundred_codes_though_some_are_given_back():
    world = open_campaign(codes=LAST)

    def act(place: int) -> int:
        if place % 4 == 0:
            take_back(world)
        return take(world)

    outcomes = race([partial(act, place) for place in range(HANDS)])

    taken = successes(outcomes)
    assert len(taken) == len(set(taken)) == LAST  # a false "sold out" would leave some
    assert refusals(outcomes) == ["OutOfStock"] * (HANDS - LAST)
    assert not GiftCode.objects.filter(status=CodeStatus.AVAILABLE).exists()


def test_I01_sixty_four_clients_take_the_last_hundred_codes_to_the_end():
    world = open_campaign(codes=LAST)

    outcomes = race([lambda: take_all(world)] * 64)

    taken = [code for codes in outcomes for code in codes]
    assert len(taken) == len(set(taken)) == LAST


def test_I04_a_cap_of_a_hundred_has_a_hundred_places_for_two_hundred():
    world = open_campaign(course={"total_cap": LAST, "daily_cap": LAST + 20})

    outcomes = race([partial(take_place, course=world.course, day=jst_day(NOW))] * HANDS)

    assert refusals(outcomes) == [CapReached.__name__] * (HANDS - LAST)
    assert list(CourseCounter.objects.values_list("used", flat=True)) == [LAST, LAST]


def test_T04_a_budget_of_a_hundred_lets_a_hundred_of_two_hundred_tries_through():
    spend = partial(spend_attempt, scope="net:192.0.2.0/24", limit=LAST, window_seconds=600, now=NOW)

    outcomes = race([spend] * HANDS)

    assert refusals(outcomes) == [TooManyAttempts.__name__] * (HANDS - LAST)
    assert AttemptBudget.objects.get().used_count == LAST


def test_I05_two_hundred_tills_take_a_balance_to_its_last_yen_and_give_all_of_it_back():
    world = open_campaign()
    _award, code = winning_code(world)
    till: dict[str, Any] = {"agency_id": world.agency.pk, "now": NOW}
    redeem = partial(redeem_code, presented=code, store_id=world.store.pk, amount_jpy=5, **till)

    uses = race([redeem] * HANDS)
    empty = GiftCode.objects.get(award__isnull=False).balance_jpy
    undo = [partial(reverse_redemption, redemption_public_id=str(use.public_id), **till) for use in successes(uses)]
    undone = race(undo * 2)

    assert (len(successes(uses)), empty) == (LAST, 0)
    assert refusals(undone) == ["AlreadyReversed"] * LAST
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 500
    assert violations(NOW) == {}


def test_I07_two_hundred_calls_with_one_key_have_one_effect_and_one_answer():
    world = open_campaign()
    _award, code = winning_code(world)

    def effect() -> tuple[int, dict[str, Any]]:
        line = redeem_code(agency_id=world.agency.pk, presented=code, store_id=world.store.pk, amount_jpy=5, now=NOW)
        return 201, {"id": str(line.public_id)}

    call: dict[str, Any] = {"agency_id": world.agency.pk, "endpoint": "POST /x", "key": "k", "body_sha256": "0" * 64}
    outcomes = race([partial(answer_once, effect=effect, keeps_refusals=True, **call)] * HANDS)

    assert refusals(outcomes) == []
    assert {answer.body["id"] for answer in outcomes} == {str(Redemption.objects.get().public_id)}
    assert sorted(answer.is_replay for answer in outcomes) == [False] + [True] * (HANDS - 1)
    assert IdempotencyRecord.objects.count() == 1


def test_negative_control_without_the_keys_constraint_equal_calls_have_several_effects():
    world = open_campaign(codes=2, face_value_jpy=100_000)
    _award, code = winning_code(world)
    keys = iter(range(ROUNDS))

    def effect() -> tuple[int, dict[str, Any]]:
        redeem_code(agency_id=world.agency.pk, presented=code, store_id=world.store.pk, amount_jpy=5, now=NOW)
        return 201, {}

    def is_doubled() -> bool:
        before = Redemption.objects.count()
        call: dict[str, Any] = {"agency_id": world.agency.pk, "endpoint": "POST /x", "body_sha256": "0" * 64}
        race([partial(answer_once, key=str(next(keys)), effect=effect, keeps_refusals=True, **call)] * 8)
        return Redemption.objects.count() - before > 1

    with without_constraints(IdempotencyRecord, "idempotency_key_once"):
        assert until_shown(is_doubled)
