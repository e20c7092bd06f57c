"""An objection is heard once, in its time, and its answer is what counts."""

from datetime import timedelta

import pytest

from core.errors import StaleState
from distribution.models import Delivery
from eligibility.errors import (
    AppealAlreadyMade,
    AppealNotPossible,
    AppealTextNotAccepted,
    AppealTooLate,
    NothingToDecide,
    ReasonMissing,
)
from eligibility.models import Appeal, AppealStatus, Decision, Verdict
from eligibility.services import answer_appeal, open_appeal
from journeys.services import sweep
from participants.models import EntryStatus
from receipts.errors import DuplicateReceipt
from tests.factories import NOW, AppealFactory, DecisionFactory, IdentityFactory, ReceiptFactory, UserFactory

pytestmark = pytest.mark.django_db
TEXT = "3行目が対象の商品です。"
SENTENCE = "写真をもう一度確認しました。"


def refused(**details):
    details = {"verdict": Verdict.REFUSED, "entry__status": EntryStatus.REFUSED} | details
    return DecisionFactory(**details)


def answer(appeal: Appeal, verdict: Verdict, *, reason: str = "", message: str = SENTENCE) -> Appeal:
    return answer_appeal(
        appeal_id=appeal.pk,
        verdict=verdict,
        reason_code=reason,
        message=message,
        actor_id=UserFactory().pk,
        now=NOW,
    )


def test_an_appeal_waits_until_its_day():
    decision = refused()

    appeal = open_appeal(entry_id=decision.entry_id, text=f" {TEXT}\r\nお願いします。 ", now=NOW + timedelta(days=1))

    assert (appeal.text, appeal.status) == (f"{TEXT}\nお願いします。", AppealStatus.OPEN)
    assert appeal.answer_due_at == NOW + timedelta(days=8)


@pytest.mark.parametrize(("late", "is_heard"), [(-1, True), (0, False)])
def test_the_time_for_an_appeal_ends_at_its_instant(late, is_heard):
    decision = refused()
    now = NOW + timedelta(days=14, microseconds=late)

    if is_heard:
        open_appeal(entry_id=decision.entry_id, text=TEXT, now=now)
    else:
        with pytest.raises(AppealTooLate):
            open_appeal(entry_id=decision.entry_id, text=TEXT, now=now)
    assert Appeal.objects.count() == is_heard


def test_one_objection_is_heard_for_each_decision():
    decision = refused()
    open_appeal(entry_id=decision.entry_id, text=TEXT, now=NOW)

    with pytest.raises(AppealAlreadyMade):
        open_appeal(entry_id=decision.entry_id, text=TEXT, now=NOW)
    assert Appeal.objects.count() == 1


@pytest.mark.parametrize(
    "details",
    [
        {"verdict": Verdict.ELIGIBLE, "entry__status": EntryStatus.ACCEPTED},
        {"entry__status": EntryStatus.SUBMITTED},
        {"entry__campaign__appeal_days": 0},
    ],
)
def test_there_has_to_be_a_result_to_object_to(details):
    decision = refused(**details)

    with pytest.raises(AppealNotPossible):
        open_appeal(entry_id=decision.entry_id, text=TEXT, now=NOW)


@pytest.mark.parametrize("text", ["", "短い", "あ" * 1001, "見えない\u202e文字です", "鳴る\x07文字です"])
def test_T12_a_text_that_is_no_ordinary_text_is_refused(text):
    decision = refused()

    with pytest.raises(AppealTextNotAccepted):
        open_appeal(entry_id=decision.entry_id, text=text, now=NOW)
    assert Appeal.objects.count() == 0


def test_an_upheld_appeal_leaves_the_decision_alone():
    appeal = answer(AppealFactory(), Verdict.REFUSED)

    assert (appeal.status, appeal.outcome, appeal.message) == (AppealStatus.UPHELD, None, SENTENCE)
    assert Decision.objects.filter(entry=appeal.entry).count() == 1
    with pytest.raises(StaleState):
        answer(appeal, Verdict.ELIGIBLE)


def test_a_changed_result_is_a_new_decision_that_counts_the_receipt():
    appeal = AppealFactory()
    receipt = ReceiptFactory(entry=appeal.entry)

    answered = answer(appeal, Verdict.ELIGIBLE)

    appeal.entry.refresh_from_db()
    receipt.refresh_from_db()
    assert (answered.status, appeal.entry.status, receipt.counts) == ("changed", "accepted", True)
    assert answered.outcome.number == 2
    assert answered.outcome.reasons == [{"code": "approved_by_desk", "rule": "desk", "region": None}]


def test_I02_an_appeal_does_not_let_a_receipt_count_twice():
    appeal = AppealFactory()
    receipt = ReceiptFactory(entry=appeal.entry)
    ReceiptFactory(entry__campaign=appeal.campaign, fingerprint=receipt.fingerprint, counts=True)

    with pytest.raises(DuplicateReceipt):
        answer(appeal, Verdict.ELIGIBLE)
    appeal.refresh_from_db()
    assert (appeal.status, appeal.message) == (AppealStatus.OPEN, "")


def test_a_changed_result_needs_a_reason_and_an_entry_that_still_waits():
    appeal = AppealFactory()

    with pytest.raises(ReasonMissing):
        answer(appeal, Verdict.SENT_BACK)
    with pytest.raises(AppealTextNotAccepted):
        answer(appeal, Verdict.ELIGIBLE, message="")
    appeal.entry.move_to(EntryStatus.SENT_BACK)
    with pytest.raises(NothingToDecide):
        answer(appeal, Verdict.ELIGIBLE)
    assert Appeal.objects.get().status == AppealStatus.OPEN


def test_the_answer_is_written_once_to_whoever_can_be_reached():
    appeal = AppealFactory()
    IdentityFactory(participant=appeal.entry.participant)
    unreachable = AppealFactory()
    answer(appeal, Verdict.REFUSED)
    answer(unreachable, Verdict.REFUSED)

    sweep(now=NOW)
    sweep(now=NOW)

    assert [(row.kind, row.entry_id) for row in Delivery.objects.all()] == [("verdict", appeal.entry_id)]
