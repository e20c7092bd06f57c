"""Reads: a person's entries, contacts and timeline."""

import uuid
from contextlib import suppress
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import Agency
from campaigns.models import Campaign
from core.clock import end_of_jst_day, jst_day, start_of_jst_day
from core.crypto import blind_index, blind_indexes, decrypt
from core.index_keys import are_changing, current_key_id, oldest_key_id
from core.reindexing import Kept, kept_by_key
from participants.contacts import canonical_email
from participants.errors import ContactNotAccepted
from participants.models import (
    Entry,
    EntryStatus,
    EntryTrace,
    Identity,
    IdentityKind,
    Participant,
    ProofKind,
    Touch,
    TypedProof,
)

# Entries that use up a person's allowance; a refused, sent back or withdrawn one does not.
COUNTING = (
    EntryStatus.SUBMITTED,
    EntryStatus.IN_REVIEW,
    EntryStatus.ACCEPTED,
    EntryStatus.WON,
    EntryStatus.LOST,
)
RECENT_ENTRIES = 50_000  # of all agencies: how far back is looked for the last one of a few campaigns
UNDECIDED = (EntryStatus.SUBMITTED, EntryStatus.IN_REVIEW)
# Entries waiting for `journeys` after which nobody else would wake them.
WAITING = (EntryStatus.SUBMITTED, EntryStatus.ACCEPTED)

TRACES_KEPT = timedelta(days=90)


def entries_of(participant_id: int) -> QuerySet[Entry]:
    """Give a person's entries, newest first."""
    return Entry.objects.filter(participant_id=participant_id).select_related("campaign", "campaign__sponsor")


def campaign_with_newest_entry(campaigns: QuerySet[Campaign]) -> Campaign | None:
    """Give the campaign that somebody entered last, or None if none of them was entered lately."""
    newest = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    recent = Entry.objects.filter(pk__gt=newest - RECENT_ENTRIES, campaign__in=campaigns).order_by("-pk")
    last = recent.select_related("campaign").first()
    return last.campaign if last else None


def waiting_entries(now: datetime, *, limit: int = 200) -> list[int]:
    """Give the ids of entries whose next step is due, oldest first."""
    due = Entry.objects.filter(advance_after__lte=now).order_by("advance_after")
    return list(due.values_list("pk", flat=True)[:limit])


def counting_entries(*, participant_id: int, campaign: Campaign, besides_id: int) -> QuerySet[Entry]:
    """Give the entries that use up a person's allowance in a campaign, leaving out one."""
    return Entry.objects.filter(participant_id=participant_id, campaign=campaign, status__in=COUNTING).exclude(
        pk=besides_id
    )


def entries_ahead(entries: QuerySet[Entry], entry_id: int) -> QuerySet[Entry]:
    """Leave out of some entries those begun after one and not decided yet: of two, the first goes first."""
    return entries.exclude(status__in=UNDECIDED, pk__gt=entry_id)


def counting_entries_that_day(
    *, participant_id: int, campaign: Campaign, besides_id: int, at: datetime
) -> QuerySet[Entry]:
    """As `counting_entries`, of the Japanese day of an instant only."""
    day = jst_day(at)
    return counting_entries(participant_id=participant_id, campaign=campaign, besides_id=besides_id).filter(
        submitted_at__gte=start_of_jst_day(day), submitted_at__lt=end_of_jst_day(day)
    )


def verified_identities(participant_id: int) -> QuerySet[Identity]:
    """Give a person's confirmed contacts, the latest confirmed first."""
    return Identity.objects.filter(participant_id=participant_id, verified_at__isnull=False).order_by("-verified_at")


def reachable_identity(participant_id: int) -> Identity | None:
    """Give the confirmed contact to write to: the one confirmed last that is not known to be dead."""
    kinds = [IdentityKind.EMAIL, IdentityKind.LINE]
    return verified_identities(participant_id).filter(kind__in=kinds, unreachable_at__isnull=True).first()


def pending_email(participant_id: int) -> Identity | None:
    """Give the address a person typed last, confirmed or not."""
    addresses = Identity.objects.filter(participant_id=participant_id, kind=IdentityKind.EMAIL)
    return addresses.order_by("-updated_at", "-pk").first()


def identity_value(identity: Identity) -> str:
    """Open a contact for sending; the value never enters a log or a list."""
    return decrypt(
        identity.value_ciphertext,
        table="identity",
        column="value",
        row=identity.public_id,
    )


def identity_index(*, agency_id: int, kind: str, value: str) -> str:
    """Give the keyed hash under which an agency keeps a new contact."""
    return blind_index(value, field=f"identity.{kind}", tenant=agency_id)


def identity_indexes(*, agency_id: int, kind: str, value: str) -> list[str]:
    """Give the keyed hashes under which an agency may have a contact, that of the key in use first."""
    return blind_indexes(value, field=f"identity.{kind}", tenant=agency_id)


def indexes_of(identity: Identity) -> list[str]:
    """Give the keyed hashes under which the value of a contact may stand elsewhere.

    A contact whose text was erased has the one that it was left with.

    Raises:
        KeyUnavailable, SecretDamaged: as `core.crypto.decrypt`.
    """
    if not are_changing() or not identity.value_ciphertext:
        return [identity.value_index]
    return identity_indexes(agency_id=identity.agency_id, kind=identity.kind, value=identity_value(identity))


def number_index(*, campaign_id: int, kind: str, number: str) -> str:
    """Give the keyed hash under which a campaign keeps a new serial code or reference number, typed or listed."""
    return blind_index(number, field=f"number.{kind}", tenant=campaign_id)


def number_indexes(*, campaign_id: int, kind: str, number: str) -> list[str]:
    """Give the keyed hashes under which a campaign may have such a number, that of the key in use first."""
    return blind_indexes(number, field=f"number.{kind}", tenant=campaign_id)


def typed_indexes(entry: Entry, kind: ProofKind) -> list[str]:
    """Give the keyed hashes under which the number that an entry typed may be listed; none if it typed none.

    Raises:
        KeyUnavailable, SecretDamaged: as `core.crypto.decrypt`.
    """
    typed = entry.typed_proofs.filter(kind=kind).first()
    if typed is None:
        return []
    if not are_changing() or not typed.value_ciphertext:
        return [typed.value_index]
    return number_indexes(campaign_id=entry.campaign_id, kind=kind, number=typed_number(typed))


def typed_number(typed: TypedProof) -> str:
    """Open a typed number; the value never enters a log or a list."""
    return decrypt(typed.value_ciphertext, table="typed_proof", column="value", row=typed.public_id)


def line_account_of(participant_id: int, line_user_id: str) -> Identity | None:
    """Give a person's confirmed LINE identity if it is this account, as LINE itself named it."""
    accounts = verified_identities(participant_id).filter(kind=IdentityKind.LINE)
    for account in accounts:
        named = identity_indexes(agency_id=account.agency_id, kind=IdentityKind.LINE, value=line_user_id)
        if account.value_index in named:
            return account
    return None


def timeline(participant_id: int) -> QuerySet[Touch]:
    """Give every touch of a person, oldest first."""
    return Touch.objects.filter(participant_id=participant_id).select_related("campaign", "entry", "link")


def find_participants(agencies: QuerySet[Agency], query: str) -> QuerySet[Participant]:
    """Find people by mail address, LINE or X id, or by the id of an entry; partial contacts find nobody."""
    query = query.strip()
    people = Participant.objects.filter(agency__in=agencies)
    try:
        public_id = uuid.UUID(query)
    except ValueError:
        return people.filter(identities__value_index__in=_indexes(agencies, query)).distinct()
    return people.filter(Q(public_id=public_id) | Q(entries__public_id=public_id)).distinct()


def _indexes(agencies: QuerySet[Agency], query: str) -> list[str]:
    values = {IdentityKind.LINE: query, IdentityKind.X: query}
    with suppress(ContactNotAccepted):
        values[IdentityKind.EMAIL] = canonical_email(query)
    return [
        index
        for agency_id in agencies.values_list("pk", flat=True)
        for kind, value in values.items()
        for index in identity_indexes(agency_id=agency_id, kind=kind, value=value)
    ]


def searched_traces() -> QuerySet[EntryTrace]:
    """Give the traces to compare with each other: those under the one key under which all of them are."""
    return EntryTrace.objects.filter(index_key_id=oldest_key_id())


def contacts_by_index_key(now: datetime) -> dict[str, Kept]:
    """Count contacts by the index key that they are found under."""
    return kept_by_key(Identity.objects.all())


def typed_numbers_by_index_key(now: datetime) -> dict[str, Kept]:
    """Count typed numbers by the index key that they were hashed under."""
    return kept_by_key(TypedProof.objects.all())


def traces_by_index_key(now: datetime) -> dict[str, Kept]:
    """Count traces by their index key; one that is also there under the key in use holds on to no other."""
    twins = EntryTrace.objects.filter(entry=OuterRef("entry"), kind=OuterRef("kind"), index_key_id=current_key_id())
    traces = EntryTrace.objects.filter(Q(index_key_id=current_key_id()) | ~Exists(twins), at__gt=now - TRACES_KEPT)
    return kept_by_key(traces, until=F("at") + TRACES_KEPT)
