"""The verdict by a person."""

from datetime import datetime

from django.db import transaction

from accounts import audit
from campaigns.selectors import current_rules
from campaigns.services import freeze_rules
from eligibility.errors import NothingToDecide, ReasonMissing
from eligibility.models import Decision, ReviewCase, ReviewStatus, Verdict
from eligibility.reasons import REASONS
from eligibility.selectors import UNDO_TIME, confirmed_inputs, gather_inputs
from eligibility.services.deciding import keep_decision, let_go, take_what_counts
from eligibility.services.desk import NOBODY, close_cases
from participants.models import Entry, EntryStatus
from participants.services import withdraw_entry
from receipts.errors import DuplicateReceipt
from receipts.selectors import current_receipts
from receipts.services import learn_shop

BY_PERSON = (Verdict.ELIGIBLE, Verdict.SENT_BACK, Verdict.REFUSED)


@transaction.atomic
def resolve_case(
    *,
    case_id: int,
    verdict: Verdict,
    reason_code: str,
    actor_id: int,
    now: datetime,
    note: str = "",
) -> Decision:
    """Close a review with a person's verdict; for a minute nothing follows from it, so that it can be taken back.

    Raises:
        StaleState: another reviewer closed it first.
        ReasonMissing: sent back or refused without a reason that entrants understand.
        DuplicateReceipt: approved, but the receipt or a number already counts for another entry.
    """
    if verdict not in BY_PERSON or (verdict != Verdict.ELIGIBLE and reason_code not in REASONS):
        raise ReasonMissing
    case = ReviewCase.objects.select_related("entry").get(pk=case_id)
    entry = Entry.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=case.entry_id)
    case = ReviewCase.objects.select_for_update().get(pk=case_id)
    rules = current_rules(entry.campaign) or freeze_rules(campaign_id=entry.campaign_id)
    inputs = confirmed_inputs(entry)
    if verdict != Verdict.ELIGIBLE:
        let_go(entry)
    elif take_what_counts(entry, rules, inputs) is not None:
        raise DuplicateReceipt(entry_id=entry.pk)
    code = "approved_by_desk" if verdict == Verdict.ELIGIBLE else reason_code
    decision = keep_decision(
        entry=entry,
        verdict=verdict,
        reasons=[{"code": code, "rule": "desk", "region": None}],
        inputs=inputs,
        rules=rules,
        now=now,
        actor_id=actor_id,
        acts_from=now + UNDO_TIME,
    )
    facts = {"outcome": decision, "note": note, "resolved_at": now, "resolved_by_id": actor_id}
    case.move_to(ReviewStatus.RESOLVED, **facts, **NOBODY)
    audit.record("review.resolved", subject=case, actor_id=actor_id, verdict=verdict)
    if verdict == Verdict.ELIGIBLE:
        for receipt in current_receipts(entry.pk).filter(counts=True):
            learn_shop(receipt_id=receipt.pk, actor_id=actor_id, now=now)
    return decision


@transaction.atomic
def refuse_for_limit(*, entry_id: int, now: datetime) -> Decision:
    """Refuse an accepted entry whose person turned out, when the contact was confirmed, to have entered before.

    Raises:
        NothingToDecide: the entry is no longer accepted and waiting.
    """
    entry = Entry.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=entry_id)
    if entry.status != EntryStatus.ACCEPTED:
        raise NothingToDecide(entry_id=entry_id)
    rules = current_rules(entry.campaign) or freeze_rules(campaign_id=entry.campaign_id)
    inputs = gather_inputs(entry)
    let_go(entry)
    reasons = [{"code": "limit_reached", "rule": "limits", "region": None}]
    return keep_decision(
        entry=entry,
        verdict=Verdict.REFUSED,
        reasons=reasons,
        inputs=inputs,
        rules=rules,
        now=now,
    )


@transaction.atomic
def take_back_entry(*, entry_id: int, now: datetime) -> None:
    """Withdraw an entry with all that hangs on its check: its receipt and numbers are free, its review is closed.

    Raises:
        StaleState: it has a result already.
    """
    entry = withdraw_entry(entry_id=entry_id, now=now)
    let_go(entry)
    close_cases(entry_id=entry_id, now=now)
