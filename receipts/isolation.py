"""A child process for work on hostile bytes: it may crash, swell or hang, and its parent does not."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

CHECK_SECONDS = 0.2
RECYCLED_AT = 0.8  # of the memory limit, so that what one request left behind never ends the next
PROJECT = Path(__file__).resolve().parents[1]
TOO_LONG = "it took too long"
TOO_MUCH_CPU = "it took too much processor time"
TOO_MUCH_MEMORY = "it took too much memory"
LENGTH = struct.Struct(">I")
MOST_MESSAGE_BYTES = 64 * 1024 * 1024
# The child gets no secret of ours, only what Python and its libraries need to start.
KEPT_ENVIRONMENT = frozenset(
    {"PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "TESSDATA_PREFIX", "TMPDIR", "VIRTUAL_ENV"}
)

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}  # numpy's own, each of which claims address space, are never needed


class ChildFailed(Exception):
    """The child died, or was ended for taking too long or too much memory."""


class Child:
    """One process, started when first needed and again after it was lost or has grown; threads queue for it."""

    def __init__(self, module: str, *arguments: str, wall_seconds: float, memory_bytes: int) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._wall_seconds = wall_seconds
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    @property
    def pid(self) -> int | None:
        """The running process, if there is one."""
        return self._process.pid if self._process else None

    def ask(self, messages: Sequence[bytes]) -> bytes:
        """Send the messages of one request and wait for the answer.

        Raises:
            ChildFailed: no answer came; the next request gets a new process.
        """
        with self._lock:
            process = self._living()
            guard = _Guard(process, self._wall_seconds, self._memory_bytes)
            try:
                with guard:
                    answer = _exchange(process, messages)
            except (OSError, EOFError) as error:
                self._drop()
                raise ChildFailed(guard.verdict or _cause(process)) from error
            if guard.verdict or resident_bytes(process.pid) > RECYCLED_AT * self._memory_bytes:
                self._drop()
            return answer

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._drop()

    def _living(self) -> subprocess.Popen[bytes]:
        if self._owner != os.getpid():
            self._process = None  # after a fork the process belongs to our parent
        if self._process is None or self._process.poll() is not None:
            self._drop()
            self._owner = os.getpid()
            self._process = subprocess.Popen(
                [*self._command, str(self._owner)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=PROJECT,
                env={key: value for key, value in os.environ.items() if key in KEPT_ENVIRONMENT} | ONE_THREAD,
            )
        return self._process

    def _drop(self) -> None:
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            _close_quietly(pipe)


class _Guard:
    """Watches one request from a thread of its own and kills a process that breaks its limits."""

    def __init__(self, process: subprocess.Popen[bytes], wall_seconds: float, memory_bytes: int) -> None:
        self.verdict = ""
        self._process = process
        self._checks = max(1, round(wall_seconds / CHECK_SECONDS))
        self._memory_bytes = memory_bytes
        self._answered = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._answered.set()
        self._thread.join()

    def _watch(self) -> None:
        for _ in range(self._checks):
            if self._answered.wait(CHECK_SECONDS):
                return
            if resident_bytes(self._process.pid) > self._memory_bytes:
                self._end(TOO_MUCH_MEMORY)
                return
        self._end(TOO_LONG)

    def _end(self, verdict: str) -> None:
        self.verdict = verdict
        self._process.kill()


def send(pipe: IO[bytes], message: bytes) -> None:
    """Write one message, its length first."""
    pipe.write(LENGTH.pack(len(message)))
    pipe.write(message)


def receive(pipe: IO[bytes]) -> bytes:
    """Read one message; EOFError where the other side has gone."""
    (length,) = LENGTH.unpack(_exactly(pipe, LENGTH.size))
    if length > MOST_MESSAGE_BYTES:
        raise EOFError("message too long")
    return _exactly(pipe, length)


def resident_bytes(pid: int) -> int:
    """What a process holds in memory; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _exchange(process: subprocess.Popen[bytes], messages: Sequence[bytes]) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise EOFError("the process has no pipes")
    process.stdin.write(bytes([len(messages)]))
    for message in messages:
        send(process.stdin, message)
    process.stdin.flush()
    return receive(process.stdout)


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    data = pipe.read(count)
    if len(data) < count:
        raise EOFError("the other side has gone")
    return data


def _cause(process: subprocess.Popen[bytes]) -> str:
    return TOO_MUCH_CPU if process.returncode == -signal.SIGXCPU else "the process died"


def _close_quietly(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        try:
            pipe.close()
        except OSError:
            return
