"""The last codes of a prize, taken by more people than there are codes (I01, T01)."""

import contextlib
import threading

import pytest
from django.db import transaction

from codes import claim
from codes.claim import claim_next_code
from codes.errors import OutOfStock, StockBusy
from codes.models import CodeStatus, GiftCode
from tests.factories import NOW
from tests.races.racing import race, refusals, successes, until_shown
from tests.worlds import World, open_campaign, stock

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS, CODES = 64, 20


def take(world: World) -> int:
    """Take a code as a worker does: a busy stock is asked again."""
    while True:
        try:
            with transaction.atomic():
                return claim_next_code(prize_id=world.prize.pk, now=NOW).pk
        except StockBusy:
            continue


def test_I01_sixty_four_clients_share_twenty_codes_exactly():
    world = open_campaign(codes=CODES)

    outcomes = race([lambda: take(world)] * CLIENTS)

    taken = successes(outcomes)
    assert len(taken) == len(set(taken)) == CODES
    assert set(refusals(outcomes)) == {"OutOfStock"}
    assert GiftCode.objects.filter(status=CodeStatus.ISSUED).count() == CODES


def test_negative_control_reading_first_gives_one_code_to_two(monkeypatch):
    """Without the single statement, the row lock and SKIP LOCKED."""
    both_have_read = threading.Barrier(2)

    def read_then_update(prize_id, status, now):
        free = GiftCode.objects.filter(prize_id=prize_id, status=CodeStatus.AVAILABLE).order_by("position").first()
        if free is None:
            return 0
        with contextlib.suppress(threading.BrokenBarrierError):
            both_have_read.wait(1)  # two clients stand between reading and writing
        GiftCode.objects.filter(pk=free.pk).update(status=status, issued_at=now)
        return free.pk

    monkeypatch.setattr(claim, "_take", read_then_update)
    world = open_campaign(codes=1)

    def is_doubled() -> bool:
        stock(world.prize, 10)
        taken = successes(race([lambda: take(world)] * 16))
        return len(taken) > len(set(taken))

    assert until_shown(is_doubled)


def held_code(world: World, release: threading.Event, held: threading.Event):
    """Take the last code, keep the transaction open, and give the code back."""

    class Undone(Exception):
        pass

    try:
        with transaction.atomic():
            claim_next_code(prize_id=world.prize.pk, now=NOW)
            held.set()
            release.wait(10)
            raise Undone
    except Undone:
        return


def second_client(world: World):
    """Ask for a code while another transaction holds the last one; then once more after it gave it back."""
    release, held = threading.Event(), threading.Event()

    def ask():
        held.wait(10)
        try:
            with transaction.atomic():
                return claim_next_code(prize_id=world.prize.pk, now=NOW)
        finally:
            release.set()

    return race([lambda: held_code(world, release, held), ask])[1]


def test_nobody_is_told_sold_out_while_the_last_code_may_come_back():
    world = open_campaign(codes=1)

    assert isinstance(second_client(world), StockBusy)
    assert take(world) == GiftCode.objects.get().pk


def test_negative_control_without_the_second_look_the_sold_out_is_false(monkeypatch):
    honest = claim._take
    monkeypatch.setattr(claim, "_take", lambda *arguments: honest(*arguments) or 0)
    world = open_campaign(codes=1)

    assert isinstance(second_client(world), OutOfStock)
    assert GiftCode.objects.get().status == CodeStatus.AVAILABLE
