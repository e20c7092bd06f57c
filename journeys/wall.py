"""Puts the wall between agencies into PostgreSQL: a policy for each table of theirs (accounts/wall.py goes behind it).

What belongs to an agency is read from the models, so that a new table has its policy with the migration that makes it:
a table with a column `agency_id`, and a table whose first required foreign key leads to one that belongs to an agency.
Everything else is closed to the confined role, save for what `OPEN` names with a reason.
"""

from collections.abc import Iterator
from typing import Any, cast

import structlog
from django.apps import apps
from django.db import Error, connection, transaction
from django.db.models import Field, ForeignKey, Model

from accounts.models import Agency
from accounts.wall import MAY_BE_TAKEN, ROLE, SETTING, is_wanted

log = structlog.get_logger(__name__)

POLICY = "agency_wall"
EVERYTHING = ("DELETE", "INSERT", "SELECT", "UPDATE")
OPEN = {
    "campaigns.giftbrand": ("SELECT",),  # dated rules of brands, the same for everyone
    "eligibility.attemptbudget": ("INSERT", "SELECT", "UPDATE"),  # counters of tries under keyed hashes
    "codes.unwrittenline": ("DELETE", "INSERT", "SELECT"),  # ids and keyed hashes on their way into the journal
}
HERE = f"current_setting('{SETTING}')::bigint"
# The condition stands in the policy's comment as it was written; the database keeps it in words of its own.
FOUND = """
SELECT c.relname, c.relrowsecurity, obj_description(p.oid, 'pg_policy'), array(
    SELECT a.privilege_type::text FROM aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
    WHERE r.rolname = %s ORDER BY 1
)
FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = %s AND p.polcmd = '*'
  AND NOT p.polpermissive AND p.polroles = array(SELECT oid FROM pg_roles WHERE rolname = %s)
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
"""
UNBIND = ("DROP POLICY IF EXISTS {policy} ON {table}", "DROP POLICY IF EXISTS {policy}_others ON {table}")
BIND = (  # the first policy lets everybody through as before, the second one narrows that for the confined role only
    "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY {policy}_others ON {table} USING (true)",
    "CREATE POLICY {policy} ON {table} AS RESTRICTIVE TO {role} USING ({condition})",
    "COMMENT ON POLICY {policy} ON {table} IS {comment}",
)
CLOSE = "REVOKE ALL ON {table} FROM {role}"
LET_IN = "GRANT {privileges} ON {table} TO {role}"
Rule = tuple[str | None, tuple[str, ...]]  # which rows, if not all, and what may be done with them
NOTHING: Rule = (None, ())


def owner_of(model: type[Model]) -> str | None:
    """Give the path from a model to its agency; None for what belongs to no agency."""
    if model is Agency:
        return "pk"
    if any(field.name == "agency" for field in model._meta.concrete_fields):
        return "agency"
    parent = _parent(model)
    return f"{parent.name}__{owner_of(_related(parent))}" if parent else None


def rules() -> dict[str, Rule]:
    """Give what holds for each table that a confined session may touch."""
    found: dict[str, Rule] = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and owner_of(model):
            found[model._meta.db_table] = (_condition(model), EVERYTHING)
    return found | {apps.get_model(label)._meta.db_table: (None, privileges) for label, privileges in OPEN.items()}


def gaps() -> list[str]:
    """Name the tables whose policy or privileges are not as they should be."""
    with connection.cursor() as cursor:
        cursor.execute(FOUND, [ROLE, POLICY, ROLE])
        found = {table: (is_on, comment, tuple(granted)) for table, is_on, comment, granted in cursor.fetchall()}
    wanted = rules()
    return sorted(
        table
        for table, (is_on, comment, granted) in found.items()
        if (comment, granted) != wanted.get(table, NOTHING) or (comment is not None and not is_on)
    )


def raise_wall(**_kwargs: Any) -> None:
    """Make the role where this user may, and give each table that lacks it its policy; nothing where all is well."""
    if not is_wanted():
        return
    if not _role_may_be_taken():
        reason = _make_role()
        if not _role_may_be_taken():
            log.error("agency_wall_down", reason=reason)
            return
    wanted = rules()
    for table in sorted(gaps(), key=lambda table: (table == Agency._meta.db_table, table)):  # this one says: all done
        with transaction.atomic(), connection.cursor() as cursor:  # each by itself: nobody waits for long
            for statement in _statements(table, *wanted.get(table, NOTHING)):
                cursor.execute(statement)


def _role_may_be_taken() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT true {MAY_BE_TAKEN}", [ROLE])
        return cursor.fetchone() is not None


def _make_role() -> str:
    """Try to; returns why it failed."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN")
            cursor.execute(f"GRANT {ROLE} TO SESSION_USER")
    except Error as error:
        return str(error)
    return ""


def _statements(table: str, condition: str | None, privileges: tuple[str, ...]) -> Iterator[str]:
    facts = {
        "table": connection.ops.quote_name(table),
        "policy": POLICY,
        "role": ROLE,
        "condition": condition,
        "comment": "'" + (condition or "").replace("'", "''") + "'",
        "privileges": ", ".join(privileges),
    }
    statements = [*UNBIND, *(BIND if condition else ()), CLOSE, *((LET_IN,) if privileges else ())]
    for statement in statements:
        yield statement.format(**facts)


def _condition(model: type[Model]) -> str:
    if model is Agency:
        return f"id = {HERE}"
    if owner_of(model) == "agency":
        return f"agency_id = {HERE}"
    parent = _parent(model)
    assert parent is not None
    above = _related(parent)._meta.db_table  # whose own policy says which of its rows are there at all
    return f"EXISTS (SELECT FROM {above} above WHERE above.id = {model._meta.db_table}.{parent.column})"


def _parent(model: type[Model]) -> "Field[Any, Any] | None":
    for field in model._meta.concrete_fields:
        is_required = isinstance(field, ForeignKey) and not field.null
        if is_required and _related(field) not in (model, Agency) and owner_of(_related(field)):
            return field
    return None


def _related(field: "Field[Any, Any]") -> type[Model]:
    return cast("type[Model]", field.related_model)
