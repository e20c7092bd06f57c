"""Eight people entering at once, on SQLite, while the worker judges what they send."""

import threading
import time
from collections.abc import Iterator

from bench.client import LightPhone, Unexpected
from bench.figures import Figure
from bench.service import Service, more_serials, running
from bench.stock import SLUG

PEOPLE, ENTRIES_EACH = 8, 8


class Crowd:
    """People who enter one after the other in each of some lanes, all lanes at once."""

    def __init__(self, port: int, serials: list[str]) -> None:
        self.port = port
        self.serials = serials
        self.seconds: list[float] = []
        self.refused: list[str] = []

    def enter(self, lane: int) -> None:
        """Whole entries, from the campaign's page to the page that says it was received."""
        for serial in self.serials[lane::PEOPLE]:
            phone = LightPhone(self.port)
            try:
                entry = phone.begin(SLUG)
                phone.fill(entry, serial)
                phone.submit(entry)
            except (Unexpected, OSError) as error:
                self.refused.append(str(error))
            self.seconds += phone.seconds

    def go(self) -> float:
        """Let them all enter; returns the seconds it took."""
        lanes = [threading.Thread(target=self.enter, args=[lane]) for lane in range(PEOPLE)]
        started = time.perf_counter()
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        return time.perf_counter() - started


def measure() -> Iterator[Figure]:
    """Entries per second, how long an answer takes, and whether the database was ever locked."""
    with running() as service:
        crowd = Crowd(service.port, more_serials(service, PEOPLE * ENTRIES_EACH))
        seconds = crowd.go()
        done = len(crowd.serials) - len(crowd.refused)
        yield Figure("entries_per_second", done / seconds, "1/s")
        yield Figure("answer_p50", percentile(crowd.seconds, 50) * 1000, "ms")
        yield Figure("answer_p99", percentile(crowd.seconds, 99) * 1000, "ms")
        yield Figure("entries_lost", len(crowd.refused), "entries", "<= 0")
        yield Figure("database_locked", locked(service), "times", "<= 0")


def percentile(values: list[float], share: int) -> float:
    """The value that a share (in hundredths) of all stays below."""
    return sorted(values)[min(len(values) - 1, len(values) * share // 100)]


def locked(service: Service) -> int:
    """How often any process of the tree has complained."""
    return service.log.read_text(errors="replace").count("database is locked")
