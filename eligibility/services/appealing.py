"""An entrant objects to a decision, and a person answers."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts import audit
from campaigns.selectors import current_rules
from campaigns.services import freeze_rules
from core.text import has_controls
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
from eligibility.reasons import REASONS
from eligibility.selectors import (
    appeal_deadline,
    confirmed_inputs,
    current_decision,
    deciders_of,
    others_to_answer,
)
from eligibility.services.deciding import ENTRY_STATUS, keep_decision, let_go, take_what_counts
from participants.models import Entry
from receipts.errors import DuplicateReceipt

APPEALABLE = (Verdict.SENT_BACK, Verdict.REFUSED)
TEXT_LENGTHS = range(5, 1001)
ANSWER_LENGTHS = range(5, 501)


@transaction.atomic
def open_appeal(*, entry_id: int, text: str, now: datetime) -> Appeal:
    """Take an entrant's objection to the current decision; it waits for a person until the campaign's deadline.

    Raises:
        AppealNotPossible: the entry was neither refused nor sent back, or the campaign hears no appeals.
        AppealAlreadyMade: this decision was objected to before.
        AppealTooLate: the campaign's days for it are over.
        AppealTextNotAccepted: too short, too long, or with control characters.
    """
    entry = Entry.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=entry_id)
    decision = current_decision(entry_id)
    if decision is None or decision.verdict not in APPEALABLE or entry.status != _status_by(decision):
        raise AppealNotPossible(entry_id=entry_id)
    if Appeal.objects.filter(decision=decision).exists():
        raise AppealAlreadyMade(entry_id=entry_id)
    until = appeal_deadline(decision, entry.campaign)
    if until is None:
        raise AppealNotPossible(entry_id=entry_id)
    if now >= until:
        raise AppealTooLate(entry_id=entry_id)
    appeal = Appeal.objects.create(
        agency_id=entry.agency_id,
        campaign=entry.campaign,
        entry=entry,
        decision=decision,
        text=_checked(text, TEXT_LENGTHS),
        opened_at=now,
        answer_due_at=now + timedelta(days=entry.campaign.appeal_answer_days),
    )
    audit.record("appeal.opened", subject=appeal)
    return appeal


@transaction.atomic
def answer_appeal(
    *,
    appeal_id: int,
    verdict: Verdict,
    reason_code: str,
    message: str,
    actor_id: int,
    now: datetime,
    alone_because: str = "",
) -> Appeal:
    """Answer an appeal: the verdict of the decision again lets it stand, another one is a new decision.

    Another person answers than the one who decided; only where the agency has no other, the same one may, and says
    why (`alone_because`).

    Raises:
        StaleState: it was answered already.
        AppealNeedsAnother: this person had a say in the decision, and others may answer.
        AppealAloneNeedsNote: nobody else may answer, and why the same person does is not told.
        NothingToDecide: the verdict would change, but the entry went on in the meantime.
        ReasonMissing: the verdict is not one a person gives, or lacks a reason that entrants understand.
        AppealTextNotAccepted: the sentence for the entrant is too short, too long, or has control characters.
        DuplicateReceipt: approved, but the receipt or a number already counts for another entry.
    """
    entry_id = Appeal.objects.values_list("entry_id", flat=True).get(pk=appeal_id)
    entry = Entry.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=entry_id)
    appeal = Appeal.objects.select_for_update(of=("self",)).select_related("decision").get(pk=appeal_id)
    if appeal.status != AppealStatus.OPEN:
        raise appeal.stale()
    answer = {
        "message": _checked(message, ANSWER_LENGTHS),
        "answered_at": now,
        "answered_by_id": actor_id,
        "alone_because": _checked_alone(appeal, actor_id, alone_because),
    }
    if verdict == appeal.decision.verdict:
        appeal.move_to(AppealStatus.UPHELD, **answer)
    else:
        outcome = _changed(entry, appeal, verdict, reason_code, actor_id, now)
        appeal.move_to(AppealStatus.CHANGED, **answer, outcome=outcome)
    audit.record(
        "appeal.answered",
        subject=appeal,
        actor_id=actor_id,
        reason=appeal.alone_because,
        status=appeal.status,
        verdict=verdict,
        by_decider=bool(appeal.alone_because),
    )
    return appeal


def _changed(
    entry: Entry, appeal: Appeal, verdict: Verdict, reason_code: str, actor_id: int, now: datetime
) -> Decision:
    """Judge anew by a person's word; what the entry uses is taken, or let go, with it."""
    if entry.status != _status_by(appeal.decision):
        raise NothingToDecide(entry_id=entry.pk)
    if verdict not in (Verdict.ELIGIBLE, *APPEALABLE) or (verdict != Verdict.ELIGIBLE and reason_code not in REASONS):
        raise ReasonMissing
    rules = current_rules(entry.campaign) or freeze_rules(campaign_id=entry.campaign_id)
    inputs = confirmed_inputs(entry)
    if verdict != Verdict.ELIGIBLE:
        let_go(entry)
    elif take_what_counts(entry, rules, inputs) is not None:
        raise DuplicateReceipt(entry_id=entry.pk)
    code = "approved_by_desk" if verdict == Verdict.ELIGIBLE else reason_code
    return keep_decision(
        entry=entry,
        verdict=verdict,
        reasons=[{"code": code, "rule": "desk", "region": None}],
        inputs=inputs,
        rules=rules,
        now=now,
        actor_id=actor_id,
    )


def _checked_alone(appeal: Appeal, actor_id: int, alone_because: str) -> str:
    """Refuse who decided, unless there is nobody else; give why, or nothing where another person answers."""
    if actor_id not in deciders_of(appeal.decision):
        return ""
    if others_to_answer(appeal).exists():
        raise AppealNeedsAnother(appeal_id=appeal.pk)
    if not alone_because.strip():
        raise AppealAloneNeedsNote(appeal_id=appeal.pk)
    return _checked(alone_because, ANSWER_LENGTHS)


def _status_by(decision: Decision) -> str:
    return ENTRY_STATUS[Verdict(decision.verdict)]


def _checked(text: str, lengths: range) -> str:
    """Take a text with its line breaks folded; anything else that steers a terminal or a reader is refused."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(plain) not in lengths or has_controls(plain.replace("\n", "")):
        raise AppealTextNotAccepted
    return plain
