"""What is kept for a time only."""

from celery import shared_task

from core import clock
from participants import services


@shared_task(name="participants.tasks.forget_traces")
def forget_traces() -> None:
    """Drop the hashes of browsers, networks and mailboxes that were kept long enough."""
    services.forget_traces(now=clock.now())
