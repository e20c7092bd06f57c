"""The loop that carries work on batches from chunk to chunk; what a dead worker left is taken up from its row."""

from collections.abc import Callable
from datetime import datetime

import structlog

from codes.errors import StockBusy
from codes.models import CodeJob, JobKind, JobStatus
from codes.services.exporting import export_chunk
from codes.services.holding import WORK_TASK, hold_chunk
from codes.services.recalling import recall_chunk
from core.crashpoints import crashpoint
from core.errors import StaleState
from core.queueing import enqueue_on_commit

log = structlog.get_logger(__name__)

CHUNKS: dict[str, Callable[..., bool]] = {
    JobKind.HOLD: hold_chunk,
    JobKind.RELEASE: hold_chunk,
    JobKind.RECALL: recall_chunk,
    JobKind.EXPORT: export_chunk,
}
CHUNKS_AT_ONCE = 20  # then the worker is free for others; the next message or sweep goes on


def work_on_batch(*, job_id: int, now: datetime) -> bool:
    """Do some chunks of a job; returns whether it has ended. Two workers on one job take turns."""
    kind = CodeJob.objects.values_list("kind", flat=True).get(pk=job_id)
    for _chunk in range(CHUNKS_AT_ONCE):
        if not CHUNKS[kind](job_id=job_id, now=now):
            return True
        crashpoint("batch_work.between_chunks")
    enqueue_on_commit(WORK_TASK, job_id=job_id)
    return False


def sweep_batch_work(*, now: datetime) -> int:
    """Go on with every job on batches that has not ended; returns how many there were."""
    is_open = CodeJob.objects.filter(status__in=[JobStatus.QUEUED, JobStatus.RUNNING], kind__in=list(CHUNKS))
    job_ids = list(is_open.order_by("pk").values_list("pk", flat=True))
    for job_id in job_ids:
        try:
            work_on_batch(job_id=job_id, now=now)
        except (StockBusy, StaleState) as refusal:  # the chunk is undone; the next sweep repeats it
            log.warning("batch_work_put_off", job_id=job_id, reason=refusal.code)
    return len(job_ids)
