"""What must hold at every commit, asked of the rows: each check gives the ids of rows that break its invariant.

Only ids are ever named: `model:pk`. `manage.py audit_invariants` runs all of them, and every test of a fault ends so.
"""

from collections.abc import Callable
from datetime import datetime

from journeys.audit import entries, messages, schema, tenancy, value

Check = Callable[[datetime], list[str]]

CHECKS: dict[str, Check] = {
    "I01": value.codes_and_awards,
    "I02": lambda _now: value.batch_sums(),
    "I03": lambda _now: messages.awards_and_deliveries(),
    "I04": lambda _now: value.course_counters(),
    "I05": lambda _now: value.balances(),
    "I06": lambda _now: value.books(),
    "I07": lambda _now: value.buried_sales(),
    "I09": entries.forgotten,
    "I10": lambda _now: [*entries.impossible_entries(), *value.impossible_value(), *messages.impossible_messages()],
    "I11": lambda _now: tenancy.rows_of_two_agencies(),
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


def violations(now: datetime) -> dict[str, list[str]]:
    """Give the broken invariants only."""
    return {name: found for name, found in audit_invariants(now).items() if found}
