"""Codes past their day leave the stock, reserved ones come back to it, and somebody is told before it runs out."""

from smtplib import SMTPException

from celery import shared_task

from accounts.models import AuditEntry
from codes import services
from codes.alarm_mail import alarm_mails
from codes.models import StockAlarm
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


@shared_task(name="codes.tasks.watch_stock")
def watch_stock() -> None:
    """Raise and end warnings of low stock; repeats are harmless."""
    services.watch_stock(now=clock.now())


@shared_task(
    name="codes.tasks.mail_stock_alarm",
    autoretry_for=(OSError, SMTPException),
    retry_backoff=30,
    retry_backoff_max=3600,
    max_retries=5,
    acks_late=True,
)
def mail_stock_alarm(*, alarm_id: int) -> None:
    """Tell the operators of a low stock. Sent again at worst; the next watch repeats what was lost."""
    alarm = StockAlarm.objects.select_related("prize__course__campaign").get(pk=alarm_id)
    if AuditEntry.objects.filter(
        action="stock.alarm_mailed", subject_type=StockAlarm._meta.label_lower, subject_id=str(alarm_id)
    ).exists():
        return
    mails = alarm_mails(alarm)
    for mail in mails:
        mail.send()
    services.note_alarm_mailed(alarm_id=alarm_id, recipients=len(mails))


@shared_task(name="codes.tasks.work_on_batch", acks_late=True)
def work_on_batch(*, job_id: int) -> None:
    """Hold back, put back or recall the codes of a batch, some chunks at a time."""
    services.work_on_batch(job_id=job_id, now=clock.now())


@shared_task(name="codes.tasks.sweep_batch_work")
def sweep_batch_work() -> None:
    """Go on with work on batches that a dead worker left."""
    services.sweep_batch_work(now=clock.now())
