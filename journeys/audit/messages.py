"""Messages: each award has one, and none is lost between its states."""

from django.db.models import F, Q

from codes.models import Award
from distribution.models import Delivery, DeliveryStatus
from distribution.selectors import awards_without_delivery
from journeys.audit.naming import more_than_one, name_ids, name_rows

SENT = [DeliveryStatus.ACCEPTED, DeliveryStatus.DELIVERED]


def awards_and_deliveries() -> list[str]:
    """I03: every award has exactly one message, to its own entry."""
    of_awards = Delivery.objects.filter(kind="award")
    stray = of_awards.filter(Q(award__isnull=True) | ~Q(entry=F("award__entry")))
    twice = of_awards.filter(award__in=more_than_one(of_awards, "award"))
    return [*name_ids(Award, awards_without_delivery()), *name_rows(stray), *name_rows(twice)]


def impossible_messages() -> list[str]:
    """I10: states of messages that no service leads to, or that no sweep would ever take up."""
    return name_rows(
        Delivery.objects.filter(
            Q(status=DeliveryStatus.QUEUED, next_attempt_at__isnull=True)
            | Q(status=DeliveryStatus.SENDING, lease_until__isnull=True)
            | Q(status__in=SENT, attempts=0)
            | (Q(status__in=SENT) & ~Q(attempt_log__outcome="accepted"))
        )
    )
