"""Reserved codes and shares of stock under many hands at once (I01, I04, T01)."""

from datetime import timedelta

import pytest
from django.db.models import F

from codes import setting_aside
from codes.errors import StockBusy
from codes.models import Allocation, Award, CodeStatus, GiftCode, Reservation, ReservationStatus
from codes.services import (
    Place,
    allocate_stock,
    award_prizes,
    award_reserved,
    expire_reservations,
    move_allocation,
    release_reservation,
    reserve_code,
    settle_rest,
)
from draws.models import DrawResult
from journeys.audit import violations
from tests.factories import NOW, DrawResultFactory, EntryFactory, TrackedLinkFactory
from tests.races.racing import changed_function, race, refusals, successes, until_shown, without_locks
from tests.worlds import World, open_campaign, stock

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + timedelta(minutes=1)


def winner(world: World, link=None) -> DrawResult:
    entry = EntryFactory(campaign=world.campaign, link=link, status="won", submitted_at=NOW)
    return DrawResultFactory(entry=entry, course=world.course)


def reserve(world: World, reference: str) -> Reservation:
    """Reserve as a client does: a busy stock is asked again."""
    while True:
        try:
            return reserve_code(
                agency_id=world.agency.pk, prize_id=world.prize.pk, reference=reference, ttl_seconds=60, now=NOW
            )
        except StockBusy:
            continue


def award(result: DrawResult) -> int:
    """Award as a worker does: a busy stock is asked again."""
    while True:
        try:
            return award_prizes(result_id=result.pk, now=NOW)[0].gift_code_id
        except StockBusy:
            continue


def test_I01_winners_and_reservations_share_the_last_codes_exactly():
    world = open_campaign(codes=10)
    results = [winner(world) for _place in range(10)]
    acts = [lambda result=result: award(result) for result in results]
    acts += [lambda name=f"r{place}": reserve(world, name).gift_code_id for place in range(10)]

    outcomes = race(acts)

    taken = successes(outcomes)
    assert len(taken) == len(set(taken)) == 10
    assert set(refusals(outcomes)) == {"OutOfStock"}
    assert not {"I01", "I02"} & set(violations(NOW))


def test_I07_one_reference_asked_by_many_reserves_one_code():
    world = open_campaign(codes=8)

    outcomes = race([lambda: reserve(world, "order-1").pk] * 8)

    assert len(set(successes(outcomes))) == 1
    assert GiftCode.objects.filter(status=CodeStatus.RESERVED).count() == 1


def settle(world: World) -> tuple[list[str], Reservation]:
    """Give a reserved code out, release it and let it expire, all at one moment."""
    held = reserve(world, f"r{Reservation.objects.count()}")
    first, second = winner(world), winner(world)
    outcomes = race(
        [
            lambda: award_reserved(reservation_id=held.pk, result_id=first.pk, now=LATER - timedelta(seconds=1)),
            lambda: award_reserved(reservation_id=held.pk, result_id=second.pk, now=LATER - timedelta(seconds=1)),
            lambda: release_reservation(reservation_id=held.pk, now=NOW),
            lambda: expire_reservations(now=LATER),
        ]
    )
    held.refresh_from_db()
    return refusals(outcomes), held


def test_I01_a_reserved_code_ends_one_way_whoever_comes_first():
    world = open_campaign(codes=20)

    for _round in range(8):
        _names, held = settle(world)

        is_used = held.status == ReservationStatus.USED
        code = GiftCode.objects.get(pk=held.gift_code_id)
        assert code.status == (CodeStatus.ISSUED if is_used else CodeStatus.AVAILABLE)
        assert Award.objects.filter(gift_code=code).count() == is_used
    assert not {"I01", "I02"} & set(violations(NOW))


def test_negative_control_without_locks_a_reserved_code_is_back_in_stock_while_somebody_has_it():
    world = open_campaign(codes=40)

    def is_wrong() -> bool:
        stock(world.prize, 1)
        with without_locks():
            try:
                settle(world)
            except Exception:  # noqa: BLE001 the database refuses what the locks should have kept away
                return True
        ended = Reservation.objects.exclude(status=ReservationStatus.HELD)
        lost = ended.filter(award__isnull=False).exclude(gift_code__status=CodeStatus.ISSUED)
        kept = ended.filter(award__isnull=True, gift_code__award__isnull=False)
        return lost.exists() or kept.exists()

    assert until_shown(is_wrong)


def test_negative_control_reading_first_sets_one_code_aside_for_two(monkeypatch):
    """Without the single statement and SKIP LOCKED; the reservation's own constraint has the last word."""
    world = open_campaign(codes=1)

    def read_then_update(prize_id, _until, now):
        free = GiftCode.objects.filter(prize_id=prize_id, status=CodeStatus.AVAILABLE).order_by("-position").first()
        if free is not None:
            GiftCode.objects.filter(pk=free.pk).update(status=CodeStatus.RESERVED)
        return free

    monkeypatch.setattr(setting_aside, "_take", read_then_update)

    def is_doubled() -> bool:
        stock(world.prize, 4)
        begun = Reservation.objects.count()
        outcomes = race([lambda name=f"x{begun}-{place}": reserve(world, name) for place in range(8)])
        return any(type(outcome).__name__ == "IntegrityError" for outcome in outcomes)

    assert until_shown(is_doubled)


def shared_world() -> tuple[World, Allocation, list[DrawResult]]:
    world = open_campaign(codes=30)
    link = TrackedLinkFactory(campaign=world.campaign, channel="line")
    share = allocate_stock(prize_id=world.prize.pk, place=Place(channel="line"), quota=10, now=NOW)
    return world, share, [winner(world, link) for _place in range(16)]


def test_I04_a_share_is_given_out_exactly_while_codes_are_moved_into_it():
    world, share, results = shared_world()
    other = allocate_stock(prize_id=world.prize.pk, place=Place(channel="x"), quota=5, now=NOW)
    total = sum(row.quota for row in Allocation.objects.all())
    acts = [lambda result=result: award(result) for result in results]
    acts += [lambda: move_allocation(from_id=other.pk, to_id=share.pk, count=1, now=NOW)] * 3
    acts += [lambda: settle_rest(prize_id=world.prize.pk, now=NOW)] * 3

    outcomes = race(acts)

    assert set(refusals(outcomes)) <= {"OutOfStock"}
    share.refresh_from_db()
    assert share.used == Award.objects.count() <= share.quota == 13
    assert sum(row.quota for row in Allocation.objects.all()) == total
    promised = sum(row.quota - row.used for row in Allocation.objects.all())
    assert promised == GiftCode.objects.filter(status=CodeStatus.AVAILABLE).count()


def test_negative_control_a_share_that_is_read_first_is_miscounted():
    world, share, _results = shared_world()
    link = TrackedLinkFactory(campaign=world.campaign, channel="line")
    conditional = r"SET used = used \+ 1, updated_at = p_now WHERE id = share AND used < quota"
    read_first = "SET used = (SELECT a.used FROM codes_allocation a WHERE a.id = share) + 1 WHERE id = share"

    def is_miscounted() -> bool:
        stock(world.prize, 8)
        Allocation.objects.filter(pk=share.pk).update(quota=F("quota") + 8)
        results = [winner(world, link) for _place in range(8)]
        with changed_function("codes_take_place", conditional, read_first):
            race([lambda result=result: award(result) for result in results])
        return Allocation.objects.get(pk=share.pk).used != Award.objects.count()

    assert until_shown(is_miscounted)
