"""What the mail provider reports after it took a message: arrived, or came back."""

from datetime import datetime

from django.db import transaction

from accounts import audit
from core.errors import StaleState
from distribution.models import DeliveryAttempt, DeliveryStatus
from participants.services import mark_unreachable

ARRIVED = frozenset({"delivered"})
CAME_BACK = frozenset({"bounced", "rejected", "failed"})


@transaction.atomic
def note_provider_event(*, provider_message_id: str, event: str, now: datetime) -> bool:
    """Note one event of a provider; returns whether it concerned a message of ours and changed something.

    Events may repeat, come late or out of order: what is final stays, and an event of an earlier attempt is ignored.
    A message that came back marks its contact unreachable, so that the next one takes another way.
    """
    attempts = DeliveryAttempt.objects.select_related("delivery").filter(provider_message_id=provider_message_id)
    attempt = attempts.order_by("-pk").first()
    if attempt is None or attempt.number != attempt.delivery.attempts or event not in ARRIVED | CAME_BACK:
        return False
    status = DeliveryStatus.DELIVERED if event in ARRIVED else DeliveryStatus.BOUNCED
    failure_code = "" if event in ARRIVED else event
    try:
        attempt.delivery.move_to(status, accepted_at=attempt.delivery.accepted_at or now, failure_code=failure_code)
    except StaleState:
        return False
    if event in CAME_BACK:
        mark_unreachable(identity_id=attempt.identity_id, now=now)
    audit.record(f"delivery.{status}", subject=attempt.delivery, attempt=attempt.number)
    return True
