"""What it costs to make ten thousand own codes on PostgreSQL by the product's own job, from the order to the last code.

CPU is our process's. Other products need a second and more for as many in bulk (`docs/performance.md`).
"""

import time
from collections.abc import Iterator
from typing import Any

from bench.figures import Figure
from bench.loading import prize
from bench.postgres import migrated

COUNT = 10_000
ROUNDS = 5


def measure() -> Iterator[Figure]:
    """Seconds for ten thousand codes; the best of a few, since the first one sets everything up."""
    with migrated():
        rounds = [created(prize()) for _round in range(ROUNDS)]
    cpu, wall = (min(column) for column in zip(*rounds, strict=True))
    yield Figure("create_10k_cpu", cpu, "s", "<= 0.12")
    yield Figure("create_10k", wall, "s", "<= 0.7")


def created(of: Any) -> tuple[float, float]:
    """Seconds of our CPU and of time."""
    from codes.services.jobs import run_job, start_generation
    from core import clock

    now, started, used = clock.now(), time.perf_counter(), time.process_time()
    job = run_job(job_id=start_generation(prize_id=of.pk, name="bench", count=COUNT, now=now).pk, now=now)
    used, seconds = time.process_time() - used, time.perf_counter() - started
    assert (job.status, job.done_count) == ("done", COUNT)
    return used, seconds
