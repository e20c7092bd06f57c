"""`./run serve`: the whole product as one process tree, with the demo campaigns.

Nothing of Django is imported here: this process only starts the others, watches them and ends them.
"""

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

from core.processes import die_with_parent

NEAREST = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 where all addresses are listened on, ask the nearest
READY_LIMIT_SECONDS = 60
STOP_LIMIT_SECONDS = 15
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_AFTER_SECONDS = 60  # a child that lived this long starts again without a pause


class Stopping(Exception):
    """A signal asked this tree to end."""


@dataclass
class Child:
    """One process of the tree, started again when it dies."""

    name: str
    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_seconds: float = 0.0
    due_at: float = field(default=0.0)

    def start(self) -> None:
        """Start in a process group of its own: Ctrl-C reaches us alone, and we end them in order."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", *self.arguments],
            process_group=0,
            preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 we have no threads
        )

    def watch(self, now: float) -> None:
        """Start again after a pause that doubles with each early death."""
        if self.process is None:
            if now >= self.due_at:
                self.start()
            return
        if self.process.poll() is None:
            return
        lived = now - self.started_at
        self.pause_seconds = (
            0.0
            if lived >= HEALTHY_AFTER_SECONDS
            else min(LONGEST_PAUSE_SECONDS, max(FIRST_PAUSE_SECONDS, self.pause_seconds * 2))
        )
        say(f"{self.name} ended ({self.process.returncode}); starting it again in {self.pause_seconds:.0f} s")
        self.kill_group()  # what the dead one left behind
        self.process, self.due_at = None, now + self.pause_seconds

    def signal_group(self, number: signal.Signals) -> None:
        """Signal the process and all it started."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def kill_group(self) -> None:
        """End whatever is left, now."""
        self.signal_group(signal.SIGKILL)


def say(line: str) -> None:
    """Print at once: the terminal may be a pipe."""
    print(line, flush=True)


def raise_stopping(_number: int, _frame: FrameType | None) -> None:
    """A second signal changes nothing: we are ending already."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise Stopping


def start_preparing() -> subprocess.Popen[bytes]:
    """Begin to migrate and to load the demo into an empty database; it prints the card to show."""
    return subprocess.Popen(
        [sys.executable, "-m", "config.prepare"],
        stdout=subprocess.PIPE,
        process_group=0,
        preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 we have no threads
    )


def finish_preparing(preparation: subprocess.Popen[bytes]) -> str:
    """Return the card: addresses, and a QR for a phone."""
    card, _ = preparation.communicate()
    if preparation.returncode:
        sys.exit("mizuhiki: the database could not be prepared; see the lines above")
    return card.decode()


def is_free(host: str, port: int) -> bool:
    """Whether we could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def shown_host(host: str) -> str:
    """The address others reach us at: of all our addresses, the one towards the outside. Nothing is sent."""
    if host not in NEAREST:
        return f"[{host}]" if ":" in host else host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def is_healthy(host: str, port: int) -> bool:
    """Whether /healthz says 200. By hand: an HTTP library would double this process."""
    try:
        with socket.create_connection((host, port), timeout=2) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return b" 200 " in connection.recv(64).partition(b"\r\n")[0]
    except OSError:
        return False


def wait_until_ready(children: list[Child], host: str, port: int) -> None:
    """Return when the web is healthy; keep restarting what dies meanwhile."""
    limit = time.monotonic() + READY_LIMIT_SECONDS
    while time.monotonic() < limit:
        watch(children)
        if is_healthy(host, port):
            return
        time.sleep(0.1)
    sys.exit(f"mizuhiki: http://{host}:{port}/healthz did not answer 200 within {READY_LIMIT_SECONDS} s")


def watch(children: list[Child]) -> None:
    """Start what is due."""
    for child in children:
        child.watch(time.monotonic())


def stop(children: list[Child]) -> None:
    """Ask every child to end, then insist."""
    for child in children:
        child.signal_group(signal.SIGTERM)
    limit = time.monotonic() + STOP_LIMIT_SECONDS
    for child in children:
        if child.process:
            try:
                child.process.wait(max(0.1, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                say(f"{child.name} did not end in time; killing it")
            child.kill_group()


def show(card: str, host: str) -> None:
    """Print where everything is."""
    say(card)
    if host == "127.0.0.1":
        say("  To open it on a phone in the same network: ./run serve --host 0.0.0.0")
    say("  Ctrl-C ends everything; the data stay in var/\n")


def serve(host: str, port: int, mail_port: int) -> None:
    """Run the tree until a signal."""
    base_url = f"http://{shown_host(host)}:{port}"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    os.environ["PUBLIC_URL"] = base_url
    os.environ["SANDBOX_SMTP_PORT"] = str(mail_port)
    children = [Child("web", ["config.web", host, str(port)])]
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, raise_stopping)
        watch(children)  # the web starts while the database is prepared: it is unhealthy until then
        card = finish_preparing(start_preparing())
        children += [
            Child("mailbox", ["distribution.sandbox", "127.0.0.1", str(mail_port)]),
            Child("worker", ["config.worker"]),
        ]
        wait_until_ready(children, NEAREST.get(host, host), port)
        show(card, host)
        while True:
            time.sleep(0.5)
            watch(children)
    except Stopping:
        say("mizuhiki: ending …")
    finally:
        stop(children)


def main() -> None:
    """Read the command line, check the ports, run."""
    parser = argparse.ArgumentParser(prog="./run serve", description="the whole product with the demo campaigns")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--mail-port", type=int, default=0, help="sandbox SMTP (default: port + 25)")
    options = parser.parse_args()
    mail_port = options.mail_port or options.port + 25
    for host, port in ((options.host, options.port), ("127.0.0.1", mail_port)):
        if not is_free(host, port):
            sys.exit(f"mizuhiki: port {port} is taken: ./run serve --port {port + 1}")
    serve(options.host, options.port, mail_port)


if __name__ == "__main__":
    main()
