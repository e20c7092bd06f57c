"""What is due is shared out among the workers by the hundred; the rows stay the queue."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from core.queueing import IDS_A_MESSAGE, wake_on_commit
from distribution.models import Delivery
from distribution.selectors import WAITING, due_deliveries
from distribution.services.queueing import SEND_IDS, SEND_TASK

IN_A_SWEEP = 10_000


@transaction.atomic
def hand_out(*, now: datetime) -> list[int]:
    """Share out what is due: the first hundred ids are the caller's, a message is sent for each hundred more.

    Until a lease ends no other sweep hands out the same; whoever is told of one may send it before.
    """
    due = due_deliveries(now, limit=IN_A_SWEEP, is_locking=True)
    if due:
        taken = Delivery.objects.filter(pk__in=due, status__in=WAITING)
        taken.update(lease_until=now + timedelta(seconds=settings.LEASE_SECONDS))
    wake_on_commit(SEND_TASK, SEND_IDS, due[IDS_A_MESSAGE:])
    return due[:IDS_A_MESSAGE]
