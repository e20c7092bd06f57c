"""The tree of `./run serve` ends as a whole, however it is ended, and mends itself while it runs."""

import os
import signal
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.service import Service, descendants, running, start


def eventually(is_so: Callable[[], bool], seconds: float = 60) -> bool:
    """Poll what no event announces: another process's end."""
    limit = time.monotonic() + seconds
    while not is_so() and time.monotonic() < limit:
        time.sleep(0.05)
    return is_so()


def alive(process_ids: list[int]) -> list[int]:
    """Those that still run; a zombie does not."""
    return [number for number in process_ids if Path(f"/proc/{number}/exe").exists() and not is_zombie(number)]


def is_zombie(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def tree_of(service: Service) -> list[int]:
    below = descendants(service.process.pid)
    assert len(below) >= 4  # web and its worker, background, mailbox
    return [service.process.pid, *below]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_no_process_outlives_the_supervisor(data_dir, number):
    service = start(data_dir)
    tree = tree_of(service)

    service.process.send_signal(number)
    code = service.process.wait(30)

    assert code == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    assert eventually(lambda: alive(tree) == [])


def test_every_killed_child_comes_back(data_dir):
    with running(data_dir) as service:
        before = descendants(service.process.pid)

        for number in before:
            os.kill(number, signal.SIGKILL)

        assert eventually(lambda: alive(before) == [])
        assert eventually(lambda: is_serving(service.url))
        assert eventually(lambda: len(alive(descendants(service.process.pid))) == len(before))


def is_serving(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
