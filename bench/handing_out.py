"""What it costs to tell workers of ten thousand due deliveries by the hundred, beside a message for each.

Published to a real Redis through the product's own queueing; CPU of the publishing process, the best of a few rounds.
"""

import time
from collections.abc import Callable, Iterator

from bench.figures import Figure
from bench.postgres import migrated

COUNT = 10_000
ROUNDS = 3


def measure() -> Iterator[Figure]:
    """How many times more a message each costs, and what is left of it for one delivery."""
    from tests import services

    executable = services.redis_executable()
    assert executable is not None, "there is no Redis on this machine"
    broker = services.start_redis(executable)
    with migrated():
        from celery import current_app
        from django.conf import settings

        from core.queueing import enqueue_on_commit, wake_on_commit
        from distribution.services.queueing import SEND_IDS, SEND_TASK

        settings.TASKS_ON_COMMIT = True
        current_app.conf.update(broker_url=broker)
        ids = list(range(1, COUNT + 1))

        def each() -> None:
            for row_id in ids:
                enqueue_on_commit(SEND_TASK, **{SEND_IDS: [row_id]})

        by_hundred = best(lambda: wake_on_commit(SEND_TASK, SEND_IDS, ids))
        alone = best(each)
    yield Figure("fan_out_gain", alone / by_hundred, "times", ">= 50")
    yield Figure("fan_out_cpu", by_hundred / COUNT * 1e6, "µs a delivery")


def best(publish: Callable[[], object]) -> float:
    """Seconds of CPU, connecting not counted."""
    publish()
    seconds = float("inf")
    for _round in range(ROUNDS):
        started = time.process_time()
        publish()
        seconds = min(seconds, time.process_time() - started)
    return seconds
