"""Settled days, and the books that every use, return, lapse and withdrawal is written in (I06)."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from codes.errors import CodeSuspended
from codes.models import GiftCode, LedgerAccount, LedgerTransfer, Settlement
from codes.services import close_accounts, settle_days, void_award, void_code
from codes.settlement_file import settlement_rows
from core.clock import jst_day
from core.spreadsheets import csv_lines
from journeys.audit import violations
from tests.codes.test_till import MIDNIGHT, redeem, reverse, used_code
from tests.factories import NOW
from tests.worlds import open_campaign, winning_code

pytestmark = pytest.mark.django_db


def balances_by_account(agency_id: int) -> dict[str, int]:
    """Every account of an agency, added up posting by posting."""
    balances = dict.fromkeys(LedgerAccount.values, 0)
    for posting in LedgerTransfer.objects.filter(agency_id=agency_id):
        balances[posting.to_account] += posting.amount_jpy
        balances[posting.from_account] -= posting.amount_jpy
    return balances


@pytest.fixture
def world():
    return open_campaign(codes=5)


@pytest.fixture
def code(world) -> str:
    return winning_code(world)[1]


def test_a_day_is_settled_when_it_is_over_and_stays_as_it_is(world, code):
    line = redeem(world, code, amount_jpy=300, pos_transaction_id="=T-1")
    reverse(world, line, amount_jpy=50)
    before = settle_days(now=MIDNIGHT - timedelta(microseconds=1))

    settled = [settle_days(now=MIDNIGHT), settle_days(now=MIDNIGHT)]
    reverse(world, line, amount_jpy=100, now=MIDNIGHT)
    late = redeem(world, code, amount_jpy=10, now=MIDNIGHT - timedelta(microseconds=1))  # its till was slow
    settle_days(now=MIDNIGHT + timedelta(days=1))

    assert (before, settled) == (0, [1, 0])
    assert late.business_day == jst_day(MIDNIGHT)
    second, first = Settlement.objects.order_by("-business_day")
    assert (first.redeemed_jpy, first.reversed_jpy, first.refunded_jpy, first.net_jpy) == (300, 50, 0, 250)
    assert (second.redeemed_jpy, second.refunded_jpy, second.net_jpy) == (10, 100, -90)
    assert violations(NOW) == {}
    text = "".join(csv_lines(settlement_rows(first)))
    assert text.startswith("\ufeff営業日,店舗番号,時刻,")
    assert ",300,'=T-1," in text
    assert text.splitlines()[-1].startswith(f"{first.business_day},{world.store.code},,合計,250,")


def test_I06_the_books_come_to_zero_and_tell_what_each_store_is_owed(world, code):
    line = redeem(world, code, amount_jpy=300)
    reverse(world, line, amount_jpy=100)
    other = winning_code(world)[0]
    void_award(award_id=other.pk, reason="x", now=NOW)

    books = balances_by_account(world.agency.pk)

    assert books == {"program": -1000, "code": 300, "store": 200, "lapsed": 0, "withdrawn": 500}
    assert sum(books.values()) == 0
    assert set(LedgerTransfer.objects.filter(store__isnull=False).values_list("store", flat=True)) == {world.store.pk}
    assert violations(NOW) == {}


def test_I06_what_is_left_on_an_expired_code_lapses_and_a_late_refund_lapses_too(world, code):
    line = redeem(world, code, amount_jpy=300)
    GiftCode.objects.filter(pk=used_code().pk).update(expires_at=NOW + timedelta(days=1))
    after = NOW + timedelta(days=1)

    closed = [
        close_accounts(now=after - timedelta(microseconds=1)),
        close_accounts(now=after),
        close_accounts(now=after),
    ]
    reverse(world, line, amount_jpy=100, now=after)

    assert closed == [0, 1, 0]
    assert balances_by_account(world.agency.pk) == {
        "program": -500,
        "code": 0,
        "store": 200,
        "lapsed": 300,
        "withdrawn": 0,
    }
    assert violations(after) == {}


def test_I06_a_code_that_is_prolonged_after_it_lapsed_is_booked_back(world, code):
    GiftCode.objects.filter(pk=used_code().pk).update(expires_at=NOW)
    close_accounts(now=NOW)
    GiftCode.objects.filter(pk=used_code().pk).update(expires_at=None)

    redeem(world, code, amount_jpy=100)

    assert balances_by_account(world.agency.pk)["code"] == 400
    assert violations(NOW) == {}


@pytest.mark.parametrize("act", ["update", "delete"])
def test_I06_the_database_refuses_to_change_a_posting(world, code, act):
    redeem(world, code)
    rows = LedgerTransfer.objects.all()

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        rows.update(amount_jpy=1) if act == "update" else rows.delete()
    assert rows.count() == 2


def test_a_blocked_code_is_refused_after_a_part_was_used_and_its_rest_withdrawn(world, code):
    redeem(world, code, amount_jpy=200)
    void_code(gift_code_id=used_code().pk, reason="leaked", now=NOW)

    with pytest.raises(CodeSuspended):
        redeem(world, code)
    assert balances_by_account(world.agency.pk)["withdrawn"] == 300
    assert violations(NOW) == {}
