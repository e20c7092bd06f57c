"""The database's own wall: while an agency's key is being served, the session sees rows of that agency only (I11).

The first wall are the selectors, which begin with the agency. Behind them the session takes a role that owns nothing
and says for which agency; policies on the tables bind that role alone (journeys/wall.py puts them there). A query that
forgot its agency then finds nothing of others, and a row for another agency is refused. Workers, the desk and the
pages of entrants keep the role that they came with. SQLite has no such wall.

It guards against our own mistakes, not against somebody who can send SQL of his own: a session may always leave a role
that it has taken.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog
from django.conf import settings
from django.db import Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from core import rows

log = structlog.get_logger(__name__)

ROLE = "mizuhiki_agency"
SETTING = "mizuhiki.agency"
MAY_BE_TAKEN = """
FROM pg_roles WHERE rolname = %s AND pg_has_role(
    session_user, oid, CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END
)"""
# No row where the wall cannot be used: the role is missing, may not be taken or was let in nowhere, or a pooler answers
# for sessions that it shares out, which is told by another process than the one that this connection was opened to.
STANDS = f"""{MAY_BE_TAKEN} AND has_table_privilege(oid, to_regclass('accounts_agency'), 'SELECT')
  AND pg_backend_pid() = %s"""
ENTER = f"SELECT set_config('{SETTING}', %s, false), set_config('role', rolname, false) {STANDS}"

_agency_id: ContextVar[int | None] = ContextVar("agency_id", default=None)


def is_up() -> bool:
    """Tell whether calls of agencies' keys are confined here."""
    if not is_wanted():
        return False
    return rows.one(f"SELECT true {STANDS}", [ROLE, _process_of(connection)]) is not None


def is_wanted() -> bool:
    """Tell whether this database can have a wall and the settings want it."""
    return connection.vendor == "postgresql" and bool(settings.AGENCY_WALL)


def confined_agency() -> int | None:
    """Give the agency to whose rows this call is confined, if it is."""
    return _agency_id.get()


def is_confined() -> bool:
    """Tell whether this is the call of an agency's key, which may not do what the wall forbids, such as COPY."""
    return _agency_id.get() is not None


@contextmanager
def confined_to(agency_id: int) -> Iterator[None]:
    """Keep this thread's session of the database to the rows of an agency, whatever happens within.

    Begin it outside of transactions: one that is rolled back takes back what was set in it. Where the wall is down the
    call goes on behind the selectors alone; `readyz` and the audit tell.
    """
    if not is_wanted():
        yield
        return
    token = _agency_id.set(agency_id)
    try:
        _enter(connection, agency_id)
        yield
    finally:
        _agency_id.reset(token)
        _leave()


def confine_new_session(connection: BaseDatabaseWrapper, **_kwargs: Any) -> None:
    """Confine a session that takes the place of a lost one in the middle of a call."""
    agency_id = _agency_id.get()
    if agency_id is not None:
        _enter(connection, agency_id)


def _enter(connection: Any, agency_id: int) -> None:
    if rows.one(ENTER, [str(agency_id), ROLE, _process_of(connection)]) is None:
        log.error("agency_wall_down")


def _process_of(connection: Any) -> int:
    connection.ensure_connection()
    process_id: int = connection.connection.info.backend_pid
    return process_id


def _leave() -> None:
    if connection.connection is None:
        return
    try:
        rows.count("RESET ROLE", [])
    except Error:  # a session that cannot be let out may serve nobody else
        connection.close()
