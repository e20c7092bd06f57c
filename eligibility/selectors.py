"""Reads: verdicts, review cases, and what the rules are given."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, prefetch_related_objects

from accounts.models import Agency, User
from accounts.selectors import members_who_may
from campaigns.models import Campaign
from campaigns.selectors import counts_for_sponsor
from core.crypto import blind_index
from core.reindexing import Kept, kept_by_key
from eligibility.inputs import Inputs, ReceiptFacts
from eligibility.models import (
    Appeal,
    AppealStatus,
    AttemptBudget,
    Decision,
    NumberUse,
    ReferenceNumber,
    ReviewCase,
    ReviewOpinion,
    ReviewPolicy,
    ReviewStatus,
    Serial,
    Verdict,
)
from participants.models import Entry, IdentityKind, ProofKind
from participants.selectors import (
    counting_entries,
    counting_entries_that_day,
    entries_ahead,
    typed_indexes,
    verified_identities,
)
from receipts.dictionary import known_products
from receipts.models import Receipt, ReceiptStatus
from receipts.selectors import (
    current_receipts,
    earlier_look_alikes,
    earlier_receipts,
    figures_of,
    look_alikes,
    purchase_indexes,
    same_photo_receipts,
    same_purchase_receipts,
)

SCREEN_SCORE = 2.2  # peak of the log spectrum: above it, a display is likely; for review only
LISTED_AFTER_CLOSE = timedelta(days=180)  # in which entries sent in time may still be decided
BUDGETS_COUNT = timedelta(days=30)  # the longest window in which tries are counted
UNDO_TIME = timedelta(minutes=1)  # in which nothing follows from a reviewer's word, so that it can be taken back


def current_decision(entry_id: int) -> Decision | None:
    """Give the latest decision on an entry."""
    return Decision.objects.filter(entry_id=entry_id).order_by("-number").first()


def appeal_of(entry_id: int) -> Appeal | None:
    """Give the latest appeal of an entry, waiting or answered."""
    return Appeal.objects.filter(entry_id=entry_id).select_related("outcome").order_by("-pk").first()


def appeal_deadline(decision: Decision, campaign: Campaign) -> datetime | None:
    """Give the instant before which a decision may be objected to; None where the campaign hears no appeals."""
    return decision.decided_at + timedelta(days=campaign.appeal_days) if campaign.appeal_days else None


def deciders_of(decision: Decision) -> set[int]:
    """Give the ids of the people whose word a decision is: who gave it, and whose opinions led to it."""
    opinions = ReviewOpinion.objects.filter(case__outcome=decision).values_list("reviewer", flat=True)
    return {*opinions} | ({decision.decided_by_id} if decision.decided_by_id else set())


def others_to_answer(appeal: Appeal) -> QuerySet[User]:
    """Give the people of the agency who may answer an appeal and had no say in the result it is about."""
    return members_who_may(appeal.agency, "eligibility.change_appeal").exclude(pk__in=deciders_of(appeal.decision))


def verdicts_by_person(since: datetime, now: datetime) -> QuerySet[Decision]:
    """Give the refusals and sendings back by a person's word since then that can no longer be taken back at once."""
    verdicts = [Verdict.SENT_BACK, Verdict.REFUSED]
    said = Decision.objects.filter(decided_by__isnull=False, decided_at__gte=since, decided_at__lte=now - UNDO_TIME)
    later = Decision.objects.filter(entry=OuterRef("entry"), number__gt=OuterRef("number"))
    return said.filter(~Exists(later), verdict__in=verdicts)


def answered_appeals(since: datetime) -> QuerySet[Appeal]:
    """Give the appeals that were answered since then."""
    return Appeal.objects.filter(answered_at__gte=since)


def open_appeals(agencies: QuerySet[Agency]) -> QuerySet[Appeal]:
    """Give the appeals that wait for an answer, the most urgent first."""
    appeals = Appeal.objects.filter(agency__in=agencies, status=AppealStatus.OPEN)
    return appeals.select_related("entry", "campaign", "decision").order_by("answer_due_at", "pk")


def open_cases(agencies: QuerySet[Agency]) -> QuerySet[ReviewCase]:
    """Give the cases that wait for a reviewer, oldest first."""
    cases = ReviewCase.objects.filter(agency__in=agencies, status=ReviewStatus.OPEN)
    return cases.select_related("entry", "campaign", "decision").order_by("pk")


def policy_of(campaign: Campaign) -> ReviewPolicy:
    """Give how a campaign's cases are reviewed; what was never set is as the model says."""
    return ReviewPolicy.objects.filter(campaign=campaign).first() or ReviewPolicy(campaign=campaign)


def is_in_sample(case: ReviewCase, share: int) -> bool:
    """Tell whether a case is among the `share` of 100 for two people: fixed for each case, known to nobody before."""
    drawn = blind_index(str(case.public_id), field="review_sample", tenant=case.agency_id)
    return int(drawn[:8], 16) % 100 < share


def usable_serial(entry: Entry) -> Serial | None:
    """Find the serial code that an entry typed, if it may still be used by it."""
    typed = typed_indexes(entry, ProofKind.SERIAL)
    serial = Serial.objects.filter(campaign_id=entry.campaign_id, value_index__in=typed).first() if typed else None
    if serial is None or serial.used_count < serial.uses_allowed:
        return serial
    return serial if NumberUse.objects.filter(entry=entry, serial=serial).exists() else None


def usable_reference(entry: Entry) -> ReferenceNumber | None:
    """Find the reference number that an entry typed, if it may still be used by it."""
    typed = typed_indexes(entry, ProofKind.REFERENCE)
    if not typed:
        return None
    found = ReferenceNumber.objects.filter(campaign_id=entry.campaign_id, value_index__in=typed).first()
    if found is None or found.used_count < found.uses_allowed:
        return found
    return found if NumberUse.objects.filter(entry=entry, reference=found).exists() else None


def gather_inputs(entry: Entry) -> Inputs:
    """Collect everything the rules look at, as JSON types."""
    social = {identity.kind: identity.facts for identity in verified_identities(entry.participant_id)}
    submitted_at = entry.submitted_at or entry.created_at
    others = counting_entries(participant_id=entry.participant_id, campaign=entry.campaign, besides_id=entry.pk)
    that_day = counting_entries_that_day(
        participant_id=entry.participant_id, campaign=entry.campaign, besides_id=entry.pk, at=submitted_at
    )
    inputs = Inputs(
        submitted_at=submitted_at.isoformat(),
        other_entries=entries_ahead(others, entry.pk).count(),
        other_entries_that_day=entries_ahead(that_day, entry.pk).count(),
        serial="accepted" if usable_serial(entry) else "refused",
        reference="accepted" if usable_reference(entry) else "refused",
        answers={str(answer.question_id): answer.values for answer in entry.answers.all()},
        line_is_friend=social.get(IdentityKind.LINE, {}).get("is_friend"),
        x=social.get(IdentityKind.X, {}),
    )
    return inputs.with_receipts([receipt_facts(receipt) for receipt in current_receipts(entry.pk)])


def confirmed_inputs(entry: Entry) -> Inputs:
    """As `gather_inputs`, with the receipts' figures as a person has confirmed them."""
    inputs = gather_inputs(entry)
    return inputs.with_receipts([replace(receipt, is_confirmed=True) for receipt in inputs.receipts])


def receipt_facts(receipt: Receipt) -> ReceiptFacts:
    """Give what the rules need to know of a receipt."""
    reading: dict[str, Any] = receipt.reading or {}
    prefetch_related_objects([receipt], "lines")
    used = same_purchase_receipts(receipt, of_sponsor=counts_for_sponsor(receipt.campaign)).exists()
    used = used or same_photo_receipts(receipt).filter(counts=True).exists()
    same = earlier_receipts(receipt).filter(fingerprint__in=purchase_indexes(receipt))
    alike = [] if used else [*earlier_look_alikes(receipt), *look_alikes(receipt)]
    return ReceiptFacts(
        status=receipt.status,
        id=str(receipt.public_id),
        is_receipt=reading.get("is_receipt", True),
        is_complete=reading.get("is_complete", True),
        is_return_slip=reading.get("is_return", False),
        is_returned=receipt.returned_at is not None,
        is_confirmed=receipt.corrected_by_id is not None,
        needs_review=reading.get("needs_review", True) or receipt.status == ReceiptStatus.FAILED,
        doubts=tuple(reading.get("review_reasons", ())),
        looks_like_screen=reading.get("screen_score", 0) >= SCREEN_SCORE,
        figures=figures_of(receipt) | _store(receipt) | _sums(receipt),
        items=tuple(_items(receipt, reading)),
        regions={key: value.get("region") for key, value in reading.get("fields", {}).items()},
        is_used_elsewhere=used,
        is_repeated=bool(receipt.fingerprint) and same.exists(),
        look_alike=str(alike[0].receipt.public_id) if alike else None,
    )


def _store(receipt: Receipt) -> dict[str, Any]:
    """The names of the store: as they stand on the receipt or in the shop master, and the master's other forms."""
    chain = receipt.chain
    forms = [chain.name, *filter(None, [chain.kana]), *chain.printed_forms] if chain else []
    return {"store_name": receipt.store_name, "branch": receipt.branch, "store_forms": forms}


def _sums(receipt: Receipt) -> dict[str, str | None]:
    sums = {"subtotal": receipt.subtotal_jpy, "tax": receipt.tax_jpy}
    return {name: None if value is None else str(value) for name, value in sums.items()}


def _items(receipt: Receipt, reading: dict[str, Any]) -> list[dict[str, Any]]:
    regions = [item.get("region") for item in reading.get("items", [])]
    known = known_products(receipt)
    return [
        {
            "name": line.name,
            "quantity": line.quantity,
            "price_jpy": line.price_jpy,
            "discount_jpy": line.discount_jpy,
            "jan": line.jan or None,
            "confidence": line.confidence,
            "region": regions[line.position - 1] if line.position <= len(regions) else None,
            "known_as": known.get(line.position),  # what the dictionary says; kept, so that the verdict can be repeated
        }
        for line in receipt.lines.all()
    ]


def serials_by_index_key(now: datetime) -> dict[str, Kept]:
    """Count serial codes by the index key that they are found under."""
    return kept_by_key(Serial.objects.all())


def references_by_index_key(now: datetime) -> dict[str, Kept]:
    """Count reference numbers that entries may still be checked against by the index key that they are found under.

    They are kept as hashes only and stay under their key, until their campaign needs them no longer.
    """
    needed = ReferenceNumber.objects.filter(campaign__entry_closes_at__gt=now - LISTED_AFTER_CLOSE)
    return kept_by_key(needed, until=F("campaign__entry_closes_at") + LISTED_AFTER_CLOSE)


def budgets_by_index_key(now: datetime) -> dict[str, Kept]:
    """Count the budgets for tries that may still be running by the index key that they are found under."""
    running = AttemptBudget.objects.filter(window_started_at__gt=now - BUDGETS_COUNT)
    return kept_by_key(running, until=F("window_started_at") + BUDGETS_COUNT)
