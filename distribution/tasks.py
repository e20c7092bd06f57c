"""Messages go out; the sweep finds what a lost wake-up or a dead worker left."""

from celery import shared_task

from core import clock
from core.queueing import gathered, work_through
from distribution import services
from distribution.selectors import awards_to_remind_of, daytime_from, still_due


@shared_task(name="distribution.tasks.send_deliveries")
def send_deliveries(*, delivery_ids: list[int]) -> None:
    """Send some messages. Repeats are harmless: only a due one is claimed."""
    _send(still_due(delivery_ids, clock.now()))


@shared_task(name="distribution.tasks.sweep_deliveries")
def sweep_deliveries() -> None:
    """Send what is due; where there is much of it, together with all other workers."""
    _send(services.hand_out(now=clock.now()))


@shared_task(name="distribution.tasks.remind_of_claims")
def remind_of_claims() -> None:
    """Remind, by day, of prizes whose deadline is near; each is reminded of once, whoever comes again."""
    now = clock.now()
    if daytime_from(now) > now:
        return
    with gathered():
        for award_id in awards_to_remind_of(now):
            services.remind_of_award(award_id=award_id, now=now)


def _send(delivery_ids: list[int]) -> None:
    work_through(
        services.SEND_TASK,
        services.SEND_IDS,
        delivery_ids,
        lambda delivery_id: services.send_delivery(delivery_id=delivery_id, now=clock.now()),
    )
