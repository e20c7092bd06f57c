"""What is counted for a time only."""

from celery import shared_task

from core import clock
from eligibility import services


@shared_task(name="eligibility.tasks.forget_attempts")
def forget_attempts() -> None:
    """Drop budgets for tries whose window is over. Repeats are harmless."""
    services.forget_attempts(now=clock.now())
