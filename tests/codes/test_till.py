"""At the till beyond the plain use: parts given back, locks, late sales, offline reports, settled days, the books."""

from datetime import date, time, timedelta

import pytest

from accounts.models import AuditEntry
from campaigns.models import Store
from codes.business_day import business_day
from codes.conditions import Purchase
from codes.errors import (
    AlreadyRedeemed,
    AlreadyReversed,
    AmountOutOfRange,
    CodeNotAccepted,
    Locked,
    LockNotFound,
    NotCombinable,
    ReversalTooLarge,
    ReversedBeforeArrival,
    StoreNotAllowed,
    TerminalTaken,
)
from codes.models import (
    CodeLock,
    CodeStatus,
    DisputeStatus,
    GiftCode,
    OfflineDispute,
    Redemption,
)
from codes.services import (
    OfflineUse,
    check_code,
    close_terminal,
    drop_ended_locks,
    lock_code,
    open_terminal,
    redeem_code,
    release_lock,
    report_uses,
    resolve_dispute,
    reverse_redemption,
    reverse_transaction,
    void_code,
)
from core.clock import JST, end_of_jst_day, jst_day
from core.errors import StaleState
from journeys.audit import violations
from tests import factories
from tests.factories import NOW
from tests.worlds import open_campaign, winning_code

pytestmark = pytest.mark.django_db

MIDNIGHT = end_of_jst_day(jst_day(NOW))


@pytest.fixture
def world():
    return open_campaign(codes=5)


@pytest.fixture
def code(world) -> str:
    return winning_code(world)[1]


def till(world, **details):
    return {"agency_id": world.agency.pk, "store_id": world.store.pk, "now": NOW} | details


def redeem(world, presented, **details):
    return redeem_code(presented=presented, **till(world, **details))


def reverse(world, line, **details):
    asked = {"agency_id": world.agency.pk, "redemption_public_id": str(line.public_id), "now": NOW} | details
    return reverse_redemption(**asked)


def undo(world, number, **details):
    return reverse_transaction(pos_transaction_id=number, **till(world, **details))


def used_code() -> GiftCode:
    return GiftCode.objects.filter(award__isnull=False).earliest("pk")


def test_I05_a_use_is_given_back_in_parts_but_never_more_than_was_taken(world, code):
    line = redeem(world, code, amount_jpy=300)

    assert reverse(world, line, amount_jpy=100).balance_after_jpy == 300
    with pytest.raises(ReversalTooLarge):
        reverse(world, line, amount_jpy=201)
    with pytest.raises(AmountOutOfRange):
        reverse(world, line, amount_jpy=0)
    assert reverse(world, line).amount_jpy == 200
    with pytest.raises(AlreadyReversed):
        reverse(world, line, amount_jpy=1)

    line.refresh_from_db()
    assert (line.reversed_jpy, used_code().balance_jpy, used_code().use_count) == (300, 500, 0)
    assert violations(NOW) == {}


def test_after_the_business_day_a_reversal_is_a_refund_of_its_own_day(world, code):
    line = redeem(world, code, now=MIDNIGHT - timedelta(microseconds=1))

    kinds = [
        reverse(world, line, amount_jpy=100, now=MIDNIGHT + shift).kind
        for shift in (-timedelta(seconds=1), timedelta(0))
    ]

    assert kinds == ["reversal", "refund"]
    assert list(Redemption.objects.order_by("pk").values_list("business_day", flat=True)) == [
        date(2026, 6, 1) if jst_day(NOW) == date(2026, 6, 1) else jst_day(NOW),
        jst_day(NOW),
        jst_day(NOW) + timedelta(days=1),
    ]
    assert violations(NOW) == {}


@pytest.mark.parametrize(
    ("closes_at", "clock", "shift"),
    [
        (None, time(23, 59), 0),
        (time(2), time(1, 59), -1),
        (time(2), time(2), 0),
        (time(21), time(20, 59), 0),
        (time(21), time(21), 1),
        (time(0), time(0), 0),
    ],
)
def test_a_business_day_ends_when_the_store_says(closes_at, clock, shift):
    day = date(2026, 6, 3)
    at = NOW.astimezone(JST).replace(year=2026, month=6, day=3, hour=clock.hour, minute=clock.minute, second=0)

    assert business_day(Store(closes_at=closes_at), at) == day + timedelta(days=shift)


def test_a_late_sale_finds_its_tombstone(world, code):
    assert undo(world, "T-1") is None
    assert undo(world, "T-1") is None
    with pytest.raises(ReversedBeforeArrival):
        redeem(world, code, pos_transaction_id="T-1")

    assert (Redemption.objects.count(), used_code().balance_jpy) == (0, 500)
    assert redeem(world, code, pos_transaction_id="T-2").amount_jpy == 500


def test_an_undone_sale_is_given_back_once_and_its_repeat_is_refused(world, code):
    redeem(world, code, amount_jpy=200, pos_transaction_id="T-1")

    lines = [undo(world, "T-1"), undo(world, "T-1")]

    assert lines[0] == lines[1]
    assert used_code().balance_jpy == 500
    with pytest.raises(ReversedBeforeArrival):
        redeem(world, code, amount_jpy=200, pos_transaction_id="T-1")
    with pytest.raises(StoreNotAllowed):
        undo(world, "T-1", store_id=factories.StoreFactory.create().pk)
    assert violations(NOW) == {}


def lock(world, presented, **details):
    return lock_code(presented=presented, **{"ttl_seconds": 300} | till(world, **details))


def test_a_locked_code_is_for_the_cart_that_holds_the_lock(world, code):
    held = lock(world, code, ttl_seconds=100_000)

    assert held.expires_at == NOW + timedelta(seconds=300)
    with pytest.raises(Locked):
        redeem(world, code)
    with pytest.raises(Locked):
        lock(world, code)
    assert check_code(presented=code, **till(world)).refusal_code == "locked"
    assert redeem(world, code, lock_public_id=held.public_id).amount_jpy == 500
    assert CodeLock.objects.count() == 0


def test_a_lock_ends_by_itself_or_when_it_is_released(world, code):
    held = lock(world, code)
    later = NOW + timedelta(seconds=300)

    assert redeem(world, code, amount_jpy=1, now=later).amount_jpy == 1
    held = lock(world, code)
    with pytest.raises(LockNotFound):
        release_lock(agency_id=factories.AgencyFactory.create().pk, lock_public_id=held.public_id, now=NOW)
    release_lock(agency_id=world.agency.pk, lock_public_id=held.public_id, now=NOW)
    with pytest.raises(LockNotFound):
        release_lock(agency_id=world.agency.pk, lock_public_id=held.public_id, now=NOW)
    lock(world, code)
    assert (drop_ended_locks(now=NOW), drop_ended_locks(now=later)) == (0, 1)


def test_codes_that_do_not_combine_are_refused_in_one_purchase_of_one_store(world, code):
    other = winning_code(world)[1]
    basket = Purchase(basket_id="B-1")
    first = redeem(world, code, purchase=basket)
    factories.UseConditionsFactory.create(prize=world.prize, is_combinable=False)

    with pytest.raises(NotCombinable):
        redeem(world, other, purchase=basket)
    assert check_code(presented=other, purchase=basket, **till(world)).refusal_code == "not_combinable"
    reverse(world, first)
    assert redeem(world, other, purchase=basket).amount_jpy == 500


def test_a_printed_voucher_is_taken_without_an_award(world):
    made = factories.GiftCodeFactory.create
    made(batch__prize=world.prize, code="PRINTED000000001", status=CodeStatus.PRINTED, issued_at=NOW)
    unprinted = made(batch__prize=world.prize, code="PRINTED000000002")

    assert redeem(world, "PRINTED000000001").amount_jpy == 500
    with pytest.raises(CodeNotAccepted):
        redeem(world, "PRINTED000000002")
    void_code(gift_code_id=unprinted.pk, reason="x", now=NOW)
    with pytest.raises(CodeNotAccepted):
        redeem(world, "PRINTED000000002")


def offline(world, *uses, **details):
    return report_uses(uses=uses, **till(world, **details))


def use(presented, number, amount_jpy=300, occurred_at=NOW - timedelta(hours=2)):
    return OfflineUse(presented, amount_jpy, number, occurred_at)


def test_the_first_report_wins_and_the_loser_is_a_dispute(world, code):
    Store.objects.update(offline_limit_jpy=400)
    elsewhere = factories.StoreFactory.create(agency=world.agency, offline_limit_jpy=1000)

    booked = offline(world, use(code, "O-1"))
    again = offline(world, use(code, "O-1"))
    lost = offline(world, use(code, "O-2", 300), use("NOSUCHCODE000000", "O-3"), store_id=elsewhere.pk)

    assert [answer.result for answer in booked + again] == ["booked", "known"]
    assert [(answer.result, answer.reason) for answer in lost] == [
        ("disputed", "insufficient_balance"),
        ("disputed", "code_not_accepted"),
    ]
    assert offline(world, use(code, "O-2", 300), store_id=elsewhere.pk) == lost[:1]
    line = Redemption.objects.get()
    assert (line.is_offline, line.occurred_at, line.at, line.business_day) == (
        True,
        NOW - timedelta(hours=2),
        NOW,
        jst_day(NOW),
    )
    disputes = dict(OfflineDispute.objects.values_list("pos_transaction_id", "gift_code"))
    assert disputes == {"O-2": used_code().pk, "O-3": None}
    assert violations(NOW) == {}


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"amount_jpy": 401}, "offline_limit_exceeded"),
        ({"occurred_at": NOW + timedelta(minutes=5, microseconds=1)}, "occurred_at_not_accepted"),
        ({"occurred_at": NOW - timedelta(days=7, microseconds=1)}, "occurred_at_not_accepted"),
        ({"occurred_at": NOW + timedelta(minutes=5)}, None),
    ],
)
def test_a_report_beyond_its_bounds_is_disputed(world, code, details, reason):
    Store.objects.update(offline_limit_jpy=400)

    (answer,) = offline(world, use(code, "O-1", **details))

    assert answer.reason == reason


def test_the_offline_limit_counts_all_reports_of_a_code_in_a_store(world, code):
    Store.objects.update(offline_limit_jpy=400)

    answers = offline(world, use(code, "O-1"), use(code, "O-2", 101), use(code, "O-3", 100))

    assert [answer.reason for answer in answers] == [None, "offline_limit_exceeded", None]


def test_a_dispute_is_settled_once(world):
    dispute = factories.OfflineDisputeFactory.create(store=world.store)

    def settle(status):
        return resolve_dispute(dispute_id=dispute.pk, status=status, note="店長と確認", now=NOW)

    assert settle(DisputeStatus.STORE_BEARS).resolved_at == NOW
    with pytest.raises(StaleState):
        settle(DisputeStatus.SPONSOR_BEARS)


def test_nobody_bears_a_disputed_use_that_its_till_undoes(world, code):
    offline(world, use("NOSUCHCODE000000", "O-1"), use("NOSUCHCODE000000", "O-2"), use("NOSUCHCODE000000", "O-3"))
    decided = OfflineDispute.objects.get(pos_transaction_id="O-2")
    resolve_dispute(dispute_id=decided.pk, status=DisputeStatus.SPONSOR_BEARS, note="x", now=NOW)

    undone = [
        reverse_transaction(agency_id=world.agency.pk, store_id=world.store.pk, pos_transaction_id=number, now=NOW)
        for number in ("O-1", "O-1", "O-2")
    ]

    assert undone == [None] * 3
    assert dict(OfflineDispute.objects.values_list("pos_transaction_id", "status")) == {
        "O-1": DisputeStatus.NO_CLAIM,
        "O-2": DisputeStatus.SPONSOR_BEARS,
        "O-3": DisputeStatus.OPEN,
    }
    assert OfflineDispute.objects.get(pos_transaction_id="O-1").resolved_at == NOW
    assert AuditEntry.objects.filter(action="dispute.resolved", subject_type="codes.offlinedispute").count() == 2


def test_uses_are_counted_and_freed_by_a_full_reversal(world, code):
    factories.UseConditionsFactory.create(prize=world.prize, mode="times", use_limit=2)
    redeem(world, code, amount_jpy=100)
    second = redeem(world, code, amount_jpy=100)

    with pytest.raises(AlreadyRedeemed):
        redeem(world, code)
    reverse(world, second, amount_jpy=50)
    with pytest.raises(AlreadyRedeemed):
        redeem(world, code)
    reverse(world, second)
    assert redeem(world, code).amount_jpy == 400


def test_T17_a_terminal_has_a_key_that_ends_with_it(world):
    terminal, secret = open_terminal(store_id=world.store.pk, code="T1")

    assert secret.startswith("mzk_")
    assert terminal.api_key.scopes == ["redemptions:write"]
    with pytest.raises(TerminalTaken):
        open_terminal(store_id=world.store.pk, code="T1")
    close_terminal(terminal_id=terminal.pk, now=NOW)
    closed = close_terminal(terminal_id=terminal.pk, now=NOW)
    closed.api_key.refresh_from_db()
    assert (closed.is_active, closed.api_key.revoked_at) == (False, NOW)
