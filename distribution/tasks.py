"""Messages go out; the sweep finds what a lost wake-up or a dead worker left."""

import structlog
from celery import shared_task

from core import clock
from distribution import services
from distribution.selectors import awards_to_remind_of, daytime_from, due_deliveries

log = structlog.get_logger(__name__)

IN_A_SWEEP = 100


@shared_task(name="distribution.tasks.send_delivery")
def send_delivery(*, delivery_id: int) -> None:
    """Send one message. Repeats are harmless: only a due one is claimed."""
    services.send_delivery(delivery_id=delivery_id, now=clock.now())


@shared_task(name="distribution.tasks.sweep_deliveries")
def sweep_deliveries() -> None:
    """Send everything that is due; one message that fails does not hold up the others."""
    for delivery_id in due_deliveries(clock.now(), limit=IN_A_SWEEP):
        try:
            services.send_delivery(delivery_id=delivery_id, now=clock.now())
        except Exception as error:
            log.exception("delivery_not_sent", delivery_id=delivery_id, error=type(error).__name__)


@shared_task(name="distribution.tasks.remind_of_claims")
def remind_of_claims() -> None:
    """Remind, by day, of prizes whose deadline is near; each is reminded of once, whoever comes again."""
    now = clock.now()
    if daytime_from(now) > now:
        return
    for award_id in awards_to_remind_of(now):
        services.remind_of_award(award_id=award_id, now=now)
