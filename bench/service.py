"""A service of one's own: `config.serve` on free ports with fresh data, for measuring, the demo and crash tests."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

READY_LINE = "Ctrl-C"
READY_LIMIT_SECONDS = 120


@dataclass
class Service:
    """A running tree; `process` is its supervisor."""

    process: subprocess.Popen[bytes]
    port: int
    data: Path
    log: Path
    ready_seconds: float

    @property
    def url(self) -> str:
        """Where its pages begin."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def tree(self) -> list[int]:
        """All its processes."""
        return [self.process.pid, *descendants(self.process.pid)]

    def part(self, module: str) -> list[int]:
        """The processes of one child, by the module it runs, with all below it."""
        for process_id in descendants(self.process.pid):
            if module in command_line(process_id):
                return [process_id, *descendants(process_id)]
        raise RuntimeError(f"{module} is not running")


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
    return Service(process, port, data, log, time.monotonic() - started)


def launch(port: int, mail_port: int, data: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the supervisor."""
    return subprocess.Popen(
        [sys.executable, "-m", "config.serve", "--port", str(port), "--mail-port", str(mail_port)],
        env=environment(data),
        stdout=output,
        stderr=subprocess.STDOUT,
    )


def more_serials(service: Service, count: int) -> list[str]:
    """Serial codes of a demo campaign that nobody has used."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.stock", str(count)],
        env=environment(service.data),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.split()


def environment(data: Path) -> dict[str, str]:
    """Variables for processes over a data folder."""
    return os.environ | {"MIZUHIKI_DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "config.settings.local"}


@contextlib.contextmanager
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
    """All processes below one, nearest first; the kernel lists children by the thread that started them."""
    children: list[int] = []
    for thread in Path(f"/proc/{process_id}/task").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            children += [int(child) for child in (thread / "children").read_text().split()]
    return children + [below for child in children for below in descendants(child)]


def command_line(process_id: int) -> str:
    """What a process was started with."""
    try:
        return Path(f"/proc/{process_id}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def cpu_seconds(process_ids: list[int]) -> float:
    """CPU time that some processes, and their ended children, have used; in steps of 10 ms."""
    ticks = 0
    for process_id in process_ids:
        fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(int(used) for used in fields[11:15])  # own and waited-for children's, user and system
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(process_ids: list[int]) -> float:
    """Memory of some processes together; what they share counts once (PSS)."""
    kilobytes = 0
    for process_id in process_ids:
        for line in Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024
