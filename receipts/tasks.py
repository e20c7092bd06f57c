"""Reading is heavy and one reader serves a process: whoever has it reads on until nothing waits."""

import threading

from celery import shared_task

from core import clock
from receipts import services
from receipts.selectors import unread_receipts

IN_A_ROW = 10  # then another task takes over, so that none runs into its time limit
BATCHES_IN_A_ROW = 20
_turn = threading.Lock()


@shared_task(name="receipts.tasks.read_receipt")
def read_receipt(*, receipt_id: int) -> None:
    """Read one receipt. Repeats are harmless: only an unread one, or one whose lease ran out, is claimed."""
    _read([receipt_id])


@shared_task(name="receipts.tasks.sweep_receipts")
def sweep_receipts() -> None:
    """Read what a lost message, a busy reader or a dead worker left behind."""
    _read([])


@shared_task(name="receipts.tasks.purge_photos")
def purge_photos() -> None:
    """Delete photographs whose retention is over, batch by batch; what is left the next run takes up."""
    for _batch in range(BATCHES_IN_A_ROW):
        if not services.purge_photos(now=clock.now()):
            return


@shared_task(name="receipts.tasks.delete_orphans")
def delete_orphans() -> None:
    """Delete files that no photograph names."""
    services.delete_orphans(now=clock.now())


def _read(first: list[int]) -> None:
    """Read with this process's reader; a thread that finds it taken leaves its receipt to the thread that has it."""
    if not _turn.acquire(blocking=False):
        return
    try:
        for _count in range(IN_A_ROW):
            waiting = first or unread_receipts(clock.now(), limit=1)
            if not waiting:
                return
            services.read_receipt(receipt_id=waiting[0], now=clock.now())
            first = []
    finally:
        _turn.release()
