"""A reviewer takes back what was said last of a case, as long as nobody built on it."""

from datetime import datetime

from django.db import transaction

from accounts import audit
from campaigns.selectors import current_rules
from campaigns.services import freeze_rules
from eligibility.errors import DecidedFurther, NotYourDecision
from eligibility.models import Appeal, ReviewCase, ReviewOpinion, ReviewStatus, Verdict
from eligibility.selectors import current_decision, gather_inputs
from eligibility.services.deciding import ENTRY_STATUS, keep_decision, let_go
from eligibility.services.desk import NOBODY
from participants.models import Entry
from receipts.selectors import current_receipt
from receipts.services import unlearn

HELD = "rings"  # the rule by which an entry was accepted before its case was opened


def is_overtaken(*, opinion: ReviewOpinion) -> bool:
    """Tell whether another opinion, an appeal, a later decision or the entrant came after this one."""
    case = opinion.case
    if case.opinions.filter(number__gt=opinion.number).exists():
        return True
    if case.status == ReviewStatus.OPEN:
        return False
    outcome = case.outcome
    if outcome is None or current_decision(case.entry_id) != outcome:
        return True
    is_elsewhere = case.entry.status != ENTRY_STATUS[Verdict(outcome.verdict)]
    return is_elsewhere or Appeal.objects.filter(decision=outcome).exists()


@transaction.atomic
def undo_opinion(*, opinion_id: int, actor_id: int, now: datetime) -> ReviewCase:
    """Take back what a reviewer said last of a case; where it ended the case, the case waits again with its due time.

    What it taught dictionary and shop master is taken back with it; figures stay as they were corrected. Whether
    something was given or written in the meantime is for the caller to find out.

    Raises:
        NotYourDecision: somebody else said it.
        DecidedFurther: it was taken back before, or somebody built on it (`is_overtaken`).
    """
    found = ReviewOpinion.objects.filter(pk=opinion_id).values_list("case__entry", flat=True).first()
    entry = Entry.objects.select_for_update(of=("self",)).select_related("campaign").filter(pk=found or 0).first()
    opinion = ReviewOpinion.objects.select_related("case__outcome", "case__decision").filter(pk=opinion_id).first()
    if entry is None or opinion is None:
        raise DecidedFurther(opinion_id=opinion_id)
    if opinion.reviewer_id != actor_id:
        raise NotYourDecision(opinion_id=opinion_id)
    case = (
        ReviewCase.objects.select_for_update(of=("self",)).select_related("outcome", "decision").get(pk=opinion.case_id)
    )
    case.entry = entry
    opinion.case = case
    if is_overtaken(opinion=opinion):
        raise DecidedFurther(opinion_id=opinion_id)
    decided_at = case.resolved_at
    if case.status == ReviewStatus.RESOLVED:
        _reopen(entry, case, actor_id, now)
    if receipt := current_receipt(entry.pk):
        unlearn(receipt_id=receipt.pk, actor_id=actor_id, learned_at=decided_at, now=now)
    audit.record(
        "review.undone",
        subject=case,
        actor_id=actor_id,
        verdict=opinion.verdict,
        number=opinion.number,
        reason_code=opinion.reason_code,
    )
    opinion.delete()
    return case


def _reopen(entry: Entry, case: ReviewCase, actor_id: int, now: datetime) -> None:
    """Let the case wait as before: an entry that was held keeps what it had taken, any other takes nothing yet."""
    if all(reason.get("rule") != HELD for reason in case.decision.reasons):
        let_go(entry)
    case.move_to(ReviewStatus.OPEN, resolved_at=None, resolved_by=None, outcome=None, note="", **NOBODY)
    keep_decision(
        entry=entry,
        verdict=Verdict.UNCLEAR,
        reasons=[{"code": "taken_back_by_desk", "rule": "desk", "region": None}],
        inputs=gather_inputs(entry),
        rules=current_rules(entry.campaign) or freeze_rules(campaign_id=entry.campaign_id),
        now=now,
        actor_id=actor_id,
    )
