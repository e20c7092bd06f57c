"""From the photograph to the verdict with the real reader, and what the reader weighs."""

import statistics
import time
from collections.abc import Iterator
from datetime import datetime

from bench.figures import Figure
from bench.service import Service, cpu_seconds, memory_mb, running
from demo.entrant import Entrant
from demo.make_receipts import JST
from demo.photos import photographs

RECEIPTS = 3


def measure() -> Iterator[Figure]:
    """The first receipt loads the reader's models; the others find them loaded."""
    photos = [photographs(datetime.now(JST))["good"] for _ in range(RECEIPTS + 1)]
    with running() as service:
        first, first_cpu = photo_to_verdict(service, photos[0])
        yield Figure("first_receipt", first, "s", "<= 10")
        yield Figure("first_receipt_cpu", first_cpu, "s")
        timings = [photo_to_verdict(service, photo) for photo in photos[1:]]
        yield Figure("receipt", statistics.median(wall for wall, _ in timings), "s", "<= 10")
        yield Figure("receipt_cpu", statistics.median(cpu for _, cpu in timings), "s")
        yield Figure("tree_memory_with_reader", memory_mb(service.tree), "MB", "<= 1600")


def photo_to_verdict(service: Service, photo: bytes) -> tuple[float, float]:
    """Seconds from sending the photograph to the page that says how it went, and the worker's CPU for it."""
    person = Entrant(service.url)
    person.begin("/c/green-tea/")
    worker = service.part("config.worker")
    cpu, started = cpu_seconds(worker), time.perf_counter()
    person.send_photo(photo)
    person.give_address()
    person.agree_and_send()
    person.wait_for_verdict()
    seconds = time.perf_counter() - started
    if person.shown_reasons():
        raise RuntimeError(f"the receipt was not accepted: {person.shown_reasons()}")
    return seconds, cpu_seconds(service.part("config.worker")) - cpu
