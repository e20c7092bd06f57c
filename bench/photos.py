"""Ten thousand photographs gone wrong, through the process that decodes strangers' files."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator

from bench.figures import Figure
from bench.mutations import mutated, samples
from receipts.errors import PhotoRefused
from receipts.imaging import REFUSALS, child_pid, sanitise_photo
from receipts.isolation import resident_bytes

COUNT = 10_000
SEED = 20_261_128
MB = 1_000_000


class Outcome:
    """What became of the files, and what the process that decoded them needed."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.pids: set[int | None] = set()
        self.slowest_seconds = 0.0
        self.most_bytes = 0

    def __str__(self) -> str:
        return ", ".join(f"{answer} {count:,}" for answer, count in self.answers.most_common())

    @property
    def known(self) -> int:
        """How many were decoded or refused with a code of ours; all others would have been a 500."""
        return sum(self.answers[answer] for answer in ("decoded", *REFUSALS))


def decode_all(files: Iterable[bytes]) -> Outcome:
    """Decode one file after the other and watch the child."""
    outcome = Outcome()
    for number, data in enumerate(files):
        started = time.perf_counter()
        outcome.answers[_answer(data)] += 1
        outcome.slowest_seconds = max(outcome.slowest_seconds, time.perf_counter() - started)
        pid = child_pid()
        outcome.pids.add(pid)
        if number % 50 == 0 and pid:
            outcome.most_bytes = max(outcome.most_bytes, resident_bytes(pid))
    return outcome


def measure() -> Iterator[Figure]:
    """Good ones first, so that the time of starting is not counted."""
    for data in samples():
        sanitise_photo(data)
    started = time.perf_counter()
    outcome = decode_all(mutated(COUNT, seed=SEED))
    seconds = time.perf_counter() - started
    yield Figure("mutated_photos", COUNT, "files")
    yield Figure("mutated_photos_without_an_answer", COUNT - outcome.known, "files", "<= 0")
    yield Figure("mutated_photos_decoded", outcome.answers["decoded"], "files")
    yield Figure("mutated_photos_each", 1000 * seconds / COUNT, "ms", "<= 5")
    yield Figure("mutated_photos_slowest", outcome.slowest_seconds, "s", "<= 10")
    yield Figure("mutated_photos_children", len(outcome.pids), "processes", "<= 1")
    yield Figure("mutated_photos_memory", outcome.most_bytes / MB, "MB", "<= 200")


def _answer(data: bytes) -> str:
    try:
        sanitise_photo(data)
    except PhotoRefused as refusal:
        return refusal.code
    except Exception as error:  # noqa: BLE001 whatever else comes is what we look for
        return type(error).__name__
    return "decoded"
