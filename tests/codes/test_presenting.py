"""What a phone shows at the till: good for so long, taken once, and worth nothing to whoever changes or copies it."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from codes.errors import AlreadyRedeemed, CodeNotAccepted, CodeTokenExpired, InsufficientBalance
from codes.models import CodeLock, GiftCode, Redemption, ShownNumber
from codes.presentation import (
    presentation_token,
    read_token,
    scanned_number,
    slot_ends_at,
    token_good_until,
)
from codes.presented import presented_code
from codes.services import check_code, forget_shown_numbers, lock_code, redeem_code, reverse_redemption, show_number
from tests.factories import NOW
from tests.worlds import open_campaign, winning_code

pytestmark = pytest.mark.django_db

SLOT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # NOW lies at the beginning of a slot
SECOND = timedelta(seconds=1)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def world():
    return open_campaign()


@pytest.fixture
def gift_code(world) -> GiftCode:
    return winning_code(world)[0].gift_code


def redeem(world, presented, **details) -> Redemption:
    details.setdefault("now", NOW)
    return redeem_code(agency_id=world.agency.pk, presented=presented, store_id=world.store.pk, **details)


def refusal_at(world, presented, now) -> str | None:
    state = check_code(agency_id=world.agency.pk, presented=presented, store_id=world.store.pk, now=now)
    return state.refusal_code


def test_a_token_has_47_letters_and_names_its_code(gift_code):
    token = presentation_token(gift_code, now=NOW)

    assert len(token) == 47
    assert read_token(token.lower()).code_id == gift_code.public_id
    assert presented_code(agency_id=gift_code.agency_id, presented=token) == gift_code
    assert presented_code(agency_id=gift_code.agency_id + 1, presented=token) is None


@pytest.mark.parametrize(
    ("later", "is_taken"),
    [
        (-30 * SECOND - MOMENT, False),  # two slots early: no clock of ours made that
        (-30 * SECOND, True),
        (-SECOND, True),
        (timedelta(0), True),
        (29 * SECOND, True),
        (30 * SECOND, True),
        (59 * SECOND, True),
        (60 * SECOND - MOMENT, True),
        (60 * SECOND, False),
        (61 * SECOND, False),
    ],
)
def test_a_token_is_taken_in_its_slot_and_the_ones_beside_it(world, gift_code, later, is_taken):
    token = presentation_token(gift_code, now=SLOT)

    assert refusal_at(world, token, SLOT + later) == (None if is_taken else "code_token_expired")
    if is_taken:
        assert redeem(world, token, now=SLOT + later).amount_jpy == 500
        return
    with pytest.raises(CodeTokenExpired):
        redeem(world, token, now=SLOT + later)
    assert Redemption.objects.count() == 0


def test_the_phone_is_told_until_when_its_token_is_good():
    at = SLOT + 7 * SECOND

    assert (slot_ends_at(at), token_good_until(at)) == (SLOT + 30 * SECOND, SLOT + 60 * SECOND)


def test_every_changed_bit_of_a_token_is_noticed(gift_code):
    token = presentation_token(gift_code, now=NOW)
    body = base64.b32decode(token + "=")
    for bit in range(len(body) * 8):
        changed = bytearray(body)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CodeNotAccepted):
            read_token(base64.b32encode(bytes(changed)).decode().rstrip("="))
    last = {letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" if letter != token[-1]}
    for letter in last:  # bits that stand for nothing are not free either
        with pytest.raises(CodeNotAccepted):
            read_token(token[:-1] + letter)


def test_a_new_key_is_used_at_once_and_the_one_before_is_still_read(world, gift_code, settings):
    before = presentation_token(gift_code, now=NOW)
    settings.PRESENTED_KEY_ID = 1
    after = presentation_token(gift_code, now=NOW)
    assert before != after
    assert refusal_at(world, before, NOW) is refusal_at(world, after, NOW) is None

    settings.PRESENTED_KEY_ID = 2
    with pytest.raises(CodeNotAccepted):
        redeem(world, before)


def test_the_same_token_is_taken_once_and_the_next_one_again(world, gift_code):
    token = presentation_token(gift_code, now=SLOT)
    redeem(world, token, amount_jpy=100)

    assert refusal_at(world, token, SLOT) == "code_token_expired"
    with pytest.raises(CodeTokenExpired):
        redeem(world, token, amount_jpy=100)
    earlier = presentation_token(gift_code, now=SLOT - 30 * SECOND)
    with pytest.raises(CodeTokenExpired):
        redeem(world, earlier, amount_jpy=100)
    later = SLOT + 30 * SECOND
    assert redeem(world, presentation_token(gift_code, now=later), amount_jpy=100, now=later).balance_after_jpy == 300


def test_an_old_picture_of_a_token_keeps_no_code_from_its_holder(world, gift_code):
    def lock(presented, now):
        return lock_code(
            agency_id=world.agency.pk, presented=presented, store_id=world.store.pk, ttl_seconds=300, now=now
        )

    token = presentation_token(gift_code, now=SLOT)
    with pytest.raises(CodeTokenExpired):
        lock(token, SLOT + 60 * SECOND)
    assert not CodeLock.objects.exists()
    lock(token, SLOT + 60 * SECOND - MOMENT)
    redeem(world, token, amount_jpy=100, now=SLOT, lock_public_id=CodeLock.objects.get().public_id)

    with pytest.raises(CodeTokenExpired):
        lock(token, SLOT)  # taken once, a picture of it is worth nothing


def test_a_refused_redemption_takes_no_token(world, gift_code):
    token = presentation_token(gift_code, now=NOW)
    with pytest.raises(InsufficientBalance):
        redeem(world, token, amount_jpy=501)

    assert redeem(world, token).amount_jpy == 500


def test_a_reversed_redemption_gives_the_amount_back_and_not_the_token(world, gift_code):
    token = presentation_token(gift_code, now=NOW)
    line = redeem(world, token)
    with pytest.raises(AlreadyRedeemed):
        redeem(world, token)
    reverse_redemption(agency_id=world.agency.pk, redemption_public_id=str(line.public_id), now=NOW)

    with pytest.raises(CodeTokenExpired):
        redeem(world, token)


def test_I07_a_till_that_sends_its_sale_again_gets_the_same_line_long_after_the_token_is_old(world, gift_code):
    token = presentation_token(gift_code, now=NOW)
    number = show_number(gift_code_id=gift_code.pk, symbology="code128", now=NOW)
    lines = [redeem(world, shown, amount_jpy=100, pos_transaction_id=shown[:9]) for shown in (token, number)]

    again = NOW + timedelta(hours=3)
    assert lines == [
        redeem(world, shown, amount_jpy=100, pos_transaction_id=shown[:9], now=again) for shown in (token, number)
    ]


@pytest.mark.parametrize("symbology", ["code128", "nw7", "jan13", "gs1_128"])
def test_a_number_is_read_as_each_scanner_sends_it_and_taken_once(world, gift_code, symbology):
    number = show_number(gift_code_id=gift_code.pk, symbology=symbology, now=NOW)
    sent = {"nw7": f"A{number}B", "gs1_128": f"]C192{number}"}.get(symbology, number)

    assert len(number) == (13 if symbology == "jan13" else 24)
    assert number.startswith("29" if symbology == "jan13" else "2900001")
    assert redeem(world, sent, amount_jpy=100).balance_after_jpy == 400
    with pytest.raises(CodeTokenExpired):
        redeem(world, number, amount_jpy=100)
    assert (
        redeem(
            world, show_number(gift_code_id=gift_code.pk, symbology=symbology, now=NOW), amount_jpy=400
        ).balance_after_jpy
        == 0
    )


@pytest.mark.parametrize(("later", "is_taken"), [(299 * SECOND, True), (300 * SECOND, False), (301 * SECOND, False)])
def test_a_number_is_good_for_five_minutes(world, gift_code, later, is_taken):
    number = show_number(gift_code_id=gift_code.pk, symbology="code128", now=NOW)

    assert refusal_at(world, number, NOW + later) == (None if is_taken else "code_token_expired")


def test_of_several_numbers_only_the_last_one_shown_is_good(world, gift_code):
    first, second = (show_number(gift_code_id=gift_code.pk, symbology="code128", now=NOW) for _time in range(2))

    assert refusal_at(world, first, NOW) == "code_token_expired"
    assert refusal_at(world, second, NOW) is None
    assert presented_code(agency_id=gift_code.agency_id + 1, presented=second) is None


def test_I12_a_number_is_kept_as_a_keyed_hash_only_and_forgotten_a_day_after_its_end(gift_code):
    number = show_number(gift_code_id=gift_code.pk, symbology="code128", now=NOW)
    assert number not in str(list(ShownNumber.objects.values_list()))

    ends = ShownNumber.objects.get().expires_at
    assert forget_shown_numbers(now=ends + timedelta(days=1) - MOMENT) == 0
    assert forget_shown_numbers(now=ends + timedelta(days=1)) == 1


@pytest.mark.parametrize("typed", ["", "2900001", "29000011234567890123456７x", "A1B", "92" + "1" * 24, "MZ.a.b"])
def test_other_texts_are_no_numbers_and_no_tokens(typed):
    assert scanned_number(typed) is None
    assert read_token(typed) is None
