"""Entries, verdicts, results and proofs: decided once, by the rules of their time, and never forgotten."""

from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery

from campaigns.models import Mechanic
from draws.models import DrawResult
from draws.selectors import has_confirmed_contact
from eligibility.models import (
    Decision,
    NumberUse,
    PurchaseReturn,
    ReferenceNumber,
    ReviewCase,
    ReviewStatus,
    Serial,
    Verdict,
)
from eligibility.selectors import current_decision
from eligibility.services import decisions_that_differ
from eligibility.sums import receipts_summed_at_most
from journeys.audit.naming import name_ids, name_rows
from participants.models import Entry, EntryStatus
from receipts.models import Receipt, ReceiptStatus

DECIDED = {
    EntryStatus.IN_REVIEW: Verdict.UNCLEAR,
    EntryStatus.SENT_BACK: Verdict.SENT_BACK,
    EntryStatus.REFUSED: Verdict.REFUSED,
    EntryStatus.ACCEPTED: Verdict.ELIGIBLE,
    EntryStatus.WON: Verdict.ELIGIBLE,
    EntryStatus.LOST: Verdict.ELIGIBLE,
}
LET_GO = [EntryStatus.STARTED, EntryStatus.SENT_BACK, EntryStatus.REFUSED, EntryStatus.WITHDRAWN]
BOUND = timedelta(minutes=10)  # in which what is due has to be taken up


def forgotten(now: datetime) -> list[str]:
    """I09: whatever waits is either due within the bound, or there is an event to come that wakes it."""
    entries = Entry.objects.all()
    overdue = entries.filter(advance_after__lte=now - BOUND, advance_failures=0)
    waiting = [ReceiptStatus.UPLOADED, ReceiptStatus.READING]
    is_unread = Exists(Receipt.objects.filter(entry=OuterRef("pk"), status__in=waiting))
    never_judged = entries.filter(~is_unread, status=EntryStatus.SUBMITTED, advance_after__isnull=True)
    accepted = entries.filter(status=EntryStatus.ACCEPTED, advance_after__isnull=True).filter(has_confirmed_contact())
    drawn_later = Q(campaign__mechanic=Mechanic.LATER, draw_result__isnull=True)  # by the draw, or one held after it
    return [*name_rows(overdue), *name_rows(never_judged), *name_rows(accepted.exclude(drawn_later))]


def impossible_entries() -> list[str]:
    """I10: states of entries, reviews and receipts that no service leads to."""
    last_verdict = Decision.objects.filter(entry=OuterRef("pk")).order_by("-number").values("verdict")[:1]
    entries = Entry.objects.annotate(last_verdict=Subquery(last_verdict))
    undecided = Q(pk__in=[])
    for status, verdict in DECIDED.items():
        undecided |= Q(status=status) & (Q(last_verdict__isnull=True) | ~Q(last_verdict=verdict))
    is_open = Exists(ReviewCase.objects.filter(entry=OuterRef("pk"), status=ReviewStatus.OPEN))
    in_review = entries.filter(status=EntryStatus.IN_REVIEW).exclude(is_open)
    cases = ReviewCase.objects.filter(status=ReviewStatus.OPEN).exclude(entry__status=EntryStatus.IN_REVIEW)
    receipts = Receipt.objects.filter(counts=True).filter(
        Q(entry__status__in=LET_GO) | Q(status=ReceiptStatus.REPLACED)
    )
    leaseless = Receipt.objects.filter(status=ReceiptStatus.READING, lease_until__isnull=True)
    return [
        *name_rows(entries.filter(undecided)),
        *name_rows(in_review),
        *name_rows(cases),
        *name_rows(receipts),
        *name_rows(leaseless),
    ]


def results() -> list[str]:
    """I14: a won entry has a winning result and a lost one a losing; a drawn one may still wait for its prizes."""
    won = Entry.objects.filter(status=EntryStatus.WON).exclude(draw_result__course__isnull=False)
    lost = Entry.objects.filter(status=EntryStatus.LOST).exclude(
        draw_result__isnull=False, draw_result__course__isnull=True
    )
    drawn = Q(entry__status=EntryStatus.ACCEPTED, draw__isnull=False)
    # What was won with goods that were returned is refused, and after an objection accepted anew.
    returned = Q(entry__status__in=[EntryStatus.REFUSED, EntryStatus.ACCEPTED]) & Exists(
        PurchaseReturn.objects.filter(entry=OuterRef("entry"))
    )
    winning = DrawResult.objects.filter(course__isnull=False).exclude(
        Q(entry__status=EntryStatus.WON) | drawn | returned
    )
    losing = DrawResult.objects.filter(course__isnull=True).exclude(Q(entry__status=EntryStatus.LOST) | drawn)
    return [*name_rows(won), *name_rows(lost), *name_rows(winning), *name_rows(losing)]


def number_uses() -> list[str]:
    """I15: a number was used as often as entries say, never more than allowed, and not by a refused entry."""
    found = []
    for model in (Serial, ReferenceNumber):
        counted = model.objects.annotate(taken=Count("uses"))
        found += name_rows(counted.exclude(used_count=F("taken")))
        found += name_rows(model.objects.filter(used_count__gt=F("uses_allowed")))
    kept = NumberUse.objects.filter(entry__status__in=LET_GO)
    return [*found, *name_rows(kept)]


def receipts_that_count() -> list[str]:
    """I16: of the receipts with one fingerprint, one counts in a campaign; and of an entry as many as its rules sum."""
    counting = Receipt.objects.filter(counts=True)
    twins = counting.filter(campaign=OuterRef("campaign"), fingerprint=OuterRef("fingerprint"))
    same = counting.exclude(fingerprint="").filter(Exists(twins.exclude(pk=OuterRef("pk"))))
    several = (
        Entry.objects.filter(receipts__counts=True)
        .annotate(counting=Count("receipts", filter=Q(receipts__counts=True)))
        .filter(counting__gt=1)
    )
    too_many = [entry for entry in several.iterator() if entry.counting > _receipts_allowed(entry)]
    return [*name_rows(same), *name_rows(counting.filter(entry__in=too_many))]


def outside_period() -> list[str]:
    """I17: no entry was taken before the opening or at the closing instant."""
    sent = Entry.objects.filter(submitted_at__isnull=False)
    early, late = Q(submitted_at__lt=F("campaign__entry_opens_at")), Q(submitted_at__gte=F("campaign__entry_closes_at"))
    return name_rows(sent.filter(early | late))


def verdicts_that_differ() -> list[str]:
    """I19: the stored inputs, judged by the stored version of the rules, give the stored verdict."""
    return name_ids(Decision, decisions_that_differ())


def _receipts_allowed(entry: Entry) -> int:
    """As many as the rules of the entry's latest verdict add up; one where there is none."""
    decision = current_decision(entry.pk)
    return receipts_summed_at_most(decision) if decision else 1
