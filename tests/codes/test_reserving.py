"""A code kept until a moment: once a reference, given out or back in stock (I01, I02, I07)."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from codes.claim import claim_next_code
from codes.errors import OutOfStock, ReservationEnded, ReservationOfAnotherPrize, ReservationTimeOutOfRange
from codes.models import Award, CodeStatus, GiftCode, ReservationStatus
from codes.services import (
    award_prizes,
    award_reserved,
    expire_reservations,
    release_reservation,
    reserve_code,
    void_code,
)
from draws.models import DrawResult
from journeys.audit import violations
from participants.models import Entry
from tests.factories import NOW, DrawResultFactory, EntryFactory, PrizeFactory
from tests.worlds import World, begin, finish, open_campaign

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def reserve(world: World, *, reference: str = "order-1", seconds: int = 60, now=NOW):
    return reserve_code(
        agency_id=world.agency.pk, prize_id=world.prize.pk, reference=reference, ttl_seconds=seconds, now=now
    )


def result(world: World) -> DrawResult:
    entry = EntryFactory(campaign=world.campaign, status="won", submitted_at=NOW)
    return DrawResultFactory(entry=entry, course=world.course)


def statuses() -> list[str]:
    return sorted(GiftCode.objects.values_list("status", flat=True))


def test_I07_a_reference_holds_one_code_however_often_it_is_asked():
    world = open_campaign(codes=2)

    first, again = reserve(world), reserve(world, seconds=600)

    assert first == again
    assert again.expires_at == NOW + MINUTE
    assert statuses() == ["available", "reserved"]


@pytest.mark.parametrize("seconds", [0, -1, 7 * 24 * 3600 + 1])
def test_the_time_is_between_a_second_and_seven_days(seconds):
    world = open_campaign(codes=1)

    with pytest.raises(ReservationTimeOutOfRange):
        reserve(world, seconds=seconds)

    assert statuses() == ["available"]


def test_a_code_that_would_expire_meanwhile_is_not_reserved():
    world = open_campaign(codes=1)
    GiftCode.objects.update(expires_at=NOW + MINUTE)

    with pytest.raises(OutOfStock):
        reserve(world, seconds=60)

    assert reserve(world, seconds=59).gift_code.status == CodeStatus.RESERVED


def test_an_expired_reservation_is_back_in_stock_and_found_though_it_lies_behind_the_hint():
    world = open_campaign(codes=200)
    front = GiftCode.objects.order_by("position").first()
    GiftCode.objects.exclude(pk=front.pk).update(status=CodeStatus.HELD)
    held = reserve(world)
    GiftCode.objects.exclude(pk=front.pk).update(status=CodeStatus.AVAILABLE)
    for _code in range(199):
        claim_next_code(prize_id=world.prize.pk, now=NOW)

    early = expire_reservations(now=NOW + MINUTE - timedelta(microseconds=1))
    due = expire_reservations(now=NOW + MINUTE)

    held.refresh_from_db()
    assert (early, due, held.status, held.ended_at) == (0, 1, ReservationStatus.EXPIRED, NOW + MINUTE)
    assert claim_next_code(prize_id=world.prize.pk, now=NOW + MINUTE).pk == front.pk


def test_after_its_time_the_same_reference_reserves_anew_without_waiting_for_the_sweep():
    world = open_campaign(codes=1)
    first = reserve(world)

    second = reserve(world, now=NOW + MINUTE)

    first.refresh_from_db()
    assert (first.status, second.status) == (ReservationStatus.EXPIRED, ReservationStatus.HELD)
    assert second.gift_code_id == first.gift_code_id


def test_I01_the_reserved_code_is_given_to_its_winner_once():
    world = open_campaign(codes=2)
    held, won = reserve(world), result(world)

    awards = [award_reserved(reservation_id=held.pk, result_id=won.pk, now=NOW) for _time in range(2)]
    rest = award_prizes(result_id=won.pk, now=NOW)

    held.refresh_from_db()
    assert awards[0] == awards[1] == rest[0]
    assert (held.status, held.award, awards[0].gift_code_id) == (ReservationStatus.USED, awards[0], held.gift_code_id)
    assert statuses() == ["available", "issued"]


def test_an_entry_with_the_reference_gets_the_reserved_code_by_itself():
    world = open_campaign(codes=3)
    held = reserve(world, reference="cart-7")
    entry = begin(world)
    Entry.objects.filter(pk=entry.pk).update(external_reference="cart-7")

    finish(entry)

    assert Award.objects.get(entry=entry).gift_code_id == held.gift_code_id
    assert violations(NOW) == {}


def test_a_reservation_is_refused_once_it_has_ended():
    world = open_campaign(codes=3)
    expired, released, used = (reserve(world, reference=name) for name in "abc")
    release_reservation(reservation_id=released.pk, now=NOW)
    award_reserved(reservation_id=used.pk, result_id=result(world).pk, now=NOW)
    blocked = reserve(world, reference="d")
    void_code(gift_code_id=blocked.gift_code_id, reason="x", now=NOW)

    for held, now in ((expired, NOW + MINUTE), (released, NOW), (used, NOW), (blocked, NOW)):
        with pytest.raises(ReservationEnded):
            award_reserved(reservation_id=held.pk, result_id=result(world).pk, now=now)
    with pytest.raises(ReservationEnded):
        release_reservation(reservation_id=used.pk, now=NOW)

    assert Award.objects.count() == 1


def test_a_code_of_another_prize_is_not_given():
    world = open_campaign(codes=1)
    held = reserve(world)
    other = PrizeFactory(course__campaign=world.campaign)
    won = DrawResultFactory(
        entry=EntryFactory(campaign=world.campaign, status="won", submitted_at=NOW), course=other.course
    )

    with pytest.raises(ReservationOfAnotherPrize):
        award_reserved(reservation_id=held.pk, result_id=won.pk, now=NOW)

    assert statuses() == ["reserved"]


def test_a_blocked_code_does_not_come_back_when_its_reservation_ends():
    world = open_campaign(codes=1)
    held = reserve(world)
    void_code(gift_code_id=held.gift_code_id, reason="x", now=NOW)

    assert expire_reservations(now=NOW + MINUTE) == 1
    assert statuses() == ["void"]
    assert violations(NOW) == {}


def test_each_step_is_in_the_trail_without_the_code():
    world = open_campaign(codes=1)
    held = reserve(world)
    release_reservation(reservation_id=held.pk, now=NOW, actor_id=world.operator.pk)

    lines = AuditEntry.objects.filter(subject_id=str(held.public_id)).order_by("pk")

    assert [(line.action, line.actor_id) for line in lines] == [
        ("code.reserved", None),
        ("reservation.released", world.operator.pk),
    ]
    assert {line.facts["gift_code"] for line in lines} == {str(held.gift_code.public_id)}
