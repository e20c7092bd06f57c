"""A budget for tries at numbers, PINs and notices, kept in the database so that no restart refills it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import F

from core.crypto import blind_indexes
from core.index_keys import are_changing, current_key_id
from core.keyed_fields import hold_value
from eligibility.errors import TooManyAttempts
from eligibility.models import AttemptBudget


@dataclass(frozen=True)
class Window:
    """The running window of a scope (a device, a network, a terminal); its hashes tell nobody's address."""

    hashes: tuple[str, ...]
    started_at: datetime

    def is_of(self, row: tuple[int, str, datetime, int]) -> bool:
        """Tell whether a row of budgets belongs to it."""
        return row[1] in self.hashes and row[2] == self.started_at


def window_of(*, scope: str, window_seconds: int, now: datetime) -> Window:
    """Give the window of a scope in which an instant lies."""
    started = datetime.fromtimestamp(now.timestamp() // window_seconds * window_seconds, tz=UTC)
    return Window(tuple(blind_indexes(scope, field="attempts", tenant=window_seconds)), started)


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
    rows = _rows([own, *watched])
    pk = next((row[0] for row in rows if own.is_of(row)), None) or _budget(own).pk
    left = AttemptBudget.objects.filter(pk=pk, used_count__lte=limit - tries)
    if not left.update(used_count=F("used_count") + tries):
        raise TooManyAttempts(wait=window_seconds - int(now.timestamp()) % window_seconds)
    return [_spent(rows, window) for window in watched]


def spent_attempts(*, windows: Sequence[Window]) -> list[int]:
    """Tell how much was spent of each of some windows."""
    rows = _rows(windows)
    return [_spent(rows, window) for window in windows]


def note_attempts(*, windows: Sequence[Window], tries: int = 1) -> None:
    """Spend tries of windows without asking what is left."""
    for window in windows:
        AttemptBudget.objects.filter(pk=_budget(window).pk).update(used_count=F("used_count") + tries)


def _rows(windows: Sequence[Window]) -> list[tuple[int, str, datetime, int]]:
    """Read the budgets of some windows in one statement."""
    hashes = [scope for window in windows for scope in window.hashes]
    starts = {window.started_at for window in windows}
    rows = AttemptBudget.objects.filter(scope__in=hashes, window_started_at__in=starts)
    return list(rows.values_list("pk", "scope", "window_started_at", "used_count"))


def _spent(rows: Sequence[tuple[int, str, datetime, int]], window: Window) -> int:
    return sum(row[3] for row in rows if window.is_of(row))


def _budget(window: Window) -> AttemptBudget:
    """Give the one row of a window: a change of the index key refills no budget that is being spent."""
    anew = {"scope": window.hashes[0], "window_started_at": window.started_at}
    if not are_changing():
        return AttemptBudget.objects.get_or_create(**anew, defaults={"index_key_id": current_key_id()})[0]
    with transaction.atomic():
        hold_value(list(window.hashes))
        known = AttemptBudget.objects.filter(scope__in=window.hashes, window_started_at=window.started_at).first()
        return known or AttemptBudget.objects.create(**anew, index_key_id=current_key_id())
