"""A winner's prizes and the notices about them, stored together or not at all (I03)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from codes.services.awarding import award_by_steps, call_giving
from core.queueing import wake_on_commit
from distribution.services.queueing import SEND_IDS, SEND_TASK, queue_award


@dataclass(frozen=True)
class GivenPrize:
    """An award and the delivery that tells of it; `is_new` if this call made them."""

    award_id: int
    delivery_id: int
    is_new: bool


def give_prizes(*, result_id: int, now: datetime) -> list[GivenPrize]:
    """Award a winning entry every prize of its course and queue each notice; a repeat returns the same.

    On PostgreSQL one call of the database does it all. Raises as `codes.services.award_prizes`.
    """
    rows = None
    if connection.vendor == "postgresql":
        rows = call_giving("distribution_give_prizes", result_id=result_id, now=now)
    if rows is None:
        return _give_by_steps(result_id, now)
    given = [GivenPrize(award_id, delivery_id, bool(is_new)) for award_id, delivery_id, is_new in rows]
    new = [prize.delivery_id for prize in given if prize.is_new]
    wake_on_commit(SEND_TASK, SEND_IDS, new)
    return given


@transaction.atomic
def _give_by_steps(result_id: int, now: datetime) -> list[GivenPrize]:
    given = []
    for award in award_by_steps(result_id=result_id, now=now):
        is_new = not hasattr(award, "delivery")
        given.append(GivenPrize(award.pk, queue_award(award_id=award.pk, now=now).pk, is_new))
    return given
