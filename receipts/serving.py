"""The child's side of isolation: answer requests until the parent is gone."""

from __future__ import annotations

import math
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import IO

from receipts.isolation import receive, send

PARENT_CHECK_SECONDS = 1.0


def serve(answer: Callable[[list[bytes]], bytes], *, parent: int, address_space_bytes: int, cpu_seconds: int) -> None:
    """Answer each request on the standard pipes; never outlive the parent, never dump core.

    `cpu_seconds` is what one request may take, however many threads it keeps busy: the kernel ends us beyond it.
    """
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    resource.setrlimit(resource.RLIMIT_AS, (address_space_bytes, address_space_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests, answers = sys.stdin.buffer, _own_answers()
    while count := requests.read(1):
        _allow_more(cpu_seconds)
        send(answers, answer([receive(requests) for _ in range(count[0])]))
        answers.flush()


def _allow_more(cpu_seconds: int) -> None:
    """Set the limit anew: the kernel counts from the start of the process, in whole seconds."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    limit = math.ceil(time.process_time()) + cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _own_answers() -> IO[bytes]:
    """Keep the answer pipe to ourselves: what a library prints goes nowhere."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, sys.stdout.fileno())
    return answers


def _die_with(parent: int) -> None:
    """End with the parent process.

    The kernel's own parent-death signal comes when the *thread* that started us ends, which in a
    pool of threads is long before its process does; so we look ourselves.
    """
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
