"""A card taken back at its supplier: before anybody has seen it, once, and never on a guess (F21)."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from codes.cancel_errors import CancelOutcomeUnknown, CancelRefused, CancelTooLate, CardNotCancellable, CodeShown
from codes.errors import SupplierUnavailable
from codes.history import story_of_code
from codes.models import Award, CodeStatus, GiftCode, SupplierCard, SupplierCardStatus
from codes.selectors import due_cancellations, due_cards, promised_jpy
from codes.services import (
    cancel_card,
    carry_out_due,
    claiming,
    make_card,
    make_due_cards,
    preview_cancellation,
    replace_unseen_code,
    reveal_code,
)
from codes.services.fetching import _note_answer
from codes.suppliers import MadeCard
from codes.tasks import sweep_cards
from journeys.audit import violations
from tests.contracts.server import LOST_CALL, SILENCE_AFTER_ACCEPTING
from tests.factories import NOW
from tests.worlds import fetched_campaign, win

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(seconds=61)


@pytest.fixture
def award(supplier_server) -> Award:
    award = win(fetched_campaign(codes=3))
    make_card(gift_code_id=award.gift_code_id, now=NOW)
    return award


def card_of(award: Award) -> SupplierCard:
    return SupplierCard.objects.get(gift_code=award.gift_code_id)


def cancel(award: Award, now=NOW) -> SupplierCard:
    return cancel_card(gift_code_id=award.gift_code_id, reason="別の人に発行", now=now)


def states(award: Award) -> tuple[str, str]:
    return card_of(award).status, GiftCode.objects.get(pk=award.gift_code_id).status


def test_a_card_nobody_has_seen_is_taken_back_and_its_code_blocked(award, supplier_server):
    preview = preview_cancellation(gift_code_id=award.gift_code_id, now=NOW)

    cancel(award)

    assert (preview.amount_jpy, preview.until, preview.obstacle) == (500, NOW + timedelta(minutes=15), None)
    assert states(award) == (SupplierCardStatus.CANCELLED, CodeStatus.VOID)
    assert supplier_server.spent == 0
    ordered, done = AuditEntry.objects.filter(action__startswith="card.cancel").order_by("pk")
    assert (ordered.action, ordered.reason, done.action) == ("card.cancel_ordered", "別の人に発行", "card.cancelled")
    assert [str(moment.label) for moment in story_of_code(award.gift_code)][-1] == "発行元で取り消されました"
    assert violations(NOW) == {}


def test_the_winner_gets_another_code_where_the_desk_replaces_it(award, supplier_server):
    cancel(award)
    replace_unseen_code(award_id=award.pk, reason="取消のため", now=NOW)
    make_due_cards(now=NOW)

    award.refresh_from_db()
    make_card(gift_code_id=award.gift_code_id, now=NOW)
    assert reveal_code(award_id=award.pk, now=NOW).code == supplier_server.cards[card_of(award).request_id].claim_code
    assert supplier_server.spent == 500


def test_a_code_that_was_seen_is_not_cancelled(award, supplier_server):
    reveal_code(award_id=award.pk, now=NOW)

    with pytest.raises(CodeShown):
        cancel(award)

    assert isinstance(preview_cancellation(gift_code_id=award.gift_code_id, now=NOW).obstacle, CodeShown)
    assert states(award) == (SupplierCardStatus.MADE, CodeStatus.ISSUED)
    assert supplier_server.spent == 500
    assert not AuditEntry.objects.filter(action__startswith="card.cancel").exists()


@pytest.mark.parametrize(
    ("later", "is_late"), [(timedelta(minutes=15), True), (timedelta(minutes=14, seconds=59), False)]
)
def test_after_the_supplier_s_time_nothing_is_asked(award, supplier_server, later, is_late):
    preview = preview_cancellation(gift_code_id=award.gift_code_id, now=NOW + later)
    assert isinstance(preview.obstacle, CancelTooLate) is is_late

    if is_late:
        with pytest.raises(CancelTooLate):
            cancel(award, NOW + later)
        assert supplier_server.spent == 500
    else:
        assert cancel(award, NOW + later).status == SupplierCardStatus.CANCELLED


def test_a_supplier_that_refuses_leaves_the_code_as_it_was(award, supplier_server):
    supplier_server.now += timedelta(minutes=16)  # its clock, not ours, decides

    with pytest.raises(CancelRefused) as refusal:
        cancel(award)

    assert refusal.value.context["reason"] == "CancelRequestArrivedAfterTimeLimit"
    assert states(award) == (SupplierCardStatus.MADE, CodeStatus.ISSUED)
    assert reveal_code(award_id=award.pk, now=NOW).code
    assert AuditEntry.objects.get(action="card.cancel_refused").reason == "CancelRequestArrivedAfterTimeLimit"


def test_F21_an_answer_lost_after_the_cancelling_is_found_out_by_the_next_try(award, supplier_server):
    supplier_server.faults.append(SILENCE_AFTER_ACCEPTING)
    with pytest.raises(CancelOutcomeUnknown):
        cancel(award)
    between = states(award)

    done = [carry_out_due(now=NOW), carry_out_due(now=SOON), carry_out_due(now=SOON)]

    assert between == (SupplierCardStatus.CANCELLING, CodeStatus.ISSUED)
    assert done == [0, 1, 0]
    assert states(award) == (SupplierCardStatus.CANCELLED, CodeStatus.VOID)
    assert supplier_server.spent == 0
    assert violations(SOON) == {}


def test_F21_a_call_that_never_arrived_is_made_again(award, supplier_server):
    supplier_server.faults.append(LOST_CALL)
    with pytest.raises(CancelOutcomeUnknown):
        cancel(award)
    stood = supplier_server.spent

    carry_out_due(now=SOON)

    assert (stood, supplier_server.spent) == (500, 0)
    assert states(award) == (SupplierCardStatus.CANCELLED, CodeStatus.VOID)


def test_while_the_outcome_is_unknown_nobody_is_shown_the_code(award, supplier_server):
    supplier_server.faults.append(LOST_CALL)
    with pytest.raises(CancelOutcomeUnknown):
        cancel(award)

    with pytest.raises(SupplierUnavailable):
        claiming.reveal_code(award_id=award.pk, now=NOW)

    award.refresh_from_db()
    assert (award.reveal_count, award.revealed_at) == (0, None)
    assert due_cards(SOON, limit=9) == []
    assert due_cancellations(SOON, limit=9) == [award.gift_code_id]
    assert promised_jpy("amazon") == 2 * 500  # what is in stock, not what was paid for already


def test_an_outcome_unknown_beyond_the_supplier_s_time_ends_as_it_is_there(award, supplier_server):
    supplier_server.faults.append(LOST_CALL)
    with pytest.raises(CancelOutcomeUnknown):
        cancel(award)
    supplier_server.now += timedelta(minutes=16)

    sweep_cards()  # too early for a second try
    assert carry_out_due(now=SOON) == 0

    assert states(award) == (SupplierCardStatus.MADE, CodeStatus.ISSUED)
    assert reveal_code(award_id=award.pk, now=SOON).code


def test_a_late_answer_of_the_making_does_not_bring_a_cancelled_card_back(award):
    cancel(award)
    card = card_of(award)
    made = MadeCard(card_id=card.card_id, amount_jpy=500, currency="JPY", code="LATE")

    with pytest.raises(SupplierUnavailable):
        _note_answer(card.pk, made, NOW)
    with pytest.raises(SupplierUnavailable):
        make_card(gift_code_id=award.gift_code_id, now=NOW)

    assert states(award) == (SupplierCardStatus.CANCELLED, CodeStatus.VOID)


def test_a_card_of_a_wrong_value_can_be_cancelled_and_stays_refused_where_the_supplier_will_not(supplier_server):
    supplier_server.wrong_amounts = [5000]
    award = win(fetched_campaign(codes=1))
    with pytest.raises(SupplierUnavailable):
        make_card(gift_code_id=award.gift_code_id, now=NOW)
    supplier_server.now += timedelta(minutes=16)
    with pytest.raises(CancelRefused):
        cancel(award)
    refused = states(award)
    supplier_server.now -= timedelta(minutes=16)

    cancel(award)

    assert refused == (SupplierCardStatus.REFUSED, CodeStatus.ISSUED)
    assert states(award) == (SupplierCardStatus.CANCELLED, CodeStatus.VOID)
    assert supplier_server.spent == 0


def test_what_was_never_made_or_is_gone_is_not_cancelled(supplier_server):
    award = win(fetched_campaign(codes=1))
    with pytest.raises(CardNotCancellable):
        cancel(award)
    make_card(gift_code_id=award.gift_code_id, now=NOW)
    cancel(award)

    with pytest.raises(CardNotCancellable):
        cancel(award)
    SupplierCard.objects.all().delete()
    with pytest.raises(CardNotCancellable):
        cancel(award)
