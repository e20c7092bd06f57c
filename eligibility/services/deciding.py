"""The verdict by rule."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts import audit
from campaigns.models import RuleKind, RuleVersion
from campaigns.selectors import counts_for_sponsor, current_rules
from campaigns.services import freeze_rules
from eligibility.errors import NothingToDecide
from eligibility.inputs import Inputs
from eligibility.models import Decision, Verdict
from eligibility.rules.base import Outcome
from eligibility.rules.combine import judge
from eligibility.rules.summing import receipts_that_count, summing_rule
from eligibility.selectors import gather_inputs
from eligibility.services.desk import open_case
from eligibility.services.numbers import give_back_numbers, take_reference, take_serial
from participants.models import Entry, EntryStatus
from participants.services import record_verdict
from receipts.errors import DuplicateReceipt
from receipts.models import Receipt
from receipts.selectors import current_receipts, is_being_read, purchase_indexes
from receipts.services import count_receipt, release_receipts

VERDICTS = {
    Outcome.MET: Verdict.ELIGIBLE,
    Outcome.UNCLEAR: Verdict.UNCLEAR,
    Outcome.FIXABLE: Verdict.SENT_BACK,
    Outcome.FAILED: Verdict.REFUSED,
}
ENTRY_STATUS = {
    Verdict.ELIGIBLE: EntryStatus.ACCEPTED,
    Verdict.UNCLEAR: EntryStatus.IN_REVIEW,
    Verdict.SENT_BACK: EntryStatus.SENT_BACK,
    Verdict.REFUSED: EntryStatus.REFUSED,
}
Judged = tuple[Outcome, list[dict[str, Any]], Inputs]


@transaction.atomic
def decide_entry(*, entry_id: int, now: datetime) -> Decision:
    """Judge a sent entry by the rules of its campaign, take what it uses, and keep the verdict with its reasons.

    Raises:
        NothingToDecide: the entry is not waiting for a verdict, or its receipt is not read yet.
    """
    entry = Entry.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=entry_id)
    if entry.status != EntryStatus.SUBMITTED or is_being_read(entry_id):
        raise NothingToDecide(entry_id=entry_id)
    rules = current_rules(entry.campaign) or freeze_rules(campaign_id=entry.campaign_id)
    outcome, reasons, inputs = _judge_and_take(entry, rules)
    decision = keep_decision(
        entry=entry,
        verdict=VERDICTS[outcome],
        reasons=reasons,
        inputs=inputs,
        rules=rules,
        now=now,
    )
    if decision.verdict == Verdict.UNCLEAR:
        open_case(decision=decision, now=now)
    return decision


def keep_decision(
    *,
    entry: Entry,
    verdict: Verdict,
    reasons: list[dict[str, Any]],
    inputs: Inputs,
    rules: RuleVersion,
    now: datetime,
    actor_id: int | None = None,
    acts_from: datetime | None = None,
) -> Decision:
    """Add a decision and move the entry to what it says, in the caller's transaction.

    Nothing is given for it before `acts_from`.
    """
    decision = add_decision(
        entry=entry, verdict=verdict, reasons=reasons, inputs=inputs, rules=rules, now=now, actor_id=actor_id
    )
    record_verdict(entry=entry, status=ENTRY_STATUS[verdict], now=now, acts_from=acts_from)
    return decision


def add_decision(
    *,
    entry: Entry,
    verdict: Verdict,
    reasons: list[dict[str, Any]],
    inputs: Inputs,
    rules: RuleVersion,
    now: datetime,
    actor_id: int | None = None,
) -> Decision:
    """Add a decision to an entry that stays where it is."""
    last = Decision.objects.filter(entry=entry).aggregate(last=Max("number"))["last"] or 0
    decision = Decision.objects.create(
        agency_id=entry.agency_id,
        entry=entry,
        number=last + 1,
        verdict=verdict,
        reasons=reasons,
        inputs=inputs.to_json(),
        rule_version=rules,
        decided_by_id=actor_id,
        decided_at=now,
    )
    codes = [reason["code"] for reason in reasons]
    audit.record("entry.decided", subject=entry, actor_id=actor_id, verdict=verdict, codes=codes)
    return decision


def take_what_counts(entry: Entry, rules: RuleVersion, inputs: Inputs) -> Inputs | None:
    """Take receipts and numbers for an entry; None when all were taken, else the inputs as they turned out to be."""
    kinds = {rule["kind"] for group in rules.document["groups"] for rule in group["rules"]}
    if RuleKind.SERIAL in kinds and inputs.serial == "accepted" and not take_serial(entry):
        return replace(inputs, serial="refused")
    if RuleKind.REFERENCE in kinds and inputs.reference == "accepted" and not take_reference(entry):
        return replace(inputs, reference="refused")
    receipts = _receipts_to_count(entry, rules, inputs)
    of_sponsor = counts_for_sponsor(entry.campaign)
    try:
        with transaction.atomic():  # all of a sum or none of it
            for receipt in receipts:
                count_receipt(receipt=receipt, of_sponsor=of_sponsor)
    except DuplicateReceipt:
        facts = [
            replace(found, is_used_elsewhere=found.is_used_elsewhere or found.id == str(receipt.public_id))
            for found in inputs.receipts
        ]
        return inputs.with_receipts(facts)
    return None


def _receipts_to_count(entry: Entry, rules: RuleVersion, inputs: Inputs) -> list[Receipt]:
    """Give the receipts that the verdict rests on, in one order for all entries, so that none waits for another."""
    ids = {inputs.receipt.id} if inputs.receipt else set()
    if parameters := summing_rule(rules.document):
        ids = receipts_that_count(rules.document, parameters, inputs.receipts)
    return sorted(current_receipts(entry.pk).filter(public_id__in=ids), key=_place_in_line)


def _place_in_line(receipt: Receipt) -> str:
    """Order receipts by their purchase, under whatever index key they stand."""
    return min(purchase_indexes(receipt), default="")


def let_go(entry: Entry) -> None:
    """Give back receipts and numbers of an entry that is refused or sent back."""
    give_back_numbers(entry)
    release_receipts(entry_id=entry.pk)


def _judge_and_take(entry: Entry, rules: RuleVersion) -> Judged:
    """Judge; where another entry took a number or the same receipt in the meantime, judge again knowing that."""
    inputs = gather_inputs(entry)
    while True:
        outcome, reasons = judge(rules.document, inputs)
        changed = take_what_counts(entry, rules, inputs) if outcome == Outcome.MET else None
        if changed is None:
            break
        inputs = changed
    if outcome in (Outcome.FIXABLE, Outcome.FAILED):
        let_go(entry)
    return outcome, reasons, inputs
