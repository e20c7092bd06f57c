"""The background of `./run serve`: one Celery worker with the clock inside, `python -m config.worker`.

Production runs `celery worker` and one `celery beat` as services of their own. Here both share a process, since Django
twice costs 80 MB. Celery's own `--beat` forks a clock that nobody starts again when it dies, and the sweeps would stop
unseen; so ours is a thread whose death ends the process, which the supervisor then starts again.
"""

import os
import signal
import threading
import warnings
from typing import Any

from celery import Celery
from celery.beat import Service
from celery.exceptions import SecurityWarning
from celery.signals import worker_ready

THREADS = 2  # one reads a receipt, one sends mail meanwhile
CLOCK_STEP_SECONDS = 1


def keep_time(app: Celery) -> None:
    """Send what is due, for ever; without the clock the process has no right to go on."""
    try:
        # Left to itself it takes a scheduler that keeps its times in a file of the current folder.
        scheduler = app.conf.beat_scheduler
        Service(app, max_interval=CLOCK_STEP_SECONDS, scheduler_cls=scheduler, remote_control=False).start()  # type: ignore[call-arg]
    finally:
        os.kill(os.getpid(), signal.SIGTERM)


def work() -> None:
    """Work until SIGTERM."""
    from config.celery import app

    @worker_ready.connect(weak=False)
    def start_clock(**_: Any) -> None:
        threading.Thread(target=keep_time, args=[app], name="clock", daemon=True).start()

    warnings.filterwarnings("ignore", "You're running the worker with superuser", SecurityWarning)  # the sandbox may
    worker = app.Worker(
        pool="threads",
        concurrency=THREADS,
        loglevel="WARNING",
        quiet=True,
        without_gossip=True,  # there is no other worker to talk to
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    raise SystemExit(worker.exitcode)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    work()
