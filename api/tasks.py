"""By the clock."""

from celery import shared_task

from api import services
from core import clock


@shared_task(name="api.tasks.forget_answers")
def forget_answers() -> None:
    """Drop old kept answers. Repeats are harmless."""
    services.forget_answers(now=clock.now())
