"""Contacts: given, confirmed, and found to be the same person's."""

import uuid
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts import audit
from core.crypto import encrypt
from core.index_keys import current_key_id
from core.keyed_fields import hold_value
from core.text import mask
from participants.contacts import canonical_email
from participants.models import (
    Entry,
    Identity,
    IdentityKind,
    Participant,
    Touch,
    TouchKind,
)
from participants.selectors import identity_index, identity_indexes, indexes_of
from participants.services.entries import wake_entries
from participants.services.touches import record_touch
from participants.services.traces import keep_mail_traces


def give_email(*, entry_id: int, email: str, now: datetime) -> Identity:
    """Note the address an entrant typed; it counts for nothing until it is confirmed by a link.

    Raises:
        ContactNotAccepted: no mail can be sent to it.
    """
    entry = Entry.objects.select_related("participant").get(pk=entry_id)
    address = canonical_email(email)
    identity = _keep(entry.participant, IdentityKind.EMAIL, address, {})
    keep_mail_traces(entry_id=entry_id, address=address, now=now)
    identity.save(update_fields=["updated_at"])  # typed again after another one: it is the current one
    return identity


@transaction.atomic
def attach_line(*, entry_id: int, line_user_id: str, is_friend: bool, now: datetime) -> Identity:
    """Note a LINE account that LINE Login has proved, and whether it is a friend of the official account."""
    facts = {"is_friend": is_friend, "checked_at": now.isoformat()}
    return _attach(entry_id, IdentityKind.LINE, line_user_id, facts, now)


@transaction.atomic
def attach_x(*, entry_id: int, x_user_id: str, facts: dict[str, Any], now: datetime) -> Identity:
    """Note an X account that X login has proved, with what was checked (follows, is_protected, …)."""
    return _attach(
        entry_id,
        IdentityKind.X,
        x_user_id,
        facts | {"checked_at": now.isoformat()},
        now,
    )


@transaction.atomic
def verify_identity(*, identity_id: int, now: datetime) -> Participant:
    """Confirm a contact. If another person of the agency has confirmed it before, both are the same person.

    That holds also while the index key is changed and the two contacts stand under different hashes (I18).

    Returns the person that remains; the entries of the other are his, and consent is never widened.
    """
    identity = Identity.objects.select_for_update(of=("self",)).select_related("participant").get(pk=identity_id)
    if identity.verified_at is not None:
        return identity.participant
    indexes = indexes_of(identity)
    hold_value(indexes)
    known = None if _is_first(identity, indexes, now) else _known(identity, indexes)
    if known is None:
        person = identity.participant
    else:
        _merge(
            source=identity.participant,
            target=known.participant,
            facts=identity.facts,
            identity=known,
        )
        person = known.participant
    record_touch(
        kind=TouchKind.VERIFIED,
        agency_id=person.agency_id,
        participant_id=person.pk,
        now=now,
    )
    wake_entries(entry_ids=Entry.objects.filter(participant=person).values_list("pk", flat=True), now=now)
    return person


def _is_first(identity: Identity, indexes: list[str], now: datetime) -> bool:
    """Confirm a contact unless another person has done so; the database decides between two at the same moment.

    Of two under different keys it cannot tell that they are the same: there the hold on the value decides.
    """
    if len(indexes) > 1 and _confirmed(identity, indexes).exists():
        return False
    try:
        with transaction.atomic():
            Identity.objects.filter(pk=identity.pk).update(verified_at=now)
    except IntegrityError:
        return False
    return True


def _known(identity: Identity, indexes: list[str]) -> Identity:
    return _confirmed(identity, indexes).select_related("participant").get()


def _confirmed(identity: Identity, indexes: list[str]) -> QuerySet[Identity]:
    same = Identity.objects.filter(agency_id=identity.agency_id, kind=identity.kind, value_index__in=indexes)
    return same.filter(verified_at__isnull=False)


def mark_unreachable(*, identity_id: int, now: datetime) -> None:
    """Note that messages to a contact come back."""
    Identity.objects.filter(pk=identity_id, unreachable_at__isnull=True).update(unreachable_at=now)


def mark_line_friend(*, agency_id: int, line_user_id: str, is_friend: bool, now: datetime) -> int:
    """Note that a LINE account was added as a friend or blocked; returns how many contacts it concerns."""
    indexes = identity_indexes(agency_id=agency_id, kind=IdentityKind.LINE, value=line_user_id)
    concerned = Identity.objects.filter(agency_id=agency_id, kind=IdentityKind.LINE, value_index__in=indexes)
    for identity in concerned:
        identity.facts |= {"is_friend": is_friend, "checked_at": now.isoformat()}
        identity.unreachable_at = None if is_friend else now
        identity.save(update_fields=["facts", "unreachable_at", "updated_at"])
    return len(concerned)


def _attach(entry_id: int, kind: IdentityKind, value: str, facts: dict[str, Any], now: datetime) -> Identity:
    entry = Entry.objects.select_related("participant").get(pk=entry_id)
    identity = _keep(entry.participant, kind, value, facts)
    person = verify_identity(identity_id=identity.pk, now=now)
    return Identity.objects.get(participant=person, kind=kind, value_index__in=indexes_of(identity))


@transaction.atomic
def _keep(participant: Participant, kind: IdentityKind, value: str, facts: dict[str, Any]) -> Identity:
    place: dict[str, Any] = {"agency_id": participant.agency_id, "kind": kind, "value": value}
    indexes = identity_indexes(**place)
    hold_value(indexes)
    known = Identity.objects.filter(participant=participant, kind=kind, value_index__in=indexes).first()
    public_id = uuid.uuid4()
    identity, created = Identity.objects.get_or_create(
        participant=participant,
        kind=kind,
        value_index=known.value_index if known else identity_index(**place),
        defaults={
            "public_id": public_id,
            "agency_id": participant.agency_id,
            "index_key_id": current_key_id(),
            "value_ciphertext": encrypt(value, table="identity", column="value", row=public_id),
            "masked": mask(value),
            "facts": facts,
        },
    )
    if not created and facts:
        identity.facts |= facts
        identity.save(update_fields=["facts", "updated_at"])
    return identity


def _merge(
    *,
    source: Participant,
    target: Participant,
    facts: dict[str, Any],
    identity: Identity,
) -> None:
    """Move what an anonymous visitor did to the person he turned out to be; consents stay with what was agreed."""
    if source.pk == target.pk:
        return
    Entry.objects.filter(participant=source).update(participant=target)
    Touch.objects.filter(participant=source).update(participant=target)
    source.consents.update(participant=target)
    held = {(own.kind, index) for own in target.identities.all() for index in indexes_of(own)}
    for other in source.identities.all():
        if held.isdisjoint((other.kind, index) for index in indexes_of(other)):
            other.participant = target
            other.save(update_fields=["participant", "updated_at"])
    identity.facts |= facts
    identity.save(update_fields=["facts", "updated_at"])
    source.merged_into = target
    source.save(update_fields=["merged_into", "updated_at"])
    source.merged.update(merged_into=target)  # so that one step always leads to the living person
    audit.record("participant.merged", subject=target, merged=str(source.public_id))
