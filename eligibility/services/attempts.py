"""A budget for tries at numbers, PINs and notices, kept in the database so that no restart refills it."""

from datetime import UTC, datetime

from django.db import transaction
from django.db.models import F

from core.crypto import blind_indexes
from core.index_keys import are_changing, current_key_id
from core.keyed_fields import hold_value
from eligibility.errors import TooManyAttempts
from eligibility.models import AttemptBudget


def spend_attempt(*, scope: str, limit: int, window_seconds: int, now: datetime) -> None:
    """Spend one try of a scope (a device, a network, a terminal) in the running window.

    Call it outside of the transaction of the try, so that a refused try is spent as well.

    Raises:
        TooManyAttempts: `limit` tries were spent within this window.
    """
    started = datetime.fromtimestamp(now.timestamp() // window_seconds * window_seconds, tz=UTC)
    hashes = blind_indexes(scope, field="attempts", tenant=window_seconds)  # the row tells nobody's address
    budget = _budget(hashes, started)
    if not AttemptBudget.objects.filter(pk=budget.pk, used_count__lt=limit).update(used_count=F("used_count") + 1):
        raise TooManyAttempts


def _budget(hashes: list[str], started: datetime) -> AttemptBudget:
    """Give the one row of a scope and window: a change of the index key refills no budget that is being spent."""
    anew = {"scope": hashes[0], "window_started_at": started}
    if not are_changing():
        return AttemptBudget.objects.get_or_create(**anew, defaults={"index_key_id": current_key_id()})[0]
    with transaction.atomic():
        hold_value(hashes)
        known = AttemptBudget.objects.filter(scope__in=hashes, window_started_at=started).first()
        return known or AttemptBudget.objects.create(**anew, index_key_id=current_key_id())
