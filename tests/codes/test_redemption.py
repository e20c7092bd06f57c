"""At the till: once, down to zero, and back (I05)."""

from datetime import timedelta

import pytest

from campaigns.models import PrizeKind, Store
from codes.errors import (
    AlreadyRedeemed,
    AlreadyReversed,
    AmountOutOfRange,
    CodeExpired,
    CodeNotAccepted,
    CodeSuspended,
    DuplicateTransaction,
    InsufficientBalance,
    RedemptionNotFound,
    StoreNotAllowed,
)
from codes.models import GiftCode, Redemption
from codes.selectors import open_code
from codes.services import check_code, redeem_code, reverse_redemption, void_code
from core.errors import DomainError
from journeys.audit import violations
from tests import factories
from tests.factories import NOW
from tests.worlds import open_campaign, winning_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return open_campaign()


@pytest.fixture
def code(world) -> str:
    return winning_code(world)[1]


def redeem(world, presented, **details):
    return redeem_code(
        **{"agency_id": world.agency.pk, "presented": presented, "store_id": world.store.pk, "now": NOW} | details
    )


def reverse(world, redemption, **details):
    return reverse_redemption(
        **{"agency_id": world.agency.pk, "redemption_public_id": str(redemption.public_id), "now": NOW} | details
    )


def balance() -> int:
    return GiftCode.objects.get(award__isnull=False).balance_jpy


def is_refused(refusal: type[DomainError], world, presented, **details) -> bool:
    """Tell whether a use is refused for this very reason, and leaves no line and the balance as it was."""
    before = (Redemption.objects.count(), balance())
    with pytest.raises(refusal):
        redeem(world, presented, **details)
    return (Redemption.objects.count(), balance()) == before


def test_a_code_is_used_up_at_once(world, code):
    line = redeem(world, code)

    assert (line.amount_jpy, line.balance_after_jpy, balance()) == (500, 0, 0)
    assert is_refused(AlreadyRedeemed, world, code)
    assert violations(NOW) == {}


def test_a_code_is_used_in_parts_however_it_is_typed(world, code):
    assert redeem(world, code.lower(), amount_jpy=120).balance_after_jpy == 380
    assert redeem(world, f" {code[:4]}-{code[4:8]} {code[8:]}", amount_jpy=80).balance_after_jpy == 300
    assert is_refused(InsufficientBalance, world, code, amount_jpy=301)
    assert redeem(world, code).amount_jpy == 300
    assert violations(NOW) == {}


@pytest.mark.parametrize("amount", [0, -1, 100_000_001])
def test_amounts_out_of_range_are_refused(world, code, amount):
    assert is_refused(AmountOutOfRange, world, code, amount_jpy=amount)


def test_T05_unknown_foreign_and_unissued_codes_get_one_answer(world, code):
    foreign = winning_code(open_campaign())[1]
    in_stock = open_code(world.prize.gift_codes.filter(status="available").earliest("pk")).code
    refusals = []
    for presented in ("NOSUCHCODE000000", foreign, in_stock, "", "C" * 47, "A" * 46 + "9", "2900001" + "0" * 17):
        with pytest.raises(CodeNotAccepted) as answer:
            redeem(world, presented)
        refusals.append((answer.value.code, str(answer.value), answer.value.context))

    assert len(set(map(str, refusals))) == 1


def test_a_supplier_s_code_is_not_ours_to_redeem(world, code):
    world.prize.kind = PrizeKind.GIFT_CODE
    world.prize.save(update_fields=["kind"])

    assert is_refused(CodeNotAccepted, world, code)


def test_a_blocked_code_is_refused(world, code):
    void_code(gift_code_id=GiftCode.objects.get(award__isnull=False).pk, reason="leaked", now=NOW)

    assert is_refused(CodeSuspended, world, code)


def test_a_code_ends_at_the_instant_of_its_expiry(world, code):
    GiftCode.objects.update(expires_at=NOW)

    assert is_refused(CodeExpired, world, code)
    assert redeem(world, code, now=NOW - timedelta(microseconds=1)).amount_jpy == 500


def test_a_store_has_to_be_the_agency_s_and_active(world, code):
    assert is_refused(StoreNotAllowed, world, code, store_id=factories.StoreFactory.create().pk)
    assert is_refused(StoreNotAllowed, world, code, store_id=0)
    Store.objects.update(is_active=False)
    assert is_refused(StoreNotAllowed, world, code)


def test_I07_the_same_transaction_again_gives_the_same_line(world, code):
    first = redeem(world, code, amount_jpy=100, pos_transaction_id="T-1")

    assert redeem(world, code, amount_jpy=100, pos_transaction_id="T-1") == first
    assert redeem(world, code, pos_transaction_id="T-1") == first
    assert balance() == 400
    assert is_refused(DuplicateTransaction, world, code, amount_jpy=101, pos_transaction_id="T-1")
    assert redeem(world, code, amount_jpy=100, pos_transaction_id="T-2") != first


def test_I07_a_transaction_of_another_code_is_refused_and_of_another_store_is_another(world, code):
    redeem(world, code, amount_jpy=100, pos_transaction_id="T-1")
    other_code = winning_code(world)[1]

    with pytest.raises(DuplicateTransaction):
        redeem(world, other_code, pos_transaction_id="T-1")
    elsewhere = factories.StoreFactory.create(agency=world.agency)
    assert redeem(world, other_code, pos_transaction_id="T-1", store_id=elsewhere.pk).amount_jpy == 500
    assert violations(NOW) == {}


SOLD = {"amount_jpy": 100, "pos_transaction_id": "T-1", "terminal": "REG-1", "occurred_at": NOW}


@pytest.mark.parametrize(
    "again",
    [
        {},
        {"occurred_at": NOW + timedelta(hours=6)},  # the till made its call anew, by a later clock
        {"occurred_at": NOW - timedelta(hours=6)},
        {"occurred_at": None},
        {"terminal": ""},
    ],
)
def test_I07_a_retry_is_the_same_sale_also_by_a_later_clock(world, code, again):
    first = redeem(world, code, **SOLD)

    assert redeem(world, code, **SOLD | again) == first
    assert balance() == 400


@pytest.mark.parametrize(
    "other",
    [
        {"terminal": "REG-2"},  # two tills that count alike
        {"occurred_at": NOW + timedelta(hours=6, seconds=1)},  # a till whose numbers begin anew each day
        {"occurred_at": NOW - timedelta(hours=6, seconds=1)},
    ],
)
def test_I07_another_till_or_another_day_with_the_number_is_not_given_the_first_sale_for_nothing(world, code, other):
    redeem(world, code, **SOLD)

    assert is_refused(DuplicateTransaction, world, code, **SOLD | other)

    assert (balance(), Redemption.objects.count()) == (400, 1)


def test_I07_a_line_that_came_back_without_till_and_time_is_known_by_code_and_amount(world, code):
    first = redeem(world, code, **SOLD)
    Redemption.objects.update(terminal="", occurred_at=None)  # as after a restore

    assert redeem(world, code, **SOLD) == first
    assert is_refused(DuplicateTransaction, world, code, **SOLD | {"amount_jpy": 200})


def test_a_used_up_code_asked_again_under_its_transaction_still_answers(world, code):
    first = redeem(world, code, pos_transaction_id="T-1")

    assert redeem(world, code, pos_transaction_id="T-1") == first


def test_T02_a_redemption_is_reversed_once_and_the_code_can_be_used_again(world, code):
    line = redeem(world, code)

    undone = reverse(world, line)

    assert (undone.amount_jpy, undone.balance_after_jpy, balance()) == (500, 500, 500)
    assert GiftCode.objects.get(award__isnull=False).redeemed_at is None
    with pytest.raises(AlreadyReversed):
        reverse(world, line)
    assert redeem(world, code).balance_after_jpy == 0
    assert violations(NOW) == {}


def test_one_part_of_two_can_be_reversed(world, code):
    first, _second = redeem(world, code, amount_jpy=100), redeem(world, code, amount_jpy=50)

    assert reverse(world, first).balance_after_jpy == 450
    assert GiftCode.objects.get(award__isnull=False).redeemed_at == NOW
    assert violations(NOW) == {}


def test_nobody_reverses_another_s_redemption_or_a_reversal(world, code):
    line = redeem(world, code)
    undone = reverse(world, line)
    stranger = open_campaign()

    for redemption, details in (
        (line, {"agency_id": stranger.agency.pk}),
        (line, {"store_id": factories.StoreFactory.create(agency=world.agency).pk}),
        (undone, {}),
    ):
        with pytest.raises(RedemptionNotFound):
            reverse(world, redemption, **details)


@pytest.mark.parametrize(
    ("change", "details", "refusal"),
    [
        ({}, {}, None),
        ({}, {"amount_jpy": 501}, "insufficient_balance"),
        ({}, {"amount_jpy": 0}, "amount_out_of_range"),
        ({"expires_at": NOW}, {}, "expired"),
        ({"status": "void"}, {}, "suspended"),
        ({"balance_jpy": 0}, {}, "already_redeemed"),
        ({}, {"store_id": 0}, "store_not_allowed"),
    ],
)
def test_a_check_tells_what_redeeming_would_say_and_changes_nothing(world, code, change, details, refusal):
    GiftCode.objects.update(**change)
    asked = {"agency_id": world.agency.pk, "presented": code, "store_id": world.store.pk, "now": NOW} | details

    state = check_code(**asked)

    assert (state.is_redeemable, state.refusal_code) == (refusal is None, refusal)
    assert Redemption.objects.count() == 0
