"""Reads: what is due, what is stuck, what does not add up."""

from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import Agency
from codes.models import Award
from distribution.models import Delivery, DeliveryKind, DeliveryStatus

TROUBLED = (DeliveryStatus.FAILED, DeliveryStatus.BOUNCED, DeliveryStatus.UNKNOWN)


def due_deliveries(now: datetime, *, limit: int = 200) -> list[int]:
    """Give the ids of messages to be sent now: due ones, and those whose sender fell silent."""
    due = Q(status__in=[DeliveryStatus.QUEUED, DeliveryStatus.UNKNOWN], next_attempt_at__lte=now)
    abandoned = Q(status=DeliveryStatus.SENDING, lease_until__lte=now)
    return list(
        Delivery.objects.filter(due | abandoned).order_by("next_attempt_at").values_list("pk", flat=True)[:limit]
    )


def troubled_deliveries(agencies: QuerySet[Agency]) -> QuerySet[Delivery]:
    """Give the messages that a person has to look at."""
    return Delivery.objects.filter(agency__in=agencies, status__in=TROUBLED).select_related("entry__campaign")


def awards_without_delivery() -> list[int]:
    """Give the ids of awards that nobody was told of (I03)."""
    return list(Award.objects.filter(delivery__isnull=True, voided_at__isnull=True).values_list("pk", flat=True))


def messages_of(participant_id: int) -> QuerySet[Delivery]:
    """Give the messages to a person, newest first."""
    return Delivery.objects.filter(entry__participant_id=participant_id).exclude(kind=DeliveryKind.VERIFY_EMAIL)
