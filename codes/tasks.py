"""By the clock: stock, business days, accounts and locks end; what was given out is written down; keys end."""

import structlog
from celery import shared_task

from codes import services
from codes.errors import JournalUnavailable
from codes.services import desk_revealing, journaling, key_duties
from core import clock

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
