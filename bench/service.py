"""A service of one's own: `config.serve` on free ports with fresh data, for measuring, the demo and crash tests."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

READY_LINE = "Ctrl-C"
READY_LIMIT_SECONDS = 120


@dataclass
class Service:
    """A running tree; `process` is its supervisor."""

    process: subprocess.Popen[bytes]
    url: str
    data: Path
    log: Path
    ready_seconds: float


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def start(data: Path) -> Service:
    """Start a tree over a data folder and return when it is ready.

    Raises:
        RuntimeError: it ended, or was not ready in time.
    """
    port, mail_port = free_ports(2)
    log = data / "serve.log"
    with log.open("wb") as output:
        started, process = time.monotonic(), launch(port, mail_port, data, output)
    while READY_LINE not in log.read_text():
        seconds = time.monotonic() - started
        if process.poll() is not None or seconds > READY_LIMIT_SECONDS:
            process.kill()
            raise RuntimeError(f"the service did not start:\n{log.read_text()}")
        time.sleep(0.05)
    return Service(process, f"http://127.0.0.1:{port}", data, log, time.monotonic() - started)


def launch(port: int, mail_port: int, data: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the supervisor."""
    return subprocess.Popen(
        [sys.executable, "-m", "config.serve", "--port", str(port), "--mail-port", str(mail_port)],
        env=os.environ | {"MIZUHIKI_DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "config.settings.local"},
        stdout=output,
        stderr=subprocess.STDOUT,
    )


@contextmanager
def running(data: Path | None = None) -> Iterator[Service]:
    """A tree for the time of a `with`, over a folder of its own unless one is given."""
    with tempfile.TemporaryDirectory(prefix="mizuhiki-service-", ignore_cleanup_errors=True) as folder:
        service = start(data or Path(folder))
        try:
            yield service
        finally:
            service.process.terminate()
            service.process.wait(30)


def descendants(process_id: int) -> list[int]:
    """All processes below one, nearest first, as the kernel lists them."""
    try:
        listed = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    except FileNotFoundError:
        return []
    children = [int(child) for child in listed]
    return children + [below for child in children for below in descendants(child)]


def memory_mb(process_ids: list[int]) -> float:
    """Memory of some processes together; what they share counts once (PSS)."""
    kilobytes = 0
    for process_id in process_ids:
        for line in Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024
