"""One attempt: claimed and committed, handed over outside of any transaction, and concluded only by who claimed it."""

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from accounts import audit
from codes.errors import JournalUnavailable
from codes.services.journaling import journal_award
from core import clock
from core.crashpoints import crashpoint
from core.errors import KeyUnavailable
from distribution.channels.base import (
    Accepted,
    Channel,
    ChannelRefused,
    ChannelUnavailable,
    OutgoingMessage,
    may_repeat_unknown,
)
from distribution.channels.registry import open_channels
from distribution.composing import compose
from distribution.models import Delivery, DeliveryAttempt, DeliveryKind, DeliveryStatus
from distribution.selectors import daytime_from, out_of_date
from participants.models import Identity
from participants.selectors import verified_identities
from participants.services import mark_unreachable

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 12
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 30, 3600
UNKNOWN_WAIT = timedelta(minutes=15)  # a bounce or delivery report may still tell what became of it
UNKNOWN_TRIES = 2
JOURNAL_WAIT = timedelta(seconds=30)
LOST_TRIES = 3  # a message that ends its worker every time is set aside; the others go on
DETAIL_LENGTH = 200


@dataclass(frozen=True)
class Claim:
    """An attempt that this worker holds until its lease ends."""

    delivery: Delivery
    number: int
    identity: Identity
    channel: Channel

    @property
    def provider_key(self) -> uuid.UUID:
        """The key under which a provider recognises a repeat: of this message to this contact."""
        return uuid.uuid5(self.delivery.provider_key, str(self.identity.public_id))


def send_delivery(*, delivery_id: int, now: datetime) -> Delivery:
    """Try to hand one message over. Repeats are harmless: only a due one, or one whose lease ran out, is claimed."""
    if not _is_journaled(delivery_id, now):
        return Delivery.objects.get(pk=delivery_id)
    claim = _claim(delivery_id, now)
    if claim is None:
        return Delivery.objects.get(pk=delivery_id)
    crashpoint("sending.after_claim")
    try:
        message = _compose(claim)
        if not _held(claim).exists():  # this worker stood still, and another has taken the message over
            return Delivery.objects.get(pk=delivery_id)
        crashpoint("sending.before_send")
        accepted = claim.channel.send(message, provider_key=claim.provider_key)
        crashpoint("sending.after_send")
    except ChannelUnavailable as error:
        _postpone(claim, error)
    except ChannelRefused as error:
        _refuse(claim, error)
    else:
        _conclude(claim, accepted)
    return Delivery.objects.get(pk=delivery_id)


def _is_journaled(delivery_id: int, now: datetime) -> bool:
    """See to it that the award is in the journal before its link goes out; else the message waits, no try used up."""
    waiting = Delivery.objects.filter(pk=delivery_id, award__isnull=False, award__journaled_at__isnull=True)
    try:
        for award_id in waiting.values_list("award", flat=True):
            journal_award(award_id=award_id, now=now)
    except JournalUnavailable as error:
        log.warning("delivery_waits_for_journal", delivery_id=delivery_id, reason=error.context.get("reason"))
        due = Delivery.objects.filter(pk=delivery_id, next_attempt_at__lte=now)
        due.update(next_attempt_at=now + JOURNAL_WAIT, lease_until=None)
        return False
    return True


@transaction.atomic
def _claim(delivery_id: int, now: datetime) -> Claim | None:
    delivery = Delivery.objects.select_for_update().get(pk=delivery_id)
    waiting = delivery.status in (DeliveryStatus.QUEUED, DeliveryStatus.UNKNOWN) and (
        delivery.next_attempt_at is not None and delivery.next_attempt_at <= now
    )
    abandoned = delivery.status == DeliveryStatus.SENDING and (delivery.lease_until or now) <= now
    if not (waiting or abandoned):
        return None
    if reason := out_of_date(delivery, now):
        _end(delivery, DeliveryStatus.CANCELLED, reason)
        return None
    if delivery.kind == DeliveryKind.REMINDER and (by_day := daytime_from(now)) > now:
        Delivery.objects.filter(pk=delivery.pk, status=DeliveryStatus.QUEUED).update(
            next_attempt_at=by_day, lease_until=None
        )
        return None
    if abandoned and DeliveryAttempt.objects.filter(delivery=delivery, outcome="").count() >= LOST_TRIES:
        _end(delivery, DeliveryStatus.FAILED, "abandoned")
        return None
    channels = open_channels()
    identity = _contact(delivery, set(channels))
    if identity is None:
        _end(delivery, DeliveryStatus.FAILED, "no_contact")
        return None
    Delivery.objects.filter(pk=delivery.pk).update(
        status=DeliveryStatus.SENDING,
        attempts=F("attempts") + 1,
        lease_until=now + timedelta(seconds=settings.LEASE_SECONDS),
        next_attempt_at=None,
    )
    number = delivery.attempts + 1
    DeliveryAttempt.objects.create(delivery=delivery, number=number, channel=identity.kind, identity=identity)
    delivery = Delivery.objects.select_related("entry__campaign__sponsor", "award__prize", "about__prize").get(
        pk=delivery_id
    )
    return Claim(delivery, number, identity, channels[identity.kind])


def _contact(delivery: Delivery, channels: set[str]) -> Identity | None:
    """Choose whom to write to: the fixed contact, else the one confirmed last that has not refused this message."""
    if delivery.identity is not None:
        return delivery.identity if delivery.identity.unreachable_at is None else None
    contacts = _open_contacts(delivery, channels)
    return contacts.exclude(pk__in=_refused_contacts(delivery)).first() or contacts.first()


def _open_contacts(delivery: Delivery, channels: set[str]) -> QuerySet[Identity]:
    contacts = verified_identities(delivery.entry.participant_id)
    return contacts.filter(unreachable_at__isnull=True, kind__in=channels)


def _refused_contacts(delivery: Delivery) -> list[int]:
    refused = DeliveryAttempt.objects.filter(delivery=delivery, outcome="refused")
    return list(refused.values_list("identity_id", flat=True))


def _end(delivery: Delivery, status: DeliveryStatus, reason: str) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(
        status=status, failure_code=reason, next_attempt_at=None, lease_until=None
    )
    audit.record(f"delivery.{status}", subject=delivery, reason=reason)


def _compose(claim: Claim) -> OutgoingMessage:
    try:
        return compose(claim.delivery, claim.identity)
    except KeyUnavailable as error:
        raise ChannelUnavailable(None, outcome_unknown=False, detail=error.code) from error


def _held(claim: Claim) -> QuerySet[Delivery]:
    """Give the message as long as this attempt is the one that holds it (the fence)."""
    return Delivery.objects.filter(pk=claim.delivery.pk, status=DeliveryStatus.SENDING, attempts=claim.number)


def _conclude(claim: Claim, accepted: Accepted) -> None:
    at = clock.now()  # the call outside took its time: the outcome has a moment of its own
    _finish(
        claim,
        status=DeliveryStatus.ACCEPTED,
        outcome="accepted",
        provider_message_id=accepted.provider_message_id,
        accepted_at=at,
        failure_code="",
    )


def _postpone(claim: Claim, error: ChannelUnavailable) -> None:
    """Try later; where the message may have gone out, only as often as a copy does no harm."""
    at = clock.now()  # the call outside took its time: the outcome has a moment of its own
    if error.outcome_unknown:
        log_of = DeliveryAttempt.objects.filter(delivery=claim.delivery)
        first = log_of.filter(identity=claim.identity).earliest("number")
        repeats = may_repeat_unknown(claim.channel, first_tried_at=first.created_at, now=at)
        again = at + (_wait(claim.number, error) if repeats else UNKNOWN_WAIT)
        is_last = not repeats and log_of.filter(outcome="unknown").count() + 1 >= UNKNOWN_TRIES
        _finish(
            claim,
            status=DeliveryStatus.UNKNOWN,
            outcome="unknown",
            detail=error.detail,
            next_attempt_at=None if is_last else again,
            failure_code="outcome_unknown",
        )
    elif claim.number >= MAX_ATTEMPTS:
        _finish(
            claim, status=DeliveryStatus.FAILED, outcome="unavailable", detail=error.detail, failure_code="unavailable"
        )
    else:
        again = at + _wait(claim.number, error)
        _finish(
            claim,
            status=DeliveryStatus.QUEUED,
            outcome="unavailable",
            detail=error.detail,
            next_attempt_at=again,
            failure_code="unavailable",
        )


def _refuse(claim: Claim, error: ChannelRefused) -> None:
    """Go on to a contact of the person that has not refused yet; where there is none, it is for the desk."""
    at = clock.now()  # the call outside took its time: the outcome has a moment of its own
    if error.is_address_dead:
        mark_unreachable(identity_id=claim.identity.pk, now=at)
    tried = [claim.identity.pk, *_refused_contacts(claim.delivery)]
    others = _open_contacts(claim.delivery, set(open_channels())).exclude(pk__in=tried)
    goes_on = claim.delivery.identity_id is None and others.exists()
    _finish(
        claim,
        status=DeliveryStatus.QUEUED if goes_on else DeliveryStatus.FAILED,
        outcome="refused",
        detail=error.detail,
        next_attempt_at=at if goes_on else None,
        failure_code=error.reason_code[:40],
    )


@transaction.atomic
def _finish(
    claim: Claim,
    *,
    status: DeliveryStatus,
    outcome: str,
    failure_code: str,
    detail: str = "",
    provider_message_id: str = "",
    next_attempt_at: datetime | None = None,
    accepted_at: datetime | None = None,
) -> None:
    """Write the outcome, unless another worker has taken the message over meanwhile (the fence)."""
    changes = {"status": status, "next_attempt_at": next_attempt_at, "failure_code": failure_code, "lease_until": None}
    if accepted_at is not None:
        changes["accepted_at"] = accepted_at
    if not _held(claim).update(**changes):
        log.warning("delivery_fenced", delivery_id=claim.delivery.pk, attempt=claim.number)
        return
    DeliveryAttempt.objects.filter(delivery=claim.delivery, number=claim.number).update(
        outcome=outcome,
        detail=detail[:DETAIL_LENGTH],
        provider_message_id=provider_message_id[:200],
        finished_at=clock.now(),  # as above
    )
    audit.record(f"delivery.{outcome}", subject=claim.delivery, attempt=claim.number, channel=claim.identity.kind)
    crashpoint("sending.before_commit")


def _wait(number: int, error: ChannelUnavailable) -> timedelta:
    """Give the pause before the next try: what the provider asks for, else doubling, spread, at most an hour."""
    if error.retry_after_seconds is not None:
        return timedelta(seconds=min(error.retry_after_seconds, LONGEST_WAIT_SECONDS))
    seconds = min(FIRST_WAIT_SECONDS * 2 ** (number - 1), LONGEST_WAIT_SECONDS)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 spreads retries apart, no secret
