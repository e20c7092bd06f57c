"""A budget for tries at numbers, PINs and notices, kept in the database so that no restart refills it."""

from datetime import UTC, datetime

from django.db.models import F

from core.crypto import blind_index
from eligibility.errors import TooManyAttempts
from eligibility.models import AttemptBudget


def spend_attempt(*, scope: str, limit: int, window_seconds: int, now: datetime) -> None:
    """Spend one try of a scope (a device, a network, a terminal) in the running window.

    Call it outside of the transaction of the try, so that a refused try is spent as well.

    Raises:
        TooManyAttempts: `limit` tries were spent within this window.
    """
    started = datetime.fromtimestamp(now.timestamp() // window_seconds * window_seconds, tz=UTC)
    hashed = blind_index(scope, field="attempts", tenant=window_seconds)  # the row tells nobody's address
    budget, _created = AttemptBudget.objects.get_or_create(scope=hashed, window_started_at=started)
    if not AttemptBudget.objects.filter(pk=budget.pk, used_count__lt=limit).update(used_count=F("used_count") + 1):
        raise TooManyAttempts
