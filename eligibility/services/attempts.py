"""A budget for tries at numbers, PINs and notices, kept in the database so that no restart refills it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from core import rows
from core.crypto import blind_indexes
from core.index_keys import are_changing, current_key_id
from core.keyed_fields import hold_value
from eligibility.errors import TooManyAttempts
from eligibility.models import AttemptBudget
from eligibility.selectors import BUDGETS_COUNT

KEPT_FOR = timedelta(days=1)  # after the end of its window: no clock of ours differs by so much
STEP = 5_000  # rows in one statement, so that nobody waits for long
STEPS = 200  # in one go
UNLIMITED = 2_147_483_647  # what the column holds
SPEND = """
INSERT INTO eligibility_attemptbudget (scope, index_key_id, window_started_at, window_ends_at, used_count)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (scope, window_started_at) DO UPDATE SET used_count = eligibility_attemptbudget.used_count + %s
WHERE eligibility_attemptbudget.used_count <= %s RETURNING used_count{watched}
"""
SPENT = """
SELECT COALESCE(SUM(used_count), 0) FROM eligibility_attemptbudget
WHERE window_started_at = %s AND scope IN ({hashes})
"""


@dataclass(frozen=True)
class Window:
    """The running window of a scope (a device, a network, a terminal); its hashes tell nobody's address."""

    hashes: tuple[str, ...]
    started_at: datetime
    ends_at: datetime


def window_of(*, scope: str, window_seconds: int, now: datetime) -> Window:
    """Give the window of a scope in which an instant lies."""
    started = datetime.fromtimestamp(now.timestamp() // window_seconds * window_seconds, tz=UTC)
    hashes = tuple(blind_indexes(scope, field="attempts", tenant=window_seconds))
    return Window(hashes, started, started + timedelta(seconds=window_seconds))


def spend_attempt(
    *, scope: str, limit: int, window_seconds: int, now: datetime, tries: int = 1, watched: Sequence[Window] = ()
) -> list[int]:
    """Spend a try of a scope (a device, a network, a terminal) in the running window, or several at once.

    Call it outside of the transaction of the try, so that a refused try is spent as well. What was spent of other
    windows before is read by the way: returns it in the order of `watched`.

    Raises:
        TooManyAttempts: less than `tries` of `limit` are left in this window; none of them is spent.
    """
    own = window_of(scope=scope, window_seconds=window_seconds, now=now)
    spent = _spend(own, tries, limit, watched)
    if spent is None:
        raise TooManyAttempts(wait=window_seconds - int(now.timestamp()) % window_seconds)
    return spent


def spent_attempts(*, windows: Sequence[Window]) -> list[int]:
    """Tell how much was spent of each of some windows, in one statement."""
    asked, values = _asked(windows)
    return [int(spent) for spent in rows.one(f"SELECT {', '.join(asked)}", values) or ()]


def note_attempts(*, windows: Sequence[Window], tries: int = 1) -> None:
    """Spend tries of windows without asking what is left."""
    for window in windows:
        _spend(window, tries, UNLIMITED)


def forget_attempts(*, now: datetime) -> int:
    """Drop budgets whose window ended a day ago, in steps; returns how many. What is left is for the next time."""
    over = Q(window_ends_at__lt=now - KEPT_FOR)
    unmarked = Q(window_ends_at=None, window_started_at__lt=now - BUDGETS_COUNT - KEPT_FOR)
    dropped = 0
    for _step in range(STEPS):
        gone = _some(over) or _some(unmarked)
        if not gone:
            break
        dropped += AttemptBudget.objects.filter(pk__in=gone).delete()[0]
    return dropped


def _some(which: Q) -> list[int]:
    found = AttemptBudget.objects.filter(which).order_by("window_ends_at", "pk").values_list("pk", flat=True)
    return list(found[:STEP])


def _asked(windows: Sequence[Window]) -> tuple[list[str], list[Any]]:
    """Write what asks how much was spent of windows, and its values."""
    asked = [f"({SPENT.format(hashes=rows.places(window.hashes))})" for window in windows]
    return asked, [value for window in windows for value in (window.started_at, *window.hashes)]


def _spend(window: Window, tries: int, limit: int, watched: Sequence[Window] = ()) -> list[int] | None:
    """Spend tries of the one row of a window, if so many are left; returns what was spent of those watched."""
    if not are_changing():
        return _spend_of(window.hashes[0], window, tries, limit, watched)
    with transaction.atomic():  # a change of the index key refills no budget that is being spent
        hold_value(list(window.hashes))
        known = AttemptBudget.objects.filter(scope__in=window.hashes, window_started_at=window.started_at).first()
        return _spend_of(known.scope if known else window.hashes[0], window, tries, limit, watched)


def _spend_of(scope: str, window: Window, tries: int, limit: int, watched: Sequence[Window]) -> list[int] | None:
    asked, values = _asked(watched)
    statement = SPEND.format(watched="".join(f", {one}" for one in asked))
    own = [scope, current_key_id(), window.started_at, window.ends_at, tries, tries, limit - tries]
    found = rows.one(statement, [*own, *values])
    return None if found is None else [int(spent) for spent in found[1:]]
