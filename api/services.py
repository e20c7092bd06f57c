"""Writes of the API itself."""

from datetime import datetime, timedelta

from api.models import IdempotencyRecord
from codes.services import forget_recovered_calls

ANSWERS_KEPT_FOR = timedelta(days=30)  # after it, only `pos_transaction_id` tells a repeated sale from a new one


def forget_answers(*, now: datetime) -> int:
    """Drop answers kept for repeated calls that are older than 30 days; returns how many."""
    count, _by_model = IdempotencyRecord.objects.filter(created_at__lte=now - ANSWERS_KEPT_FOR).delete()
    forget_recovered_calls(now=now)
    return count
