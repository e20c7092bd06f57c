"""Goods were given back: the receipt counts no more, and the verdict is renewed by the rules."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction

from accounts import audit
from eligibility.errors import NothingToSettle, ReturnOfAnother
from eligibility.models import Decision, PurchaseReturn, ReturnSource, Verdict
from eligibility.rules.base import Outcome
from eligibility.rules.combine import judge
from eligibility.selectors import confirmed_inputs, current_decision, gather_inputs
from eligibility.services.deciding import add_decision, keep_decision, let_go
from eligibility.services.desk import close_cases
from participants.models import Entry, EntryStatus, TouchKind
from participants.services import record_touch
from receipts.models import Receipt
from receipts.services import mark_returned

RENEWED = (EntryStatus.IN_REVIEW, EntryStatus.ACCEPTED, EntryStatus.WON)


@dataclass(frozen=True)
class Notice:
    """Who told of a return, and how: the client's own number of it, or an operator with a reason."""

    source: ReturnSource
    reference: str = ""
    reason: str = ""
    actor_id: int | None = None


@transaction.atomic
def record_return(*, receipt_id: int, notice: Notice, now: datetime) -> PurchaseReturn:
    """Keep that the goods of a receipt were given back, and renew the verdict on its entry; told again, it stays so.

    An entry that is accepted or has won is refused, unless the rules are met without this receipt. One that is not
    judged yet will be judged knowing it; one that has no result to lose keeps what it is.

    Raises:
        ReturnOfAnother: the client's number belongs to another receipt's return.
    """
    entry_id = Receipt.objects.values_list("entry_id", flat=True).get(pk=receipt_id)
    # Not its key: whoever shows the code at this moment holds the award, and writes a line that names the entry.
    entries = Entry.objects.select_for_update(of=("self",), no_key=True).select_related("campaign")
    entry = entries.get(pk=entry_id)
    receipt = Receipt.objects.select_for_update(of=("self",)).get(pk=receipt_id)
    if known := PurchaseReturn.objects.filter(receipt=receipt).first():
        return known
    if notice.reference and PurchaseReturn.objects.filter(agency=entry.agency_id, reference=notice.reference).exists():
        raise ReturnOfAnother
    mark_returned(receipt=receipt, now=now)
    found = PurchaseReturn.objects.create(
        agency_id=entry.agency_id,
        campaign=entry.campaign,
        entry=entry,
        receipt=receipt,
        decision=_renewed(entry, now) if entry.status in RENEWED else None,
        source=notice.source,
        reference=notice.reference,
        reason=notice.reason,
        told_at=now,
        told_by_id=notice.actor_id,
    )
    record_touch(
        kind=TouchKind.RETURNED,
        agency_id=entry.agency_id,
        participant_id=entry.participant_id,
        campaign_id=entry.campaign_id,
        entry_id=entry.pk,
        now=now,
    )
    audit.record(
        "purchase.returned",
        subject=entry,
        actor_id=notice.actor_id,
        receipt=str(receipt.public_id),
        reason=notice.reason,
    )
    return found


@transaction.atomic
def settle_return(*, return_id: int, note: str, actor_id: int, now: datetime) -> PurchaseReturn:
    """Note what became of a return whose code was already seen.

    Raises:
        NothingToSettle: somebody settled it before.
    """
    found = PurchaseReturn.objects.select_for_update().get(pk=return_id)
    if found.settled_at is not None:
        raise NothingToSettle
    found.settled_at, found.settled_by_id, found.note = now, actor_id, note
    found.save(update_fields=["settled_at", "settled_by", "note", "updated_at"])
    audit.record("return.settled", subject=found, actor_id=actor_id)
    return found


def _renewed(entry: Entry, now: datetime) -> Decision | None:
    """Judge by the rules of the last verdict, a person's confirmation of the figures included."""
    last = current_decision(entry.pk)
    if last is None:
        return None
    inputs = confirmed_inputs(entry) if last.decided_by_id else gather_inputs(entry)
    outcome, reasons = judge(last.rule_version.document, inputs)
    keep = partial(keep_decision, verdict=Verdict.REFUSED)
    if outcome == Outcome.MET:
        if entry.status == EntryStatus.IN_REVIEW:
            return None
        keep = partial(add_decision, verdict=Verdict.ELIGIBLE)
    else:
        let_go(entry)
        close_cases(entry_id=entry.pk, now=now)
    return keep(entry=entry, reasons=reasons, inputs=inputs, rules=last.rule_version, now=now)
