"""Processes that give prizes as fast as they can, on command: `python -m bench.givers` is one of them.

A line on its input, "threads first seconds", starts a run; it answers "given seconds". Results that it asks for are
numbered from `first` on in steps of the number of processes.
"""

import itertools
import os
import subprocess
import sys
import threading
import time
from types import TracebackType

PROCESSES = 2  # as many as the machine has cores


class Givers:
    """All processes together."""

    def __enter__(self) -> "Givers":
        """Start them; they connect to TEST_DATABASE_URL with production's options."""
        self.children = [
            subprocess.Popen(
                [sys.executable, "-m", "bench.givers", str(number)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(PROCESSES)
        ]
        for child in self.children:
            assert child.stdout is not None
            child.stdout.readline()  # it is ready
        return self

    def run(self, clients: int, first: int, seconds: float) -> tuple[int, float]:
        """Give for so long by so many clients; returns how far the results are used up, and the rate a second."""
        shares = [clients // PROCESSES + (number < clients % PROCESSES) for number in range(PROCESSES)]
        chosen = [(child, share) for child, share in zip(self.children, shares, strict=True) if share]
        for child, share in chosen:
            assert child.stdin is not None
            child.stdin.write(f"{share} {first} {seconds}\n")
            child.stdin.flush()
        answers = []
        for child, _share in chosen:
            assert child.stdout is not None
            answers.append(child.stdout.readline().split())
        given = [int(count) for count, _seconds in answers]
        rate = sum(int(count) / float(took) for count, took in answers)
        return max(given) * PROCESSES + PROCESSES, rate

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End them."""
        for child in self.children:
            child.kill()
            child.wait()


def main() -> None:
    """Serve runs until the input ends."""
    number = int(sys.argv[1])
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    import django
    from django.conf import settings

    options = settings.DATABASES["default"].setdefault("OPTIONS", {})  # the address of the server may be among them
    options |= {"server_side_binding": True, "prepare_threshold": 2}
    django.setup()
    print("ready", flush=True)
    for line in sys.stdin:
        threads, first, seconds = line.split()
        given, took = give(int(threads), itertools.count(int(first) + number, PROCESSES), float(seconds))
        print(given, took, flush=True)


def give(threads: int, results: "itertools.count[int]", seconds: float) -> tuple[int, float]:
    """Give prizes in so many threads for so long; connecting is not counted."""
    from django.db import connection

    from core import clock
    from distribution.services import give_prizes

    now = clock.now()
    ready = threading.Barrier(threads + 1)
    counts = [0] * threads
    ends_at = [0.0]

    def client(place: int) -> None:
        try:
            connection.ensure_connection()
            ready.wait()
            ready.wait()
            while time.perf_counter() < ends_at[0]:
                give_prizes(result_id=next(results), now=now)
                counts[place] += 1
        except BaseException:
            ready.abort()  # nobody waits for this one
            raise
        finally:
            connection.close()

    workers = [threading.Thread(target=client, args=[place]) for place in range(threads)]
    for worker in workers:
        worker.start()
    ready.wait()
    started = time.perf_counter()
    ends_at[0] = started + seconds
    ready.wait()
    for worker in workers:
        worker.join()
    return sum(counts), time.perf_counter() - started


if __name__ == "__main__":
    main()
