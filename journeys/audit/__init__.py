"""What must hold at every commit, asked of the rows: each check gives the ids of rows that break its invariant.

Only ids are ever named: `model:pk`. `manage.py audit_invariants` runs all of them, and every test of a fault ends so.
I08 compares the rows with the issue journal and is asked apart.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from codes.promised import promises_lost
from core.clock import jst_day
from journeys.audit import entries, messages, schema, tenancy, value

Check = Callable[[datetime], list[str]]

CHECKS: dict[str, Check] = {
    "I01": value.codes_and_awards,
    "I02": lambda _now: value.batch_sums(),
    "I03": lambda _now: messages.awards_and_deliveries(),
    "I04": lambda _now: [*value.course_counters(), *value.shares(), *value.budgets(), *value.households()],
    "I05": lambda _now: value.balances(),
    "I06": lambda _now: value.books(),
    "I07": lambda now: [*value.buried_sales(), *value.doubled_calls(now)],
    "I09": entries.forgotten,
    "I10": lambda _now: [*entries.impossible_entries(), *value.impossible_value(), *messages.impossible_messages()],
    "I11": lambda _now: [
        *tenancy.rows_of_two_agencies(),
        *tenancy.missing_keys(),
        *tenancy.gaps_in_the_wall(),
    ],
    "I12": lambda _now: schema.values_in_clear(),
    "I13": lambda _now: value.reveals(),
    "I14": lambda _now: entries.results(),
    "I15": lambda _now: entries.number_uses(),
    "I16": lambda _now: entries.receipts_that_count(),
    "I17": lambda _now: entries.outside_period(),
    "I19": lambda _now: entries.verdicts_that_differ(),
    "I20": lambda _now: schema.money_that_is_no_integer(),
}


def audit_invariants(now: datetime) -> dict[str, list[str]]:
    """Run every check; returns the violations by invariant, empty lists where all is well."""
    return {name: sorted(set(check(now))) for name, check in CHECKS.items()}


def lost_promises(now: datetime) -> list[str]:
    """I08: what was shown or told to a till since the day before yesterday is in the database.

    Raises:
        JournalUnavailable: what was promised cannot be read.
    """
    lost = promises_lost(since=jst_day(now - timedelta(days=2)))
    return [f"{model._meta.label_lower}:{public_id}" for model, public_id in lost]


def violations(now: datetime) -> dict[str, list[str]]:
    """Give the broken invariants only."""
    return {name: found for name, found in audit_invariants(now).items() if found}
