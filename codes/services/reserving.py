"""A code kept for somebody until a moment (引当): given out to him, or back in stock by itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from accounts import audit
from campaigns.models import Prize
from campaigns.services import give_back_budget, spend_budget
from codes.errors import (
    BudgetSpent,
    NotEligible,
    ReservationEnded,
    ReservationOfAnotherPrize,
    ReservationTimeOutOfRange,
)
from codes.models import Award, BatchStatus, CodeBatch, CodeStatus, GiftCode, Reservation, ReservationStatus
from codes.selectors import live_reservation
from codes.services.granting import award_code
from codes.services.places import give_back_to_rest, settle_rest, take_from_rest
from codes.setting_aside import set_code_aside
from core.crashpoints import crashpoint
from core.named_locks import hold
from draws.models import DrawResult

LONGEST_SECONDS = 7 * 24 * 3600
CHUNK = 500


def reserve_code(
    *, agency_id: int, prize_id: int, reference: str, ttl_seconds: int, now: datetime, api_key_id: int | None = None
) -> Reservation:
    """Keep a code of a prize for `reference`; a repeat returns the same reservation, its end unchanged.

    Raises:
        ReservationTimeOutOfRange: not between a second and seven days.
        OutOfStock: none is left that stays valid so long.
        BudgetSpent: the campaign's budget has less left than the code is worth.
        StockBusy: codes are left but held by others; to be tried again.
    """
    if not 1 <= ttl_seconds <= LONGEST_SECONDS:
        raise ReservationTimeOutOfRange
    prize = Prize.objects.select_related("course").get(pk=prize_id, course__campaign__agency_id=agency_id)
    if known := _known(agency_id, prize_id, reference, now):
        return known
    try:
        return _reserve(agency_id, prize, reference, ttl_seconds, now, api_key_id)
    except IntegrityError:  # the same reference, a moment ago
        known = live_reservation(agency_id=agency_id, prize_id=prize_id, reference=reference)
        if known is None:
            raise
        return known


@transaction.atomic
def release_reservation(*, reservation_id: int, now: datetime, actor_id: int | None = None) -> Reservation:
    """Give a reserved code back to the stock before its time, and its worth to the budget; a repeat changes nothing.

    Raises:
        ReservationEnded: the code was given out.
    """
    reservation = Reservation.objects.select_for_update(of=("self",)).get(pk=reservation_id)
    if reservation.status == ReservationStatus.USED:
        raise ReservationEnded(reservation_id=reservation_id)
    if reservation.status == ReservationStatus.HELD:
        _end(reservation, ReservationStatus.RELEASED, now, actor_id)
        _give_back(reservation, now)
    return reservation


@transaction.atomic
def end_reservations(*, reservation_ids: Sequence[int], now: datetime) -> int:
    """Release reservations whose batch is called back; returns their worth in yen, which the caller gives back last."""
    freed_jpy = 0
    for reservation_id in reservation_ids:
        reservation = Reservation.objects.select_for_update(of=("self",)).get(pk=reservation_id)
        if reservation.status == ReservationStatus.HELD:
            _end(reservation, ReservationStatus.RELEASED, now, None)
            freed_jpy += reservation.value_jpy
    return freed_jpy


def expire_reservations(*, now: datetime) -> int:
    """Put the codes of reservations past their time back into stock; returns how many ended."""
    due = Reservation.objects.filter(status=ReservationStatus.HELD, expires_at__lte=now).order_by("pk")
    ended = 0
    for reservation_id in list(due.values_list("pk", flat=True)[:CHUNK]):
        ended += _expire(reservation_id, now)
    return ended


@transaction.atomic
def award_reserved(*, reservation_id: int, result_id: int, now: datetime) -> Award:
    """Give a winning entry the code that was kept for it; a repeat returns the same award.

    Raises:
        NotEligible: the entry has not won.
        ReservationOfAnotherPrize: it has won, but not this prize.
        ReservationEnded: released, expired, or given to another entry.
    """
    result = DrawResult.objects.select_for_update(of=("self",)).select_related("entry__campaign").get(pk=result_id)
    reservation = Reservation.objects.select_for_update(of=("self",)).select_related("prize").get(pk=reservation_id)
    if result.course_id is None:
        raise NotEligible(result_id=result_id)
    if reservation.prize.course_id != result.course_id or reservation.agency_id != result.agency_id:
        raise ReservationOfAnotherPrize(reservation_id=reservation_id)
    known = Award.objects.filter(entry_id=result.entry_id, prize=reservation.prize, voided_at__isnull=True).first()
    if known is not None:
        return known
    if reservation.status != ReservationStatus.HELD or reservation.expires_at <= now:
        raise ReservationEnded(reservation_id=reservation_id)
    return _hand_over(reservation, result, now)


def batch_lock(batch_id: int) -> str:
    """Name what reservations that end hold together, and whoever moves the whole batch holds alone."""
    return f"batch:{batch_id}"


def _hand_over(reservation: Reservation, result: DrawResult, now: datetime) -> Award:
    gift_code = GiftCode.objects.get(pk=reservation.gift_code_id)
    if gift_code.status != CodeStatus.RESERVED:  # blocked meanwhile
        raise ReservationEnded(reservation_id=reservation.pk)
    gift_code.move_to(CodeStatus.ISSUED, issued_at=now)
    award = award_code(result=result, prize=reservation.prize, gift_code=gift_code, now=now)
    reservation.move_to(ReservationStatus.USED, award=award, ended_at=now)
    crashpoint("reserve.before_award_commit")
    return award


def _known(agency_id: int, prize_id: int, reference: str, now: datetime) -> Reservation | None:
    known = live_reservation(agency_id=agency_id, prize_id=prize_id, reference=reference)
    if known is not None and known.status == ReservationStatus.HELD and known.expires_at <= now:
        _expire(known.pk, now)  # its time is over, though no sweep has come by yet
        return None
    return known


@transaction.atomic
def _reserve(
    agency_id: int, prize: Prize, reference: str, ttl_seconds: int, now: datetime, api_key_id: int | None
) -> Reservation:
    until = now + timedelta(seconds=ttl_seconds)
    gift_code = set_code_aside(prize_id=prize.pk, until=until, now=now)
    take_from_rest(prize=prize, now=now)
    reservation = Reservation.objects.create(
        agency_id=agency_id,
        prize=prize,
        gift_code=gift_code,
        value_jpy=gift_code.face_value_jpy,
        reference=reference,
        expires_at=until,
        api_key_id=api_key_id,
    )
    audit.record("code.reserved", subject=reservation, gift_code=str(gift_code.public_id), seconds=ttl_seconds)
    if not spend_budget(campaign_id=prize.course.campaign_id, jpy=reservation.value_jpy, now=now):
        raise BudgetSpent(prize_id=prize.pk)
    crashpoint("reserve.before_commit")
    return reservation


@transaction.atomic
def _expire(reservation_id: int, now: datetime) -> bool:
    """End one reservation unless somebody holds it: he gives its code out, or releases it, at this moment."""
    held = Reservation.objects.select_for_update(of=("self",), skip_locked=True)
    reservation = held.filter(pk=reservation_id, status=ReservationStatus.HELD, expires_at__lte=now).first()
    if reservation is None:
        return False
    _end(reservation, ReservationStatus.EXPIRED, now, None)
    _give_back(reservation, now)
    return True


def _give_back(reservation: Reservation, now: datetime) -> None:
    """Return what a reservation had taken from the budget; the last step, as for everybody."""
    campaign_id = reservation.prize.course.campaign_id
    give_back_budget(campaign_id=campaign_id, jpy=reservation.value_jpy, now=now)


def _end(reservation: Reservation, status: ReservationStatus, now: datetime, actor_id: int | None) -> None:
    """Close a reservation and put its code back where the others of its batch are, unless it was blocked meanwhile."""
    reservation.move_to(status, ended_at=now)
    hold(batch_lock(reservation.gift_code.batch_id), shared=True)  # a batch held back now still finds this code
    is_in_stock = CodeBatch.objects.filter(gift_codes=reservation.gift_code_id, status=BatchStatus.ACTIVE).exists()
    back = CodeStatus.AVAILABLE if is_in_stock else CodeStatus.HELD
    reserved = GiftCode.objects.filter(pk=reservation.gift_code_id, status=CodeStatus.RESERVED)
    if reserved.update(status=back, updated_at=now):
        give_back_to_rest(prize_id=reservation.prize_id, now=now)
        if not is_in_stock:
            settle_rest(prize_id=reservation.prize_id, now=now)
    audit.record(
        f"reservation.{status}",
        subject=reservation,
        actor_id=actor_id,
        gift_code=str(reservation.gift_code.public_id),
    )
    crashpoint("reserve.before_end_commit")
