"""A message is a row first; whoever sends it finds it there."""

import uuid
from datetime import datetime

from django.db import transaction

from accounts import audit
from codes.models import Award
from core.errors import StaleState
from core.queueing import wake_on_commit
from distribution.errors import NoContact, NotResendable
from distribution.models import Delivery, DeliveryKind, DeliveryStatus
from participants.models import Entry
from participants.selectors import pending_email, reachable_identity

SEND_TASK, SEND_IDS = "distribution.tasks.send_deliveries", "delivery_ids"


def queue_award(*, award_id: int, now: datetime) -> Delivery:
    """Queue the notice of an award, in the transaction that makes the award; a repeat returns the same row.

    It is not sent before the campaign's delivery period begins.
    """
    award = Award.objects.select_related("entry__campaign").get(pk=award_id)
    opens_at = award.entry.campaign.delivery_opens_at
    delivery, created = Delivery.objects.get_or_create(
        award=award,
        defaults={
            "agency_id": award.agency_id,
            "kind": DeliveryKind.AWARD,
            "entry_id": award.entry_id,
            "next_attempt_at": max(now, opens_at) if opens_at else now,
        },
    )
    if created:
        wake_on_commit(SEND_TASK, SEND_IDS, [delivery.pk])
    return delivery


@transaction.atomic
def queue_message(*, kind: DeliveryKind, entry_id: int, now: datetime) -> Delivery | None:
    """Queue a message about an entry; None where there is nobody to write to.

    The request to confirm an address goes to the address typed last; everything else to confirmed contacts only.
    """
    entry = Entry.objects.get(pk=entry_id)
    to_confirm = pending_email(entry.participant_id) if kind == DeliveryKind.VERIFY_EMAIL else None
    if to_confirm is None and reachable_identity(entry.participant_id) is None:
        return None
    delivery = Delivery.objects.create(
        agency_id=entry.agency_id, kind=kind, entry=entry, identity=to_confirm, next_attempt_at=now
    )
    wake_on_commit(SEND_TASK, SEND_IDS, [delivery.pk])
    return delivery


@transaction.atomic
def resend_delivery(*, delivery_id: int, actor_id: int | None, now: datetime) -> Delivery:
    """Send a message once more, under a new key, to the contact that is best now; the claim link is the same.

    Raises:
        NotResendable: it waits, is being sent, or was cancelled.
        NoContact: nobody can be written to.
    """
    delivery = Delivery.objects.select_for_update(of=("self",)).select_related("entry").get(pk=delivery_id)
    if delivery.status == DeliveryStatus.SENDING:  # its worker may put it back, the desk may not
        raise NotResendable
    if delivery.identity_id is None and reachable_identity(delivery.entry.participant_id) is None:
        raise NoContact
    try:
        delivery.move_to(
            DeliveryStatus.QUEUED, next_attempt_at=now, lease_until=None, provider_key=uuid.uuid4(), failure_code=""
        )
    except StaleState as error:
        raise NotResendable from error
    audit.record("delivery.resent", subject=delivery, actor_id=actor_id)
    wake_on_commit(SEND_TASK, SEND_IDS, [delivery.pk])
    return delivery


@transaction.atomic
def cancel_delivery(*, delivery_id: int, reason: str, actor_id: int | None, now: datetime) -> Delivery:
    """Stop a message that has not been sent.

    Raises:
        StaleState: it is being sent or was sent.
    """
    delivery = Delivery.objects.select_for_update().get(pk=delivery_id)
    delivery.move_to(DeliveryStatus.CANCELLED, next_attempt_at=None, lease_until=None)
    audit.record("delivery.cancelled", subject=delivery, actor_id=actor_id, reason=reason)
    return delivery
