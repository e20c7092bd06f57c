"""By the clock: stock, reservations, business days, accounts and locks end; what was given out is written down."""

from smtplib import SMTPException
from typing import Any

import structlog
from celery import shared_task

from accounts.models import AuditEntry
from codes import services
from codes.alarm_mail import alarm_mails, budget_mails
from codes.errors import JournalUnavailable
from codes.models import BudgetAlarm, StockAlarm
from codes.services import checking_files, desk_revealing, job_chains, jobs, journaling, key_duties
from core import clock, held_files
from core.errors import DomainError

log = structlog.get_logger(__name__)


@shared_task(name="codes.tasks.expire_codes")
def expire_codes() -> None:
    """Expire what is past its day; repeats are harmless."""
    services.expire_codes(now=clock.now())


@shared_task(name="codes.tasks.write_journal")
def write_journal() -> None:
    """Write into the journal what a killed process or a pause of the journal left out; repeats are harmless."""
    try:
        journaling.write_missing(now=clock.now())
    except JournalUnavailable as error:
        log.error("journal_unavailable", reason=error.context.get("reason"))


@shared_task(name="codes.tasks.destroy_emptied_keys")
def destroy_emptied_keys() -> None:
    """Destroy replaced keys under which nothing is sealed any more; repeats are harmless."""
    key_duties.destroy_emptied_keys(now=clock.now())


@shared_task(name="codes.tasks.warn_of_reveals")
def warn_of_reveals(*, actor_id: int, agency_id: int) -> None:
    """Tell an agency's operators that one of them was shown many codes today."""
    desk_revealing.warn_of_reveals(actor_id=actor_id, agency_id=agency_id, now=clock.now())


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


@shared_task(name="codes.tasks.expire_reservations")
def expire_reservations() -> None:
    """Put reserved codes whose time is over back into stock; repeats are harmless."""
    services.expire_reservations(now=clock.now())
    services.settle_all_rests(now=clock.now())


@shared_task(name="codes.tasks.watch_stock")
def watch_stock() -> None:
    """Raise and end warnings of low stock and of budgets that go; repeats are harmless."""
    now = clock.now()
    services.watch_stock(now=now)
    services.watch_budgets(now=now)


MAIL_RETRIES: Any = {
    "autoretry_for": (OSError, SMTPException),
    "retry_backoff": 30,
    "retry_backoff_max": 3600,
    "max_retries": 5,
    "acks_late": True,
}


@shared_task(name="codes.tasks.mail_stock_alarm", **MAIL_RETRIES)
def mail_stock_alarm(*, alarm_id: int) -> None:
    """Tell the operators of a low stock. Sent again at worst; the next watch repeats what was lost."""
    alarm = StockAlarm.objects.select_related("prize__course__campaign").get(pk=alarm_id)
    if _is_mailed("stock.alarm_mailed", alarm):
        return
    mails = alarm_mails(alarm)
    if not mails:  # no operator has an address yet: the next watch asks again
        log.warning("alarm_without_recipient", alarm_id=alarm_id)
        return
    for mail in mails:
        mail.send()
    services.note_alarm_mailed(alarm_id=alarm_id, recipients=len(mails))


@shared_task(name="codes.tasks.mail_budget_alarm", **MAIL_RETRIES)
def mail_budget_alarm(*, alarm_id: int) -> None:
    """Tell the operators of a budget that goes, as `mail_stock_alarm`."""
    alarm = BudgetAlarm.objects.select_related("campaign").get(pk=alarm_id)
    if _is_mailed("budget.alarm_mailed", alarm):
        return
    mails = budget_mails(alarm)
    if not mails:
        log.warning("alarm_without_recipient", alarm_id=alarm_id)
        return
    for mail in mails:
        mail.send()
    services.note_budget_mailed(alarm_id=alarm_id, recipients=len(mails))


def _is_mailed(action: str, alarm: StockAlarm | BudgetAlarm) -> bool:
    told = AuditEntry.objects.filter(action=action, subject_type=alarm._meta.label_lower, subject_id=str(alarm.pk))
    return told.exists()


@shared_task(name="codes.tasks.run_job", acks_late=True)
def run_job(*, job_id: int) -> None:
    """Carry one long work on codes on. Repeats are harmless: a job is worked on under a lease."""
    jobs.run_job(job_id=job_id, now=clock.now())


@shared_task(name="codes.tasks.sweep_jobs")
def sweep_jobs() -> None:
    """Go on with long work that a lost message or a dead worker left."""
    jobs.sweep_jobs(now=clock.now())


@shared_task(name="codes.tasks.forget_shown_numbers")
def forget_shown_numbers() -> None:
    """Drop one-time numbers that went out of use; repeats are harmless."""
    services.forget_shown_numbers(now=clock.now())


@shared_task(name="codes.tasks.make_card")
def make_card(*, gift_code_id: int) -> None:
    """Have the card of one code made. Repeats are harmless: the same request gives the same card."""
    try:
        services.make_card(gift_code_id=gift_code_id, now=clock.now())
    except DomainError as error:  # noted in its row, where the sweep finds it
        log.warning("card_not_made", gift_code_id=gift_code_id, code=error.code)


@shared_task(name="codes.tasks.sweep_cards")
def sweep_cards() -> None:
    """Ask for the cards that a lost message, a dead worker or an absent supplier left unmade, or not taken back."""
    services.make_due_cards(now=clock.now())
    services.carry_out_due(now=clock.now())


@shared_task(name="codes.tasks.order_missed_cards")
def order_missed_cards() -> None:
    """Ask for what was given out in another way than by a win; repeats are harmless."""
    services.order_missed_cards(now=clock.now())


@shared_task(name="codes.tasks.drop_old_files")
def drop_old_files() -> None:
    """Delete sealed files whose day is over, and what is remembered of rows of old ones; repeats are harmless."""
    held_files.drop_old()
    checking_files.forget_problems(now=clock.now())


@shared_task(name="codes.tasks.import_checked_files")
def import_checked_files() -> None:
    """Read in the files of agencies' systems that were checked without a problem; repeats are harmless."""
    job_chains.import_checked_files(now=clock.now())


@shared_task(name="codes.tasks.purge_addresses")
def purge_addresses() -> None:
    """Delete the delivery addresses that were kept long enough."""
    while services.purge_addresses(now=clock.now()):
        pass
    while services.forget_households(now=clock.now()):
        pass
