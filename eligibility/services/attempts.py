"""A budget for tries at numbers, PINs and notices, kept in the database so that no restart refills it."""

from datetime import UTC, datetime

from django.db import transaction

from core import rows
from core.crypto import blind_indexes
from core.index_keys import are_changing, current_key_id
from core.keyed_fields import hold_value
from eligibility.errors import TooManyAttempts
from eligibility.models import AttemptBudget

SPEND = """
INSERT INTO eligibility_attemptbudget (scope, index_key_id, window_started_at, used_count) VALUES (%s, %s, %s, 1)
ON CONFLICT (scope, window_started_at) DO UPDATE SET used_count = eligibility_attemptbudget.used_count + 1
WHERE eligibility_attemptbudget.used_count < %s RETURNING used_count
"""


def spend_attempt(*, scope: str, limit: int, window_seconds: int, now: datetime) -> None:
    """Spend one try of a scope (a device, a network, a terminal) in the running window.

    Call it outside of the transaction of the try, so that a refused try is spent as well.

    Raises:
        TooManyAttempts: `limit` tries were spent within this window.
    """
    started = datetime.fromtimestamp(now.timestamp() // window_seconds * window_seconds, tz=UTC)
    hashes = blind_indexes(scope, field="attempts", tenant=window_seconds)  # the row tells nobody's address
    if not are_changing():
        return _spend(hashes[0], started, limit)
    with transaction.atomic():  # a change of the index key refills no budget that is being spent
        hold_value(hashes)
        known = AttemptBudget.objects.filter(scope__in=hashes, window_started_at=started).first()
        return _spend(known.scope if known else hashes[0], started, limit)


def _spend(scope: str, started: datetime, limit: int) -> None:
    if rows.one(SPEND, [scope, current_key_id(), started, limit]) is None:
        raise TooManyAttempts
