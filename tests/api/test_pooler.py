"""I11 behind a pooler that shares sessions out by transaction: the wall stays down there, and nothing leaks.

Several agencies call at once over fewer sessions of the database than there are callers.
"""

import os
import pwd
import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection, connections
from structlog.testing import capture_logs

from accounts import wall
from accounts.models import ApiKey
from accounts.wall import ROLE, confined_to, is_up
from core.processes import die_with_parent
from tests.api.world import make_tenant
from tests.races.racing import race
from tests.services import wait_for_port

FOLDERS_OF_SERVICES = f"{os.environ.get('PATH', '')}:/usr/sbin"
PGBOUNCER = shutil.which("pgbouncer", path=FOLDERS_OF_SERVICES)
SESSIONS = 2
AGENCIES = 6
CALLS = 8
CONFIG = """
[databases]
pooled = {told} dbname={name}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {sessions}
max_client_conn = 100
ignore_startup_parameters = extra_float_digits
"""

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(PGBOUNCER is None and "CI" not in os.environ, reason="NO PGBOUNCER: install pgbouncer"),
]


@pytest.fixture
def pooled(tmp_path, monkeypatch):
    """Have every session that is opened from here on come out of the pool; gives the settings of the direct ones."""
    direct = connection.get_connection_params()
    own_port = _free_port()
    told = {"host": "127.0.0.1", "port": 5432, "user": "postgres"}
    told |= {key: direct[key] for key in ("host", "port", "user", "password") if direct.get(key)}
    facts = {
        "told": " ".join(f"{key}={value}" for key, value in told.items()),
        "name": connection.settings_dict["NAME"],
    }
    config = tmp_path / "pgbouncer.ini"
    config.write_text(CONFIG.format(own_port=own_port, sessions=SESSIONS, **facts))
    config.chmod(0o644)
    for folder in (tmp_path, *tmp_path.parents[:3]):  # a service that is started as root takes another user
        if folder.is_relative_to("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    server = subprocess.Popen(
        [str(PGBOUNCER), "-q", *_as_somebody(str(told["host"])), str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509 nothing runs in threads yet
    )
    try:
        wait_for_port(own_port, server)
        pool = {"HOST": "127.0.0.1", "PORT": str(own_port), "NAME": "pooled", "DISABLE_SERVER_SIDE_CURSORS": True}
        options = {
            "OPTIONS": connection.settings_dict["OPTIONS"] | {"prepare_threshold": None, "server_side_binding": True}
        }
        monkeypatch.setitem(connections.settings, "default", connections.settings["default"] | pool | options)
        yield
    finally:
        server.terminate()
        server.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _as_somebody(host: str) -> list[str]:
    """It refuses to serve as root; whoever owns the folder of the database's socket may enter it."""
    if os.getuid():
        return []
    owner = Path(host).stat().st_uid if host.startswith("/") else 0
    return ["-u", pwd.getpwuid(owner).pw_name if owner else "nobody"]


def ask(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


def seen(tenant):
    """Call again and again, and tell by which database user, for which agency and with which rows it was answered."""
    caller, found = tenant.api, set()
    for _call in range(CALLS):
        with confined_to(tenant.agency.pk):
            user, agency = ask(f"SELECT current_user, current_setting('{wall.SETTING}', true)")
        rows = caller.get("/campaigns").json()["data"]
        found.add((user, agency or "", tuple(row["id"] for row in rows)))
    return found


def test_I11_several_agencies_over_few_sessions_see_their_own_and_no_session_keeps_an_agency(pooled):
    owner = urlsplit(os.environ["TEST_DATABASE_URL"]).username or "postgres"
    tenants = [make_tenant(f"agency-{number}") for number in range(AGENCIES)]

    with capture_logs() as lines:
        outcomes = race([lambda tenant=tenant: seen(tenant) for tenant in tenants])
        up, processes = race([is_up, lambda: {ask("SELECT pg_backend_pid()") for _time in range(20)}])

    assert outcomes == [{(owner, "", (str(tenant.campaign.public_id),))} for tenant in tenants]
    assert {line["event"] for line in lines if line["log_level"] == "error"} == {"agency_wall_down"}
    assert (up, len(processes) <= SESSIONS) == (False, True)


def test_I11_negative_control_a_wall_that_did_not_tell_a_pooler_would_leave_an_agency_in_its_sessions(
    pooled, monkeypatch
):
    tenant = make_tenant("agency")
    blind = wall.ENTER.replace("AND pg_backend_pid() = %s", "AND %s IS NOT NULL")
    monkeypatch.setattr(wall, "ENTER", blind)

    def stay_inside():
        wall._enter(connection, tenant.agency.pk)

    race([stay_inside])
    [met] = race([lambda: ask("SELECT current_user")])

    assert met == (ROLE,)  # somebody else, who came later, is given the session
    assert ApiKey.objects.count()
    assert settings.AGENCY_WALL
