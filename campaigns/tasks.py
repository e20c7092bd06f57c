"""The clock opens and closes campaigns."""

from celery import shared_task

from campaigns import services
from core import clock


@shared_task(name="campaigns.tasks.follow_clock")
def follow_clock() -> None:
    """Open and close campaigns whose time has come; repeats are harmless."""
    services.follow_clock(now=clock.now())
