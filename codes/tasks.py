"""By the clock: codes past their day leave the stock, business days are settled, accounts closed, locks ended."""

from celery import shared_task

from codes import services
from core import clock


@shared_task(name="codes.tasks.expire_codes")
def expire_codes() -> None:
    """Expire what is past its day; repeats are harmless."""
    services.expire_codes(now=clock.now())


@shared_task(name="codes.tasks.settle_days")
def settle_days() -> None:
    """Settle the business days that are over, and drop the locks that have ended; repeats are harmless."""
    now = clock.now()
    services.settle_days(now=now)
    services.drop_ended_locks(now=now)


@shared_task(name="codes.tasks.close_accounts")
def close_accounts() -> None:
    """Book what is left on codes that nobody can use any more; repeats are harmless."""
    services.close_accounts(now=clock.now())
