"""Codes past their day leave the stock."""

from celery import shared_task

from codes import services
from core import clock


@shared_task(name="codes.tasks.expire_codes")
def expire_codes() -> None:
    """Expire what is past its day; repeats are harmless."""
    services.expire_codes(now=clock.now())
