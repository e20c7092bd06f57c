"""Codes past their day leave the stock, reserved ones come back to it, and somebody is told before it runs out."""

from celery import shared_task

from codes import services
from core import clock


@shared_task(name="codes.tasks.expire_codes")
def expire_codes() -> None:
    """Expire what is past its day; repeats are harmless."""
    services.expire_codes(now=clock.now())


@shared_task(name="codes.tasks.expire_reservations")
def expire_reservations() -> None:
    """Put reserved codes whose time is over back into stock; repeats are harmless."""
    services.expire_reservations(now=clock.now())
    services.settle_all_rests(now=clock.now())
