"""Codes held back and put back: single ones at once, those of a batch in chunks (保留・保留解除)."""

from datetime import datetime

from django.db import transaction

from accounts import audit
from codes.errors import BatchNotInStock, BatchWorkRunning
from codes.models import BatchStatus, CodeBatch, CodeJob, CodeStatus, GiftCode, JobKind, JobStatus
from codes.services.job_loop import OPEN, RUN_TASK
from codes.services.places import settle_rest
from codes.services.reserving import batch_lock
from core.crashpoints import crashpoint
from core.named_locks import hold
from core.queueing import enqueue_on_commit

CHUNK = 2000
MOVES = {
    JobKind.HOLD: (CodeStatus.AVAILABLE, CodeStatus.HELD),
    JobKind.RELEASE: (CodeStatus.HELD, CodeStatus.AVAILABLE),
}


@transaction.atomic
def hold_batch(*, batch_id: int, reason: str, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Take what is left of a batch out of reach of winners, until it is put back.

    Raises:
        BatchNotInStock: the batch is not active.
        BatchWorkRunning: other work on it has not ended.
    """
    batch = locked_batch(batch_id=batch_id, status=BatchStatus.ACTIVE)
    batch.move_to(BatchStatus.PAUSED, status_reason=reason)
    audit.record("batch.held", subject=batch, actor_id=actor_id, reason=reason)
    return begin_work(batch=batch, kind=JobKind.HOLD, actor_id=actor_id)


@transaction.atomic
def release_batch(*, batch_id: int, reason: str, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Put the held codes of a batch back into stock, those held one by one included.

    Raises:
        BatchNotInStock: the batch is not held back.
        BatchWorkRunning: other work on it has not ended.
    """
    batch = locked_batch(batch_id=batch_id, status=BatchStatus.PAUSED)
    batch.move_to(BatchStatus.ACTIVE, status_reason=reason)
    audit.record("batch.released", subject=batch, actor_id=actor_id, reason=reason)
    return begin_work(batch=batch, kind=JobKind.RELEASE, actor_id=actor_id)


@transaction.atomic
def hold_code(*, gift_code_id: int, reason: str, now: datetime, actor_id: int | None = None) -> GiftCode:
    """Hold one code in stock back.

    Raises:
        StaleState: it is not in stock any more.
    """
    gift_code = GiftCode.objects.select_for_update().get(pk=gift_code_id)
    gift_code.move_to(CodeStatus.HELD)
    audit.record("code.held", subject=gift_code, actor_id=actor_id, reason=reason)
    settle_rest(prize_id=gift_code.prize_id, now=now)
    return gift_code


@transaction.atomic
def release_code(*, gift_code_id: int, reason: str, now: datetime, actor_id: int | None = None) -> GiftCode:
    """Put one held code back into stock.

    Raises:
        BatchNotInStock: its whole batch is held back or recalled.
        StaleState: it is not held.
    """
    batch_id = GiftCode.objects.values_list("batch_id", flat=True).get(pk=gift_code_id)
    if CodeBatch.objects.select_for_update().get(pk=batch_id).status != BatchStatus.ACTIVE:
        raise BatchNotInStock(batch_id=batch_id)
    gift_code = GiftCode.objects.select_for_update().get(pk=gift_code_id)
    if gift_code.status != CodeStatus.HELD:  # a reserved code could move to stock as well, but is its holder's
        raise gift_code.stale(CodeStatus.AVAILABLE)
    gift_code.move_to(CodeStatus.AVAILABLE)
    audit.record("code.released", subject=gift_code, actor_id=actor_id, reason=reason)
    settle_rest(prize_id=gift_code.prize_id, now=now)
    return gift_code


@transaction.atomic
def hold_chunk(*, job_id: int, now: datetime) -> bool:
    """Move one chunk of a batch between stock and held back; returns whether more is left to do."""
    job = CodeJob.objects.select_for_update(of=("self",)).select_related("batch").get(pk=job_id)
    if job.status not in OPEN or job.batch is None:
        return False
    old, new = MOVES[JobKind(job.kind)]
    # Whoever takes one of these codes at this moment is waited for, so that none slips through.
    found = GiftCode.objects.filter(batch=job.batch, status=old).order_by("pk")[:CHUNK]
    chunk = list(found.select_for_update().values_list("pk", flat=True))
    moved = GiftCode.objects.filter(pk__in=chunk, status=old).update(status=new, updated_at=now)
    note_progress(job=job, done=moved, is_last=not chunk, now=now)
    settle_rest(prize_id=job.batch.prize_id, now=now)
    crashpoint("hold.before_commit")
    return bool(chunk)


def locked_batch(*, batch_id: int, status: BatchStatus) -> CodeBatch:
    """Lock a batch that is in a state and has no work running.

    Raises:
        BatchNotInStock, BatchWorkRunning: it is not, or it has.
    """
    batch = CodeBatch.objects.select_for_update(of=("self",)).select_related("agency").get(pk=batch_id)
    if batch.status != status:
        raise BatchNotInStock(batch_id=batch_id)
    hold(batch_lock(batch_id))
    # An export moves no code: nothing waits for it.
    if batch.jobs.filter(status__in=OPEN).exclude(kind=JobKind.EXPORT).exists():
        raise BatchWorkRunning(batch_id=batch_id)
    return batch


def begin_work(*, batch: CodeBatch, kind: JobKind, actor_id: int | None) -> CodeJob:
    """Leave a row for the worker, and wake him after the commit."""
    job = CodeJob.objects.create(
        agency_id=batch.agency_id,
        batch=batch,
        kind=kind,
        total_count=batch.gift_codes.filter(status=MOVES[kind][0]).count(),
        requested_by_id=actor_id,
    )
    enqueue_on_commit(RUN_TASK, job_id=job.pk)
    return job


def note_progress(*, job: CodeJob, done: int, is_last: bool, now: datetime) -> None:
    """Write down how far a job is, in the transaction of the chunk; the last chunk ends it."""
    job.done_count += done
    job.total_count = max(job.total_count, job.done_count)
    changes = {"done_count": job.done_count, "total_count": job.total_count, "report": job.report, "cursor": job.cursor}
    if job.status == JobStatus.QUEUED:
        job.move_to(JobStatus.RUNNING)
    job.move_to(JobStatus.DONE if is_last else JobStatus.RUNNING, **changes, finished_at=now if is_last else None)
    if is_last and job.batch is not None:
        audit.record(f"batch.{job.kind}_done", subject=job.batch, job=str(job.public_id), codes=job.done_count)
