"""Those of the invariants that operations on codes can break."""

from datetime import datetime

from journeys.audit import CHECKS

# The schema and the separation of agencies stay what they are, and take most of the time.
CHECKED = [name for name in CHECKS if name not in {"I11", "I20"}]


def broken(now: datetime) -> dict[str, list[str]]:
    """Give the broken ones."""
    return {name: found for name in CHECKED if (found := sorted(set(CHECKS[name](now))))}
