"""Wake workers after the transaction; rows are the queue, a message is only a hint.

A message costs as much as a hundred ids in it, so work on many rows is asked for by the hundred.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from core.crashpoints import crashpoint

log = structlog.get_logger(__name__)

IDS_A_MESSAGE = 100
SECONDS_A_MESSAGE = 60.0  # then the rest goes to the next free worker; below Celery's limit for a task
_gathering: ContextVar[dict[tuple[str, str], list[int]] | None] = ContextVar("gathering", default=None)


def enqueue_on_commit(task_name: str, **arguments: Any) -> None:
    """Send a task by its dotted name once the transaction has committed.

    A broker that is away costs delay, never data: the sweep finds the same row. Arguments are ids only.
    """
    if settings.TASKS_ON_COMMIT:
        transaction.on_commit(lambda: _publish(task_name, arguments), robust=True)


def wake_on_commit(task_name: str, name: str, ids: Sequence[int]) -> None:
    """Send a task for some rows as `enqueue_on_commit` does; its argument `name` takes at most a hundred ids."""
    if settings.TASKS_ON_COMMIT and ids:
        transaction.on_commit(lambda: _wake(task_name, name, ids), robust=True)


@contextmanager
def gathered() -> Iterator[None]:
    """Hold back what `wake_on_commit` publishes within, and send it by the hundred."""
    if _gathering.get() is not None:
        yield
        return
    waiting: dict[tuple[str, str], list[int]] = defaultdict(list)
    token = _gathering.set(waiting)
    try:
        yield
    finally:  # rows that were committed before a failure are told of as well
        _gathering.reset(token)
        for (task_name, name), ids in waiting.items():
            _wake(task_name, name, ids)


def work_through(task_name: str, name: str, ids: Sequence[int], act: Callable[[int], object]) -> None:
    """Do a message's work row by row: one that fails does not hold up the others, nor do slow ones for ever."""
    ends_at = time.monotonic() + SECONDS_A_MESSAGE
    with gathered():
        for place, row_id in enumerate(ids):
            if time.monotonic() > ends_at:
                wake_on_commit(task_name, name, ids[place:])
                return
            try:
                act(row_id)
            except Exception as error:
                log.exception("row_failed", task=task_name, row_id=row_id, error=type(error).__name__)


def _wake(task_name: str, name: str, ids: Sequence[int]) -> None:
    waiting = _gathering.get()
    if waiting is not None:
        held = waiting[task_name, name]
        held += ids
        full = len(held) // IDS_A_MESSAGE * IDS_A_MESSAGE
        ids, held[:] = held[:full], held[full:]
    for start in range(0, len(ids), IDS_A_MESSAGE):
        _publish(task_name, {name: list(ids[start : start + IDS_A_MESSAGE])})


def _publish(task_name: str, arguments: dict[str, Any]) -> None:
    crashpoint("queueing.after_commit")
    try:
        current_app.send_task(task_name, kwargs=arguments, retry=False)
    except (OSError, OperationalError) as error:
        log.warning("broker_publish_failed", task=task_name, error=type(error).__name__)
