"""One prize and several hands at one moment: one holder, five tries, one code (I01, I05, T06)."""

import contextlib
import threading
from functools import partial

import pytest

from campaigns.models import ClaimBinding
from codes.errors import ClaimPaused
from codes.holders import Holder
from codes.models import Award, GiftCode, Redemption, ShownNumber
from codes.presentation import presentation_token
from codes.services import binding, claiming, presenting, redeem_code, reissuing, reveal_code, show_number
from distribution.models import Delivery
from distribution.services import reissue, remind_of_award
from journeys.audit import violations
from tests.factories import NOW
from tests.races.racing import ROUNDS, race, refusals, successes, until_shown, without_locks
from tests.worlds import open_campaign, win, winning_code

pytestmark = pytest.mark.django_db(transaction=True)

DEVICES = 8


def reveal(award: Award, **holder):
    return reveal_code(award_id=award.pk, now=NOW, holder=Holder(**holder))


def openings(award: Award) -> list:
    return [partial(reveal, award, device=f"device-{number}") for number in range(DEVICES)]


def test_T06_of_devices_at_one_moment_one_becomes_the_holder():
    award = win(open_campaign(claim_binding=ClaimBinding.DEVICE))

    outcomes = race(openings(award))

    assert len(successes(outcomes)) == 1
    assert refusals(outcomes) == ["BoundElsewhere"] * (DEVICES - 1)
    award.refresh_from_db()
    assert award.reveal_count == 1
    assert violations(NOW) == {}


def test_negative_control_without_the_lock_two_devices_see_the_code():
    world = open_campaign(codes=30, claim_binding=ClaimBinding.DEVICE)

    def is_doubled() -> bool:
        award = win(world)
        with without_locks():
            return len(successes(race(openings(award)))) > 1

    assert until_shown(is_doubled)


def test_T05_many_guesses_of_a_pin_at_one_moment_are_five_tries():
    award = win(open_campaign(claim_binding=ClaimBinding.PIN))
    reveal(award, pin="194718")

    outcomes = race([partial(reveal, award, pin=f"{number:04}") for number in range(12)])

    assert sorted(refusals(outcomes)) == ["ClaimPaused"] * 7 + ["ClaimPinWrong"] * 5
    award.refresh_from_db()
    assert award.pin_failures == 5


def test_negative_control_a_count_of_tries_that_is_read_first_lets_more_guesses_through(monkeypatch):
    def read_then_write(award_id, now):
        known = Award.objects.get(pk=award_id)
        if known.pin_paused_until is not None:
            raise ClaimPaused(known.pin_paused_until)
        tries = known.pin_failures + 1
        paused_until = now + binding.PIN_PAUSE if tries % binding.PIN_TRIES == 0 else None
        Award.objects.filter(pk=award_id).update(pin_failures=tries, pin_paused_until=paused_until)

    monkeypatch.setattr(binding, "_count_try", read_then_write)
    world = open_campaign(codes=ROUNDS, claim_binding=ClaimBinding.PIN)

    def is_exceeded() -> bool:
        award = win(world)
        reveal(award, pin="194718")
        outcomes = race([partial(reveal, award, pin=f"{number:04}") for number in range(12)])
        return refusals(outcomes).count("ClaimPinWrong") > binding.PIN_TRIES

    assert until_shown(is_exceeded)


def test_I01_a_code_is_shown_or_replaced_and_never_both():
    world = open_campaign(codes=30)
    for _round in range(4):
        award = win(world)
        acts = [partial(reissue, award_id=award.pk, reason="x", now=NOW), partial(reveal, award)]

        outcomes = race(acts * 2)

        award.refresh_from_db()
        assert (award.revealed_at is None) != (award.voided_at is None)
        assert set(refusals(outcomes)) <= {"AlreadyRevealed", "AwardVoided"}
        assert len(successes(outcomes)) == 2  # a repeat of what won is no refusal
    assert violations(NOW) == {}


def test_negative_control_without_the_lock_a_code_is_shown_and_replaced(monkeypatch):
    world = open_campaign(codes=90)
    both_have_read = threading.Barrier(2)

    def after_both_have_read(act):
        def wrapped(*arguments, **named):
            with contextlib.suppress(threading.BrokenBarrierError):
                both_have_read.wait(2)
            return act(*arguments, **named)

        return wrapped

    monkeypatch.setattr(claiming, "hold_award", after_both_have_read(claiming.hold_award))
    monkeypatch.setattr(reissuing, "void_award", after_both_have_read(reissuing.void_award))

    def is_both() -> bool:
        award = win(world)
        with without_locks():
            race([partial(reissue, award_id=award.pk, reason="x", now=NOW), partial(reveal, award)])
        award.refresh_from_db()
        return award.revealed_at is not None and award.voided_at is not None

    assert until_shown(is_both)


def redeem(world, presented: str) -> Redemption:
    return redeem_code(agency_id=world.agency.pk, presented=presented, store_id=world.store.pk, amount_jpy=10, now=NOW)


def shown_to_tills(world) -> list[str]:
    award, _code = winning_code(world)
    number = show_number(gift_code_id=award.gift_code_id, symbology="code128", now=NOW)
    return [presentation_token(award.gift_code, now=NOW), number]


def test_I05_one_token_and_one_number_are_taken_once_however_many_tills_read_them():
    world = open_campaign()
    for shown in shown_to_tills(world):
        outcomes = race([partial(redeem, world, shown)] * 8)

        assert len(successes(outcomes)) == 1
        assert refusals(outcomes) == ["CodeTokenExpired"] * 7
    assert violations(NOW) == {}


def test_negative_control_read_and_written_in_two_steps_a_token_is_taken_twice(monkeypatch):
    def read_then_write(*, gift_code, presented, now):
        presenting.check_presentation(gift_code=gift_code, presented=presented, now=now)
        slot = presenting.read_token(presented).slot
        GiftCode.objects.filter(pk=gift_code.pk).update(presented_slot=slot)

    monkeypatch.setattr("codes.services.redemption.redeeming.consume_presentation", read_then_write)
    world = open_campaign(codes=30)

    def is_doubled() -> bool:
        token, _number = shown_to_tills(world)
        with without_locks():
            return len(successes(race([partial(redeem, world, token)] * 8))) > 1

    assert until_shown(is_doubled)


def test_a_prize_shown_as_a_barcode_by_many_presses_has_one_number_that_is_good():
    world = open_campaign()
    award, _code = winning_code(world)

    race([partial(show_number, gift_code_id=award.gift_code_id, symbology="code128", now=NOW)] * 6)

    assert ShownNumber.objects.filter(expires_at__gt=NOW, used_at__isnull=True).count() == 1


def test_two_clocks_remind_once():
    award = win(open_campaign())

    outcomes = race([partial(remind_of_award, award_id=award.pk, now=NOW)] * 6)

    assert len([one for one in successes(outcomes) if one]) == 1
    assert Delivery.objects.filter(kind="reminder").count() == 1
