"""The background worker of `./run serve`, with the clock inside: `python -m config.worker`.

Production runs `celery worker` and `celery beat` as services of their own (docs/operations/).
"""

import os
from typing import Any

from celery.signals import beat_embedded_init

from core.processes import die_with_parent

THREADS = 2  # one reads a receipt, one sends mail meanwhile
ALONE = ["--without-gossip", "--without-mingle", "--without-heartbeat"]  # there is no other worker to talk to


@beat_embedded_init.connect
def end_clock_with_worker(**_: Any) -> None:
    """The clock is a fork of the worker; alone it would keep waking a queue that nobody serves."""
    die_with_parent()


def work() -> None:
    """Work until SIGTERM."""
    from config.celery import app

    app.worker_main(
        ["worker", "--beat", "--pool=threads", f"--concurrency={THREADS}", "--loglevel=WARNING", *ALONE],
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    work()
