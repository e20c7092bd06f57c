"""The count of the stock (棚卸): what came in is somewhere, each code in one state."""

from datetime import datetime

from django.db import transaction
from django.db.models import Count

from accounts import audit
from codes.models import BatchStatus, CodeBatch, CodeStatus, GiftCode, StockCount


@transaction.atomic
def take_stock(
    *, agency_id: int, now: datetime, actor_id: int | None = None, batch_ids: list[int] | None = None
) -> list[StockCount]:
    """Count the codes of an agency's batches by state and keep what was found, with the difference to what came in.

    Batches that are being read in are left out: they are not complete yet.
    """
    batches = CodeBatch.objects.filter(agency_id=agency_id).exclude(status=BatchStatus.LOADING).order_by("pk")
    if batch_ids is not None:
        batches = batches.filter(pk__in=batch_ids)
    found = {batch.pk: batch for batch in batches}
    states = _states(list(found))
    counts = StockCount.objects.bulk_create(
        _count(batch, states.get(pk, {}), now, actor_id) for pk, batch in found.items()
    )
    for count in counts:
        audit.record(
            "stock.counted",
            subject=count,
            actor_id=actor_id,
            batch=str(count.batch.public_id),
            difference=count.difference,
        )
    return counts


def _states(batch_ids: list[int]) -> dict[int, dict[str, int]]:
    """Count by batch and state in one statement, so that all figures are of one moment."""
    rows = GiftCode.objects.filter(batch__in=batch_ids).order_by().values_list("batch_id", "status")
    states: dict[int, dict[str, int]] = {}
    for batch_id, status, count in rows.annotate(count=Count("pk")):
        states.setdefault(batch_id, {})[status] = count
    return states


def _count(batch: CodeBatch, states: dict[str, int], now: datetime, actor_id: int | None) -> StockCount:
    return StockCount(
        agency_id=batch.agency_id,
        batch=batch,
        counted_at=now,
        counted_by_id=actor_id,
        imported=batch.code_count,
        staged=states.get(CodeStatus.STAGED, 0),
        available=states.get(CodeStatus.AVAILABLE, 0),
        reserved=states.get(CodeStatus.RESERVED, 0),
        held=states.get(CodeStatus.HELD, 0),
        awarded=states.get(CodeStatus.ISSUED, 0) + states.get(CodeStatus.PRINTED, 0),
        void=states.get(CodeStatus.VOID, 0),
        expired=states.get(CodeStatus.EXPIRED, 0),
        difference=batch.code_count - sum(states.values()),
    )
