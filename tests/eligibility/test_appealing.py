"""An objection is heard once, in its time, and its answer is what counts."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry, Role
from accounts.services import add_member, sync_roles
from core.errors import StaleState
from distribution.models import Delivery
from eligibility.errors import (
    AppealAloneNeedsNote,
    AppealAlreadyMade,
    AppealNeedsAnother,
    AppealNotPossible,
    AppealTextNotAccepted,
    AppealTooLate,
    NothingToDecide,
    ReasonMissing,
)
from eligibility.models import Appeal, AppealStatus, Decision, Verdict
from eligibility.selectors import others_to_answer
from eligibility.services import answer_appeal, give_opinion, open_appeal, set_policy
from journeys.services import sweep
from participants.models import EntryStatus
from receipts.errors import DuplicateReceipt
from tests.factories import (
    NOW,
    AppealFactory,
    DecisionFactory,
    IdentityFactory,
    ReceiptFactory,
    ReviewCaseFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
TEXT = "3行目が対象の商品です。"
SENTENCE = "写真をもう一度確認しました。"


def refused(**details):
    details = {"verdict": Verdict.REFUSED, "entry__status": EntryStatus.REFUSED} | details
    return DecisionFactory(**details)


def answer(appeal: Appeal, verdict: Verdict, *, reason: str = "", message: str = SENTENCE, actor=None, **details):
    return answer_appeal(
        appeal_id=appeal.pk,
        verdict=verdict,
        reason_code=reason,
        message=message,
        actor_id=(actor or UserFactory()).pk,
        now=NOW,
        **details,
    )


def member(agency, role=Role.REVIEWER, **details):
    user = UserFactory(**details)
    add_member(user_id=user.pk, agency_id=agency.pk, role=role)
    return user


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


def test_who_decided_does_not_answer_while_another_can():
    appeal = AppealFactory()
    sync_roles()
    decider, other = member(appeal.agency), member(appeal.agency)
    Decision.objects.update(decided_by=decider)

    with pytest.raises(AppealNeedsAnother):
        answer(appeal, Verdict.REFUSED, actor=decider, alone_because="ほかの人は休みです。")
    appeal.refresh_from_db()
    assert (appeal.status, appeal.alone_because) == (AppealStatus.OPEN, "")
    answered = answer(appeal, Verdict.REFUSED, actor=other, alone_because="要らない理由です。")

    assert (answered.answered_by_id, answered.alone_because) == (other.pk, "")
    assert AuditEntry.objects.get(action="appeal.answered").facts["by_decider"] is False


def test_each_of_two_reviewers_who_agreed_has_had_a_say():
    case = ReviewCaseFactory()
    sync_roles()
    first, second = member(case.agency), member(case.agency)
    set_policy(campaign_id=case.campaign_id, due_hours=24, second_share=100, actor_id=first.pk, now=NOW)
    for person in (first, second):
        give_opinion(case_id=case.pk, verdict=Verdict.REFUSED, reason_code="date_unread", actor_id=person.pk, now=NOW)
    appeal = open_appeal(entry_id=case.entry_id, text=TEXT, now=NOW)

    assert not others_to_answer(appeal).exists()
    third = member(case.agency, Role.OPERATOR)
    assert list(others_to_answer(appeal)) == [third]
    with pytest.raises(AppealNeedsAnother):
        answer(appeal, Verdict.REFUSED, actor=first)


def test_the_only_reviewer_answers_with_a_note_that_is_kept():
    appeal = AppealFactory()
    sync_roles()
    decider = member(appeal.agency)
    member(appeal.agency, Role.VIEWER)  # may not answer
    member(appeal.agency, is_active=False)  # may, but cannot sign in
    member(AppealFactory().agency)  # another agency's
    Decision.objects.update(decided_by=decider)

    with pytest.raises(AppealAloneNeedsNote):
        answer(appeal, Verdict.REFUSED, actor=decider, alone_because="  ")
    answered = answer(appeal, Verdict.REFUSED, actor=decider, alone_because="審査担当は私だけです。")

    line = AuditEntry.objects.get(action="appeal.answered")
    assert answered.alone_because == line.reason == "審査担当は私だけです。"
    assert line.facts["by_decider"] is True


def test_a_verdict_by_rule_is_nobodys():
    appeal = AppealFactory()

    assert answer(appeal, Verdict.REFUSED).alone_because == ""


def test_the_answer_is_written_once_to_whoever_can_be_reached():
    appeal = AppealFactory()
    IdentityFactory(participant=appeal.entry.participant)
    unreachable = AppealFactory()
    answer(appeal, Verdict.REFUSED)
    answer(unreachable, Verdict.REFUSED)

    sweep(now=NOW)
    sweep(now=NOW)

    assert [(row.kind, row.entry_id) for row in Delivery.objects.all()] == [("verdict", appeal.entry_id)]
