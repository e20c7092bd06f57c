"""How soon the whole tree serves, and what it weighs before the first receipt."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure
from bench.service import cpu_seconds, memory_mb, running

SETTLED_SECONDS = 5  # the worker and the clock have done their first round by then


def measure() -> Iterator[Figure]:
    """A first start over nothing, then a second one over its data."""
    with tempfile.TemporaryDirectory(prefix="mizuhiki-bench-") as folder:
        with running(Path(folder)) as service:
            yield Figure("cold_start", service.ready_seconds, "s")
        with running(Path(folder)) as service:
            yield Figure("second_start", service.ready_seconds, "s", "<= 5")
            yield Figure("second_start_cpu", cpu_seconds(service.tree), "s")
            time.sleep(SETTLED_SECONDS)
            yield Figure("tree_memory", memory_mb(service.tree), "MB", "<= 400")
            asked = time.monotonic()
            service.process.terminate()
            service.process.wait(30)
            yield Figure("stop", time.monotonic() - asked, "s", "<= 10")
