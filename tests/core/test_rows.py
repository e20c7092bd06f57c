"""Statements that are made once."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import audit
from accounts.models import AuditEntry
from codes.models import LedgerAccount, LedgerTransfer, Redemption, RedemptionKind
from core import rows
from tests.factories import NOW
from tests.worlds import open_campaign, winning_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def use():
    world = open_campaign()
    award, _code = winning_code(world)
    return Redemption(
        agency=world.agency,
        gift_code=award.gift_code,
        store=world.store,
        kind=RedemptionKind.REDEEM,
        amount_jpy=100,
        balance_after_jpy=400,
        pos_transaction_id="A-1",
        at=NOW,
    )


def told_of(use):
    moved = LedgerTransfer(
        agency=use.agency,
        gift_code=use.gift_code,
        redemption=use,
        from_account=LedgerAccount.CODE,
        to_account=LedgerAccount.STORE,
        store=use.store,
        amount_jpy=use.amount_jpy,
        at=NOW,
    )
    return [use, moved, audit.line_of("code.redeemed", subject=use, actor_label="001")]


def test_rows_of_several_models_are_added_at_once_and_refer_to_each_other(use):
    several = told_of(use)

    with CaptureQueriesContext(connection) as captured:
        rows.add_together(several)

    assert len(captured) == (1 if connection.vendor == "postgresql" else 3)
    use, moved, line = several
    stored = LedgerTransfer.objects.select_related("redemption").get(redemption=use.pk)
    assert (stored.pk, stored.redemption.public_id, stored.amount_jpy) == (moved.pk, use.public_id, 100)
    assert moved.redemption_id == use.pk
    assert AuditEntry.objects.get(action="code.redeemed").pk == line.pk
    assert not use._state.adding


def test_one_row_that_may_not_be_added_keeps_out_the_others(use):
    rows.add_together(told_of(use))
    before = AuditEntry.objects.count()
    again = Redemption(**{field.name: getattr(use, field.name) for field in Redemption._meta.fields} | {"id": None})
    line = audit.line_of("code.redeemed", subject=use)

    with pytest.raises(IntegrityError), transaction.atomic():
        rows.add_together([line, again])

    assert (Redemption.objects.count(), AuditEntry.objects.count()) == (1, before)


def test_a_row_is_the_one_that_the_framework_reads(use):
    several = told_of(use)
    rows.add_together(several)

    for row in [*several, use.gift_code, use.gift_code.prize, use.store]:
        read, usual = rows.first(type(row), "id = %s", [row.pk]), type(row)._default_manager.get(pk=row.pk)
        assert {**vars(read), "_state": None} == {**vars(usual), "_state": None}
        assert (read._state.adding, read._state.db) == (usual._state.adding, usual._state.db)


def test_a_row_is_stored_as_the_framework_stores_it(use):
    use.pos_transaction_id, use.created_at = 7, NOW  # a number for a text, and a time that is told anew

    rows.add(use)

    stored = Redemption.objects.get(pk=use.pk)
    assert (stored.pos_transaction_id, stored.kind) == ("7", "redeem")
    assert stored.created_at != NOW


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_statements_share_a_cursor_for_as_long_as_their_session_lasts():
    assert rows.one("SELECT %s::int", [1]) == (1,)
    kept = rows._kept_cursor(connection)
    assert rows.many("SELECT %s::int", [2]) == [(2,)]
    assert rows._kept_cursor(connection) is kept

    connection.close()

    assert rows.one("SELECT %s::int", [3]) == (3,)
    assert rows._kept_cursor(connection) is not kept
