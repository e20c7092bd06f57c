"""One code at many tills (I05, T01, T02)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models import Sum

from campaigns.models import Store
from codes.conditions import Purchase
from codes.models import CodeLock, GiftCode, Redemption, Settlement
from codes.services import (
    OfflineUse,
    lock_code,
    redeem_code,
    report_uses,
    reverse_redemption,
    reverse_transaction,
    settle_days,
)
from codes.services.redemption import offline, redeeming, reversing, settling
from codes.services.redemption.past import facts_of
from core.clock import end_of_jst_day, jst_day
from core.named_locks import hold_all
from journeys.audit import violations
from tests import factories
from tests.factories import NOW
from tests.races.racing import (
    ROUNDS,
    race,
    refusals,
    successes,
    until_shown,
    without_constraints,
    without_locks,
)
from tests.worlds import World, open_campaign, winning_code

pytestmark = pytest.mark.django_db(transaction=True)

TILLS = 50


def redeem(world: World, code: str, **details: Any) -> Redemption:
    till: dict[str, Any] = {"agency_id": world.agency.pk, "store_id": world.store.pk, "now": NOW}
    return redeem_code(presented=code, **till | details)


def spent() -> int:
    return Redemption.objects.aggregate(all=Sum("amount_jpy"))["all"] or 0


def test_I05_fifty_tills_redeem_one_code_once():
    world = open_campaign()
    _award, code = winning_code(world)

    outcomes = race([partial(redeem, world, code)] * TILLS)

    assert len(successes(outcomes)) == 1
    assert refusals(outcomes) == ["AlreadyRedeemed"] * (TILLS - 1)
    assert spent() == 500
    assert violations(NOW) == {}


def test_I05_fifty_tills_take_no_more_than_the_balance():
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


def test_T02_parts_given_back_at_once_are_no_more_than_was_taken():
    world = open_campaign(face_value_jpy=5000)
    _award, code = winning_code(world)
    used = redeem(world, code, amount_jpy=1000)
    undo = partial(
        reverse_redemption,
        agency_id=world.agency.pk,
        redemption_public_id=str(used.public_id),
        amount_jpy=300,
        now=NOW,
    )

    outcomes = race([undo] * 8)

    assert len(successes(outcomes)) == 3
    assert set(refusals(outcomes)) == {"ReversalTooLarge"}
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 4900
    assert violations(NOW) == {}


def test_negative_control_without_lock_and_condition_a_redemption_is_reversed_twice(monkeypatch):
    monkeypatch.setattr(reversing, "_take_from_use", lambda _original, _amount: None)
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

    assert until_shown(is_doubled)
    assert "I05" in violations(NOW)


def test_I05_a_code_for_three_times_is_used_three_times_by_any_number_of_tills():
    world = open_campaign(face_value_jpy=5000)
    factories.UseConditionsFactory.create(prize=world.prize, mode="times", use_limit=3)
    _award, code = winning_code(world)

    outcomes = race([partial(redeem, world, code, amount_jpy=10)] * 12)

    assert len(successes(outcomes)) == 3
    assert set(refusals(outcomes)) == {"AlreadyRedeemed"}
    assert violations(NOW) == {}


def lock(world: World, code: str) -> CodeLock:
    return lock_code(agency_id=world.agency.pk, presented=code, store_id=world.store.pk, ttl_seconds=300, now=NOW)


def test_T02_of_many_carts_one_sets_the_code_aside_and_a_sale_comes_before_or_not_at_all():
    world = open_campaign()
    _award, code = winning_code(world)

    outcomes = race([partial(lock, world, code), partial(redeem, world, code)] * 8)

    locks, sales = successes(outcomes[0::2]), successes(outcomes[1::2])
    assert (len(locks), len(sales)) in {(1, 0), (0, 1)}
    assert set(refusals(outcomes)) <= {"Locked", "AlreadyRedeemed"}
    assert violations(NOW) == {}


def undoing(world: World, number: str) -> Callable[[], Any]:
    details = {"agency_id": world.agency.pk, "store_id": world.store.pk, "now": NOW}
    return partial(reverse_transaction, pos_transaction_id=number, **details)


def without(kind: str) -> Callable[[list[tuple[str, bool]]], None]:
    """Hold all names but those of one kind."""
    return lambda names: hold_all([name for name in names if not name[0].startswith(kind)])


def test_T02_a_sale_never_outlives_its_undoing():
    world = open_campaign()
    _award, code = winning_code(world)

    for number in range(8):
        sale = partial(redeem, world, code, amount_jpy=10, pos_transaction_id=f"T-{number}")
        outcomes = race([sale, undoing(world, f"T-{number}")] * 3)
        assert set(refusals(outcomes)) <= {"ReversedBeforeArrival"}

    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 500
    assert violations(NOW) == {}


def test_negative_control_without_the_number_s_lock_a_sale_outlives_its_undoing(monkeypatch):
    world = open_campaign(codes=2, face_value_jpy=100_000)
    _award, code = winning_code(world)

    def facts_before_the_undoing(*asked: Any) -> Any:
        facts = facts_of(*asked)
        race([undoing(world, "T-1")])
        return facts

    monkeypatch.setattr(redeeming, "hold_all", without("pos:"))
    monkeypatch.setattr(redeeming, "facts_of", facts_before_the_undoing)
    with without_locks():
        redeem(world, code, amount_jpy=10, pos_transaction_id="T-1")

    assert Redemption.objects.filter(pos_transaction_id="T-1", reversed_jpy=0).exists()
    assert "I07" in violations(NOW)


def settle_beside_sales(world: World, code: str, end: datetime) -> bool:
    """Settle at the end of the day beside sales of its last moment; tells whether the books and the day agree."""
    last = end - timedelta(microseconds=1)
    sell = partial(redeem, world, code, amount_jpy=1, now=last)
    sell()
    refusals(race([sell, sell, sell, partial(settle_days, now=end), sell, sell, sell]))
    return violations(end).get("I06", []) == []


def test_I06_a_day_is_settled_with_every_sale_or_the_sale_belongs_to_the_next():
    world = open_campaign(face_value_jpy=100_000)
    _award, code = winning_code(world)
    end = end_of_jst_day(jst_day(NOW))

    assert settle_beside_sales(world, code, end)
    assert Redemption.objects.count() == 7
    assert Settlement.objects.get().redeemed_jpy >= 1


def test_negative_control_without_the_day_s_lock_a_sale_slips_into_a_settled_day(monkeypatch):
    monkeypatch.setattr(redeeming, "hold_all", without("business-day:"))
    monkeypatch.setattr(settling, "hold", lambda _name, **_options: None)
    world = open_campaign(codes=2, face_value_jpy=100_000)
    _award, code = winning_code(world)
    start = jst_day(NOW)
    shifts = iter(range(ROUNDS))

    def is_wrong() -> bool:
        return not settle_beside_sales(world, code, end_of_jst_day(start + timedelta(days=next(shifts))))

    GiftCode.objects.update(expires_at=None)
    assert until_shown(is_wrong)


def purchase_beside_reports(world: World, codes: list[str], number: int) -> list[Any]:
    """Use both codes for one purchase at a till, and report both the other way round as taken offline."""
    basket = Purchase(basket_id=f"B-{number}")
    at = NOW - timedelta(hours=1)
    uses = [OfflineUse(code, 1, f"O-{number}-{place}", at, basket) for place, code in enumerate(codes)]
    report = partial(report_uses, agency_id=world.agency.pk, store_id=world.store.pk, uses=uses, now=NOW)
    sales = [partial(redeem, world, code, amount_jpy=1, purchase=basket) for code in codes]
    return race([*sales, report, *sales, report])


def open_offline_store(codes: int) -> tuple[World, list[str]]:
    world = open_campaign(codes=codes, face_value_jpy=100_000)
    Store.objects.update(offline_limit_jpy=100_000)
    return world, [winning_code(world)[1] for _number in range(2)]


def test_F17_a_purchase_at_a_till_and_reports_of_it_take_their_locks_in_one_order():
    world, codes = open_offline_store(2)

    for number in range(6):
        assert refusals(purchase_beside_reports(world, codes, number)) == []
    assert violations(NOW) == {}


def test_negative_control_a_report_that_locks_codes_before_their_purchase_meets_a_deadlock(monkeypatch):
    def book_late(sale, *details):
        hold_all(redeeming.basket_lock(sale.store.pk, sale.purchase.basket_id))
        return redeeming.book_sale(sale, *details)

    monkeypatch.setattr(offline, "_hold_names", lambda _store, _uses: None)
    monkeypatch.setattr(offline, "book_sale", book_late)
    world, codes = open_offline_store(2)
    numbers = iter(range(ROUNDS))

    def is_deadlocked() -> bool:
        outcomes = purchase_beside_reports(world, codes, next(numbers))
        return any(isinstance(outcome, OperationalError) for outcome in outcomes)

    assert until_shown(is_deadlocked)


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


def test_negative_control_without_lock_and_constraint_one_transaction_debits_twice(monkeypatch):
    monkeypatch.setattr(redeeming, "hold_all", without("pos:"))
    world = open_campaign(codes=30)

    def is_doubled() -> bool:
        award, code = winning_code(world)
        redeem(world, code, amount_jpy=10)  # or opening its account twice would stop it
        number = f"T-{award.pk}"
        with without_locks():
            race([partial(redeem, world, code, amount_jpy=10, pos_transaction_id=number)] * 8)
        return Redemption.objects.filter(pos_transaction_id=number).count() > 1

    with without_constraints(Redemption, "redemption_once_per_pos_transaction"):
        assert until_shown(is_doubled)
