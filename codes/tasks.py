"""Codes past their day leave the stock; numbers shown to a till are forgotten."""

from celery import shared_task

from codes import services
from core import clock


@shared_task(name="codes.tasks.expire_codes")
def expire_codes() -> None:
    """Expire what is past its day; repeats are harmless."""
    services.expire_codes(now=clock.now())


@shared_task(name="codes.tasks.forget_shown_numbers")
def forget_shown_numbers() -> None:
    """Drop one-time numbers that went out of use; repeats are harmless."""
    services.forget_shown_numbers(now=clock.now())
