"""Codes that a supplier makes: asked for once, checked, shown without being kept, and never lost (F21, I12, I13)."""

from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import AuditEntry
from codes.brand_errors import BrandNotFetched, ValueNotOffered
from codes.errors import (
    CodeSuspended,
    FundsTooSmall,
    QuantityNotAccepted,
    StockHeld,
    SupplierNotConnected,
    SupplierUnavailable,
)
from codes.models import Award, BatchStatus, CodeBatch, CodeStatus, GiftCode, SupplierCard, SupplierCardStatus
from codes.selectors import due_cards
from codes.services import (
    claiming,
    create_fetched_batch,
    make_card,
    make_due_cards,
    resume_fetched_batch,
    reveal_code,
    void_award,
    void_code,
)
from codes.suppliers import supplier_of
from codes.tasks import make_card as make_card_task
from codes.tasks import order_missed_cards, sweep_cards
from core.clients.amazon_incentives import AmazonIncentives
from core.errors import StaleState
from journeys.audit import violations
from journeys.services import sweep
from participants.models import EntryStatus
from tests.contracts.server import LOST_ANSWER, LOST_CALL, SILENCE_AFTER_ACCEPTING
from tests.factories import NOW
from tests.worlds import begin, fetched_campaign, finish, open_campaign, win

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(seconds=61)


@pytest.fixture
def world(supplier_server):
    return fetched_campaign(codes=3)


def card_of(award: Award) -> SupplierCard:
    return SupplierCard.objects.get(gift_code=award.gift_code)


def make(award: Award, now=NOW) -> SupplierCard:
    return make_card(gift_code_id=award.gift_code_id, now=now)


def actions(award: Award) -> list[str]:
    subject = [str(award.public_id), str(card_of(award).public_id)]
    return list(AuditEntry.objects.filter(subject_id__in=subject).order_by("pk").values_list("action", flat=True))


def test_a_win_stores_its_request_first_and_one_card_is_made(world, supplier_server):
    award = win(world)
    card = card_of(award)
    before = (card.status, card.request_id, len(supplier_server.cards))

    make(award)
    make(award)

    card.refresh_from_db()
    assert before == ("requested", f"Mzhki{award.gift_code.public_id.hex}", 0)
    assert (card.status, card.made_at, card.attempts) == (SupplierCardStatus.MADE, NOW, 1)
    assert card.card_id == supplier_server.cards[card.request_id].gc_id
    assert supplier_server.spent == 500
    assert actions(award) == ["code.issued", "card.made"]
    assert violations(NOW) == {}


def test_I12_a_shown_code_is_the_suppliers_and_is_kept_nowhere(world, supplier_server, caplog):
    award = win(world)

    shown = reveal_code(award_id=award.pk, now=NOW)

    assert shown.code == next(iter(supplier_server.cards.values())).claim_code
    assert shown.code not in caplog.text
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            assert shown.code not in str(cursor.fetchall()), table
    assert violations(NOW) == {}


def test_I13_the_line_in_the_trail_is_there_before_the_supplier_is_asked_to_show(world, monkeypatch):
    award = win(world)
    make(award)
    seen = []
    shower = claiming.shown_code
    monkeypatch.setattr(claiming, "shown_code", lambda **given: (seen.append(actions(award)), shower(**given))[1])

    reveal_code(award_id=award.pk, now=NOW)

    assert seen == [["code.issued", "card.made", "code.revealed"]]


@pytest.mark.django_db(transaction=True)
def test_no_supplier_is_called_within_a_transaction(world, monkeypatch):
    within = []
    call = AmazonIncentives._call
    monkeypatch.setattr(
        AmazonIncentives, "_call", lambda *given: (within.append(connection.in_atomic_block), call(*given))[1]
    )
    award = win(world)
    make_due_cards(now=NOW)
    reveal_code(award_id=award.pk, now=NOW)
    create_fetched_batch(prize_id=world.prize.pk, name="2", count=1, expires_at=None, now=NOW)

    assert within == [False] * 3


@pytest.mark.parametrize("is_made", [False, True])
def test_F21_a_supplier_that_is_down_costs_the_holder_nothing(world, supplier_server, is_made):
    award = win(world)
    if is_made:
        make(award)
    supplier_server.unavailable_calls = 1

    with pytest.raises(SupplierUnavailable):
        reveal_code(award_id=award.pk, now=NOW)

    award.refresh_from_db()
    assert (award.reveal_count, award.revealed_at) == (0, None)
    assert violations(NOW) == {}
    assert reveal_code(award_id=award.pk, now=SOON).code
    award.refresh_from_db()
    assert (award.reveal_count, award.revealed_at) == (1, SOON)
    assert violations(NOW) == {}


@pytest.mark.parametrize("fault", [LOST_ANSWER, SILENCE_AFTER_ACCEPTING, LOST_CALL])
def test_F21_a_timeout_ends_with_the_same_request_and_one_card(world, supplier_server, fault):
    award = win(world)
    supplier_server.faults.append(fault)

    with pytest.raises(SupplierUnavailable):
        make(award)

    card = card_of(award)
    assert (card.status, card.attempts) == (SupplierCardStatus.UNKNOWN, 1)
    assert due_cards(NOW + timedelta(seconds=9), limit=9) == []
    assert make_due_cards(now=NOW + timedelta(seconds=10)) == 1
    card.refresh_from_db()
    assert (card.status, card.attempts, card.failure_code) == (SupplierCardStatus.MADE, 2, "")
    assert {call.json["creationRequestId"] for call in supplier_server.calls if "value" in call.json} == {
        card.request_id
    }
    assert (len(supplier_server.cards), supplier_server.spent) == (1, 500)


@pytest.mark.parametrize(("amount", "currency"), [(5000, "JPY"), (50, "JPY"), (500, "USD")])
def test_F21_a_wrong_amount_holds_the_batch_back_and_calls_a_person(world, supplier_server, amount, currency):
    award = win(world)
    supplier_server.wrong_amounts, supplier_server.currency = [amount], currency

    with pytest.raises(SupplierUnavailable):
        make(award)

    card, batch = card_of(award), CodeBatch.objects.get()
    assert (card.status, card.failure_code) == (SupplierCardStatus.REFUSED, "wrong_amount")
    assert card.card_id == supplier_server.cards[card.request_id].gc_id
    assert (batch.status, batch.status_reason[:8]) == (BatchStatus.PAUSED, "発行元が額面の違")
    assert GiftCode.objects.filter(status=CodeStatus.HELD).count() == 2
    line = AuditEntry.objects.get(action="card.refused")
    assert (line.facts["asked_jpy"], line.facts["given_jpy"], line.facts["currency"]) == (500, amount, currency)
    assert (line.facts["supplier_request"], line.facts["supplier_card"]) == (card.request_id, card.card_id)
    calls = len(supplier_server.calls)
    assert due_cards(NOW + timedelta(days=1), limit=9) == []
    with pytest.raises(SupplierUnavailable):
        reveal_code(award_id=award.pk, now=SOON)
    assert len(supplier_server.calls) == calls
    assert violations(NOW) == {}


def test_F21_without_funds_the_batch_is_held_back_entries_wait_and_nothing_is_lost(world, supplier_server):
    award = win(world)
    supplier_server.funds = 499

    make_due_cards(now=NOW)

    assert (card_of(award).status, card_of(award).failure_code) == (SupplierCardStatus.REFUSED, "out_of_funds")
    assert CodeBatch.objects.get().status == BatchStatus.PAUSED
    waiting = begin(world)
    with pytest.raises(StockHeld):
        finish(waiting)
    waiting.refresh_from_db()
    assert waiting.status == EntryStatus.ACCEPTED
    assert violations(NOW) == {}

    supplier_server.top_up(10_000)
    resume_fetched_batch(batch_id=CodeBatch.objects.get().pk, now=SOON)
    sweep(now=SOON)
    make_due_cards(now=SOON)

    waiting.refresh_from_db()
    assert waiting.status == EntryStatus.WON
    assert set(SupplierCard.objects.values_list("status", flat=True)) == {SupplierCardStatus.MADE}
    assert (len(supplier_server.cards), supplier_server.spent) == (2, 1000)
    assert violations(SOON) == {}


def test_a_throttled_call_is_repeated_and_holds_nothing_back(world, supplier_server):
    award = win(world)
    supplier_server.throttled_calls = 1

    make_card_task(gift_code_id=award.gift_code_id)

    assert (card_of(award).status, card_of(award).failure_code) == (SupplierCardStatus.UNKNOWN, "throttled")
    assert CodeBatch.objects.get().status == BatchStatus.ACTIVE
    SupplierCard.objects.update(updated_at=NOW - timedelta(days=1))
    sweep_cards()
    assert card_of(award).status == SupplierCardStatus.MADE


def test_F21_another_card_for_the_same_request_is_never_shown(world, supplier_server):
    award = win(world)
    make(award)
    supplier_server.cards[card_of(award).request_id].gc_id = "AOTHERCARD0000"

    with pytest.raises(SupplierUnavailable):
        reveal_code(award_id=award.pk, now=NOW)

    assert card_of(award).status == SupplierCardStatus.MADE
    assert CodeBatch.objects.get().status == BatchStatus.PAUSED
    award.refresh_from_db()
    assert award.revealed_at is None


def test_a_card_that_was_taken_back_is_not_shown(world, supplier_server):
    award = win(world)
    card = make(award)

    supplier_of("amazon").cancel(request_id=card.request_id)

    with pytest.raises(SupplierUnavailable):
        reveal_code(award_id=award.pk, now=NOW)
    assert (supplier_server.spent, supplier_server.funds) == (0, 1_000_000)
    assert CodeBatch.objects.get().status == BatchStatus.PAUSED


def test_no_card_is_made_for_a_code_that_was_withdrawn(world, supplier_server):
    award, other = win(world), win(world)
    void_award(award_id=award.pk, reason="fraud", now=NOW)
    void_code(gift_code_id=other.gift_code_id, reason="leak", now=NOW)

    with pytest.raises(CodeSuspended):
        make(award)

    assert make_due_cards(now=SOON) == 0
    assert supplier_server.cards == {}
    assert violations(NOW) == {}


@pytest.mark.parametrize(
    ("change", "count", "refusal"),
    [
        ({"gift_brand": None}, 1, BrandNotFetched),
        ({}, 0, QuantityNotAccepted),
        ({}, 100_001, QuantityNotAccepted),
        ({"face_value_jpy": 14}, 1, ValueNotOffered),
        ({"face_value_jpy": 500_001}, 1, ValueNotOffered),
    ],
)
def test_a_batch_that_the_brand_does_not_offer_is_refused(world, change, count, refusal):
    type(world.prize).objects.update(**change)

    with pytest.raises(refusal):
        create_fetched_batch(prize_id=world.prize.pk, name="x", count=count, expires_at=None, now=NOW)
    assert CodeBatch.objects.count() == 1


def test_I04_a_batch_is_covered_by_the_deposit_beside_what_is_promised(world, supplier_server):
    supplier_server.funds = 2500  # three codes are promised, one of them is made and paid
    make(win(world))
    order = {"prize_id": world.prize.pk, "name": "x", "expires_at": None, "now": NOW}

    with pytest.raises(FundsTooSmall):
        create_fetched_batch(count=3, **order)
    assert create_fetched_batch(count=2, **order).status == BatchStatus.STAGED


def test_a_batch_is_not_resumed_before_the_deposit_covers_it(world, supplier_server):
    batch = CodeBatch.objects.get()
    with pytest.raises(StaleState):
        resume_fetched_batch(batch_id=batch.pk, now=NOW)
    win(world)
    supplier_server.funds = 499
    make_due_cards(now=NOW)

    with pytest.raises(FundsTooSmall):
        resume_fetched_batch(batch_id=batch.pk, now=NOW)
    assert GiftCode.objects.filter(status=CodeStatus.HELD).count() == 2


def test_the_suppliers_sandbox_has_no_deposit_to_check(world, supplier_server, settings):
    """Its address is named so, and it says 0 to everybody."""
    supplier_server.funds = 0
    settings.SUPPLIER_AMAZON_BASE_URL = "https://agcod-v2-fe-gamma.amazon.com"

    made = create_fetched_batch(prize_id=world.prize.pk, name="x", count=2, expires_at=None, now=NOW)

    assert made.code_count == 2


@pytest.mark.parametrize("partner_id", ["", "PartnerId"])
def test_without_an_account_whose_id_leaves_room_no_batch_can_be_made(world, settings, partner_id):
    settings.SUPPLIER_AMAZON_PARTNER_ID = partner_id

    with pytest.raises(SupplierNotConnected):
        create_fetched_batch(prize_id=world.prize.pk, name="x", count=1, expires_at=None, now=NOW)


def test_a_supplier_that_refuses_to_tell_its_funds_gets_no_order(world, supplier_server):
    supplier_server.has_contract = False

    with pytest.raises(SupplierUnavailable):
        create_fetched_batch(prize_id=world.prize.pk, name="x", count=1, expires_at=None, now=NOW)


def test_a_prize_whose_codes_are_all_given_is_sold_out_and_not_held(world):
    for _ in range(3):
        win(world)
    assert finish(begin(world)).status == EntryStatus.LOST
    stored = open_campaign(codes=1)
    GiftCode.objects.filter(prize=stored.prize).update(status=CodeStatus.HELD)
    assert finish(begin(stored)).status == EntryStatus.LOST


def test_a_code_given_out_in_another_way_is_asked_for_by_the_sweep(world, supplier_server):
    award = win(world)
    SupplierCard.objects.all().delete()

    order_missed_cards()
    order_missed_cards()
    make_due_cards(now=NOW)

    assert card_of(award).status == SupplierCardStatus.MADE
    assert len(supplier_server.cards) == 1
