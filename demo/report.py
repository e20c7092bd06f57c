"""What the demo prints: a line a step, aligned, with a sign and the time it took."""

import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from demo.phone import NotAsPromised

NAME_WIDTH = 50


class Report:
    """Prints steps as they are done, and remembers the failed ones."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.step_count = 0

    @contextmanager
    def section(self, title: str) -> Iterator[None]:
        """Head some steps; the first that fails ends the section, and the demo goes on with the next one."""
        print(f"\n{title}", flush=True)
        try:
            yield
        except StepFailed:
            return

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Time one step; what is added to the list is printed behind it.

        Raises:
            StepFailed: the service did not do as promised; the reason is printed.
        """
        details: list[str] = []
        started = time.monotonic()
        self.step_count += 1
        try:
            yield details
        except (NotAsPromised, requests.RequestException) as error:
            self.failures.append(name)
            line("✗", name, time.monotonic() - started, [str(error)])
            raise StepFailed from error
        line("✓", name, time.monotonic() - started, details)


class StepFailed(Exception):
    """The rest of a section has nothing to stand on."""


def line(sign: str, name: str, seconds: float, details: list[str]) -> None:
    """Print one step; full-width signs take two columns."""
    padding = " " * max(1, NAME_WIDTH - width(name))
    print(f"  {sign} {name}{padding}{seconds:6.2f} 秒  {'  '.join(details)}".rstrip(), flush=True)


def width(text: str) -> int:
    """Columns of a text in a terminal."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def expect(*, that: bool, otherwise: str) -> None:
    """Make sure of something.

    Raises:
        NotAsPromised: it is not so; `otherwise` says what is instead.
    """
    if not that:
        raise NotAsPromised(otherwise)
