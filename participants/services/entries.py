"""An entry from its start to its result."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import batched

from django.db import transaction

from accounts import audit
from campaigns.models import Campaign, Question
from campaigns.selectors import check_open, current_terms
from core.crypto import encrypt
from core.index_keys import current_key_id
from core.queueing import wake_on_commit
from core.text import canonical_number, mask
from participants.answers import check_answer
from participants.errors import EntryNotEditable, IncompleteEntry, NumberNotAccepted
from participants.models import (
    Answer,
    Consent,
    ConsentKind,
    Entry,
    EntryStatus,
    Identity,
    Participant,
    ProofKind,
    TouchKind,
    TypedProof,
)
from participants.selectors import WAITING, number_index
from participants.services.touches import record_touch

EDITABLE = (EntryStatus.STARTED, EntryStatus.SENT_BACK)
NUMBER_LENGTHS = range(4, 41)
AT_ONCE = 1000
ADVANCE_TASK, ADVANCE_IDS = "journeys.tasks.advance_entries", "entry_ids"


@transaction.atomic
def start_entry(
    *,
    campaign_id: int,
    now: datetime,
    participant_id: int | None = None,
    link_id: int | None = None,
    external_reference: str = "",
) -> Entry:
    """Begin an entry, or go on with the one this person has begun in the campaign.

    Raises:
        CampaignNotYetOpen, CampaignClosed, CampaignPaused: no entry is taken at `now`.
    """
    campaign = Campaign.objects.get(pk=campaign_id)
    check_open(campaign, now)
    participant = _participant(campaign, participant_id)
    begun = Entry.objects.filter(participant=participant, campaign=campaign, status=EntryStatus.STARTED).first()
    if begun is not None:
        return begun
    entry = Entry.objects.create(
        agency_id=campaign.agency_id,
        campaign=campaign,
        participant=participant,
        link_id=link_id,
        external_reference=external_reference,
    )
    _touch(entry, TouchKind.STARTED, now)
    return entry


@transaction.atomic
def save_answers(*, entry_id: int, answers: Mapping[int, Sequence[str]]) -> None:
    """Keep the answers to some questions of the survey, by the questions' pk; later ones replace earlier ones.

    Raises:
        EntryNotEditable: the entry was sent already.
        AnswerNotAccepted: an answer is none of the choices, or too long.
    """
    entry = _editable(entry_id)
    for question in Question.objects.filter(survey__campaign=entry.campaign, pk__in=answers):
        values = check_answer(question, answers[question.pk])
        Answer.objects.update_or_create(entry=entry, question=question, defaults={"values": values})


@transaction.atomic
def save_typed_proof(*, entry_id: int, kind: ProofKind, value: str) -> TypedProof:
    """Keep a typed serial code or reference number in its canonical form, sealed.

    Raises:
        EntryNotEditable: the entry was sent already.
        NumberNotAccepted: it cannot be such a number.
    """
    entry = _editable(entry_id)
    number = canonical_number(value)
    if len(number) not in NUMBER_LENGTHS or not (number.isascii() and number.isalnum()):
        raise NumberNotAccepted
    TypedProof.objects.filter(entry=entry, kind=kind).delete()
    public_id = uuid.uuid4()
    return TypedProof.objects.create(
        public_id=public_id,
        entry=entry,
        kind=kind,
        value_ciphertext=encrypt(number, table="typed_proof", column="value", row=public_id),
        value_index=number_index(campaign_id=entry.campaign_id, kind=kind, number=number),
        index_key_id=current_key_id(),
        masked=mask(number),
    )


@transaction.atomic
def agree(*, entry_id: int, wants_news: bool, now: datetime) -> None:
    """Keep the agreement to the terms as they read now, and apart from it the wish for news."""
    entry = Entry.objects.select_related("campaign").get(pk=entry_id)
    terms = current_terms(entry.campaign)
    person = {"participant_id": entry.participant_id, "campaign": entry.campaign}
    if not Consent.objects.filter(**person, kind=ConsentKind.TERMS, terms_version=terms).exists():
        Consent.objects.create(**person, kind=ConsentKind.TERMS, terms_version=terms, granted_at=now)
    news = Consent.objects.filter(**person, kind=ConsentKind.MARKETING, withdrawn_at__isnull=True)
    if wants_news and not news.exists():
        Consent.objects.create(**person, kind=ConsentKind.MARKETING, granted_at=now)
    elif not wants_news:
        news.update(withdrawn_at=now)


@transaction.atomic
def submit_entry(*, entry_id: int, now: datetime, missing: Sequence[str] = ()) -> Entry:
    """Send an entry for its check. A sent entry is returned as it is, so that a double press does no harm.

    `missing` names steps that the caller found incomplete (a receipt is known to a later stage only).

    Raises:
        IncompleteEntry: a contact, the agreement or another needed step is missing.
        CampaignNotYetOpen, CampaignClosed, CampaignPaused: no entry is taken at `now`; one sent back in time may be
            sent again after the close.
    """
    entry = Entry.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=entry_id)
    if entry.status not in EDITABLE:
        return entry
    if entry.status == EntryStatus.STARTED:
        check_open(entry.campaign, now)
    if gaps := [*missing, *_missing(entry)]:
        raise IncompleteEntry(gaps)
    entry.move_to(
        EntryStatus.SUBMITTED,
        submitted_at=entry.submitted_at or now,
        decided_at=None,
        advance_after=now,
        advance_failures=0,
    )
    _touch(entry, TouchKind.SUBMITTED, now)
    audit.record("entry.submitted", subject=entry)
    wake_on_commit(ADVANCE_TASK, ADVANCE_IDS, [entry.pk])
    return entry


def wake_entry(*, entry_id: int, now: datetime) -> None:
    """Let `journeys` look at an entry again, since something it waited for has happened."""
    wake_entries(entry_ids=[entry_id], now=now)


def wake_entries(*, entry_ids: Iterable[int], now: datetime) -> None:
    """Let `journeys` look at many entries again, as `wake_entry` does, by one statement for a thousand."""
    for chunk in batched(entry_ids, AT_ONCE):
        waiting = Entry.objects.filter(pk__in=chunk, status__in=WAITING)
        woken = list(waiting.order_by("pk").values_list("pk", flat=True))
        waiting.update(advance_after=now)
        wake_on_commit(ADVANCE_TASK, ADVANCE_IDS, woken)


def postpone_entry(*, entry_id: int, until: datetime | None, has_failed: bool = False) -> None:
    """Say when an entry is to be looked at again; None means that an event will wake it."""
    entry = Entry.objects.get(pk=entry_id)
    failures = entry.advance_failures + 1 if has_failed else 0
    Entry.objects.filter(pk=entry_id).update(advance_after=until, advance_failures=failures)


def record_verdict(*, entry: Entry, status: EntryStatus, now: datetime, acts_from: datetime | None = None) -> None:
    """Move an entry to what its decision says; an accepted one goes on at once, or from `acts_from` on."""
    advance_after = (acts_from or now) if status == EntryStatus.ACCEPTED else None
    entry.move_to(status, decided_at=now, advance_after=advance_after, advance_failures=0)


def finish_entry(*, entry: Entry, is_win: bool) -> None:
    """Move an accepted entry to its result."""
    entry.move_to(
        EntryStatus.WON if is_win else EntryStatus.LOST,
        advance_after=None,
        advance_failures=0,
    )


@transaction.atomic
def withdraw_entry(*, entry_id: int, now: datetime) -> Entry:
    """Take an entry back at the entrant's wish, while it has no result.

    Raises:
        StaleState: it has a result already.
    """
    entry = Entry.objects.select_for_update().get(pk=entry_id)
    entry.move_to(EntryStatus.WITHDRAWN, decided_at=now, advance_after=None)
    audit.record("entry.withdrawn", subject=entry)
    return entry


def _participant(campaign: Campaign, participant_id: int | None) -> Participant:
    known = Participant.objects.filter(pk=participant_id or 0, agency_id=campaign.agency_id).first()
    if known is None:
        return Participant.objects.create(agency_id=campaign.agency_id)
    return known.merged_into or known


def _editable(entry_id: int) -> Entry:
    entry = Entry.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=entry_id)
    if entry.status not in EDITABLE:
        raise EntryNotEditable
    return entry


def _missing(entry: Entry) -> list[str]:
    agreed = Consent.objects.filter(
        participant_id=entry.participant_id,
        campaign=entry.campaign,
        kind=ConsentKind.TERMS,
    )
    has_contact = Identity.objects.filter(participant_id=entry.participant_id, kind__in=["email", "line"])
    return [name for name, rows in (("terms", agreed), ("contact", has_contact)) if not rows.exists()]


def _touch(entry: Entry, kind: TouchKind, now: datetime) -> None:
    record_touch(
        kind=kind,
        agency_id=entry.agency_id,
        participant_id=entry.participant_id,
        campaign_id=entry.campaign_id,
        entry_id=entry.pk,
        link_id=entry.link_id,
        now=now,
    )
