"""Wake a worker after the transaction; rows are the queue, the message is only a hint."""

from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from core.crashpoints import crashpoint

log = structlog.get_logger(__name__)


def enqueue_on_commit(task_name: str, **arguments: Any) -> None:
    """Send a task by its dotted name once the transaction has committed.

    A broker that is away costs delay, never data: the sweep finds the same row. Arguments are ids only.
    """
    if settings.TASKS_ON_COMMIT:
        transaction.on_commit(lambda: _publish(task_name, arguments), robust=True)


def _publish(task_name: str, arguments: dict[str, Any]) -> None:
    crashpoint("queueing.after_commit")
    try:
        current_app.send_task(task_name, kwargs=arguments, retry=False)
    except (OSError, OperationalError) as error:
        log.warning("broker_publish_failed", task=task_name, error=type(error).__name__)
