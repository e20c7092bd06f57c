"""One code at many tills (I05, T01, T02)."""

from functools import partial
from typing import Any

import pytest
from django.db.models import Sum

from codes.models import GiftCode, Redemption
from codes.services import redeem_code, reverse_redemption
from codes.services.redemption import redeeming
from journeys.audit import violations
from tests.factories import NOW
from tests.races.racing import (
    race,
    refusals,
    successes,
    until_shown,
    without_constraints,
    without_locks,
    without_unique,
)
from tests.worlds import World, open_campaign, winning_code

pytestmark = pytest.mark.django_db(transaction=True)

TILLS = 32


def redeem(world: World, code: str, **details: Any) -> Redemption:
    return redeem_code(agency_id=world.agency.pk, presented=code, store_id=world.store.pk, now=NOW, **details)


def spent() -> int:
    return Redemption.objects.aggregate(all=Sum("amount_jpy"))["all"] or 0


def test_I05_thirty_two_tills_redeem_one_code_once():
    world = open_campaign()
    _award, code = winning_code(world)

    outcomes = race([partial(redeem, world, code)] * TILLS)

    assert len(successes(outcomes)) == 1
    assert refusals(outcomes) == ["AlreadyRedeemed"] * (TILLS - 1)
    assert spent() == 500
    assert violations(NOW) == {}


def test_I05_thirty_two_tills_take_no_more_than_the_balance():
    world = open_campaign()
    award, code = winning_code(world)

    outcomes = race([partial(redeem, world, code, amount_jpy=120)] * TILLS)

    assert len(successes(outcomes)) == 4
    assert GiftCode.objects.get(award=award).balance_jpy == 20
    assert violations(NOW) == {}


def test_negative_control_without_lock_and_condition_a_code_is_spent_twice(monkeypatch):
    def read_then_write(gift_code, amount, conditions, now):
        left = gift_code.balance_jpy - amount
        GiftCode.objects.filter(pk=gift_code.pk).update(balance_jpy=left, redeemed_at=now)
        return left

    monkeypatch.setattr(redeeming, "_debit", read_then_write)
    world = open_campaign(codes=30)

    def is_doubled() -> bool:
        _award, code = winning_code(world)
        before = spent()
        with without_locks():
            race([partial(redeem, world, code)] * 8)
        return spent() - before > 500

    assert until_shown(is_doubled)
    assert "I05" in violations(NOW)


def test_T02_a_redemption_is_reversed_once_whatever_is_redeemed_meanwhile():
    world = open_campaign()
    _award, code = winning_code(world)
    first = redeem(world, code)
    undo = partial(reverse_redemption, agency_id=world.agency.pk, redemption_public_id=str(first.public_id), now=NOW)

    outcomes = race([undo, partial(redeem, world, code)] * 8)

    assert len(successes(outcomes[0::2])) == 1
    assert len(successes(outcomes[1::2])) <= 1
    assert set(refusals(outcomes)) <= {"AlreadyReversed", "AlreadyRedeemed"}
    assert violations(NOW) == {}


def test_negative_control_without_lock_and_constraint_a_redemption_is_reversed_twice():
    world = open_campaign(codes=30, face_value_jpy=5000)

    def is_doubled() -> bool:
        _award, code = winning_code(world)
        redeem(world, code, amount_jpy=1000)
        first = redeem(world, code, amount_jpy=100)
        undo = partial(
            reverse_redemption, agency_id=world.agency.pk, redemption_public_id=str(first.public_id), now=NOW
        )
        with without_locks():
            race([undo] * 8)
        return Redemption.objects.filter(reverses=first).count() > 1

    with without_unique(Redemption, "reverses_id"):
        assert until_shown(is_doubled)
        assert "I05" in violations(NOW)


def test_I07_one_transaction_of_a_till_is_one_redemption_however_often_it_is_sent():
    world = open_campaign()
    _award, code = winning_code(world)

    outcomes = race([partial(redeem, world, code, amount_jpy=100, pos_transaction_id="T-1")] * 16)

    assert refusals(outcomes) == []
    assert {line.pk for line in outcomes} == {Redemption.objects.get().pk}
    assert violations(NOW) == {}


def test_I07_one_transaction_of_a_till_for_two_codes_debits_one():
    world = open_campaign(codes=8)
    codes = [winning_code(world)[1] for _number in range(8)]

    outcomes = race([partial(redeem, world, code, pos_transaction_id="T-1") for code in codes])

    assert len(successes(outcomes)) == 1
    assert refusals(outcomes) == ["DuplicateTransaction"] * 7
    assert GiftCode.objects.filter(balance_jpy=0).count() == 1
    assert violations(NOW) == {}


def test_negative_control_without_lock_and_constraint_one_transaction_debits_twice():
    world = open_campaign(codes=30)

    def is_doubled() -> bool:
        award, code = winning_code(world)
        number = f"T-{award.pk}"
        with without_locks():
            race([partial(redeem, world, code, amount_jpy=10, pos_transaction_id=number)] * 8)
        return Redemption.objects.filter(pos_transaction_id=number).count() > 1

    with without_constraints(Redemption, "redemption_once_per_pos_transaction"):
        assert until_shown(is_doubled)
