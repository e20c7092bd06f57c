"""Staged batches are put into stock or given up: small ones at once, large ones chunk by chunk.

The batch moves first, with its line in the trail; its codes follow, and until the last of them has, the job is open.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import CharField, Max, Min, QuerySet, Value
from django.db.models.functions import Cast, Concat, Replace

from accounts import audit
from codes.errors import BatchWorkRunning, SecondPersonNeeded
from codes.models import BatchPurpose, BatchStatus, CodeBatch, CodeJob, CodeStatus, GiftCode, JobKind, JobStatus
from codes.services.job_loop import OPEN, RUN_TASK, advance
from codes.services.journaling import journal_batch_after_commit
from codes.services.places import settle_rest
from core.crashpoints import crashpoint
from core.queueing import enqueue_on_commit

CHUNK = 10_000  # codes put into stock in one transaction
AT_ONCE = 5000
# The index is freed, so that a corrected file may bring the same codes.
FREED_INDEX = Concat(Value("discarded:"), Replace(Cast("public_id", CharField()), Value("-"), Value("")))
COMING = (JobKind.IMPORT, JobKind.GENERATE, JobKind.ACTIVATE, JobKind.DISCARD)


@transaction.atomic
def start_activation(*, batch_id: int, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Put a staged batch into stock, a small one at once; above the agency's value its maker needs a second person.

    Raises:
        BatchWorkRunning: other work on it has not ended, or its activation waits for somebody.
        StaleState: it is not staged.
    """
    batch = _free_batch(batch_id)
    check_staged(batch, BatchStatus.ACTIVE)
    job = _new_job(batch, JobKind.ACTIVATE, actor_id)
    if needs_second_person(batch, actor_id):
        job.status = JobStatus.WAITING
        job.save()
        audit.record("batch.activation_requested", subject=batch, actor_id=actor_id, codes=batch.code_count)
        return job
    job.save()
    return _activate(batch, job, actor_id, now)


@transaction.atomic
def confirm_activation(*, job_id: int, now: datetime, actor_id: int | None) -> CodeJob:
    """Confirm, as the second person, that a batch is put into stock.

    Raises:
        SecondPersonNeeded: who confirms made the batch, or asked for its activation.
        StaleState: the job does not wait any more, or the batch was discarded.
    """
    job = CodeJob.objects.select_for_update(of=("self",)).get(pk=job_id, kind=JobKind.ACTIVATE)
    batch = CodeBatch.objects.select_for_update(of=("self",)).select_related("agency").get(pk=job.batch_id or 0)
    if needs_second_person(batch, actor_id) or actor_id in (None, job.requested_by_id):
        raise SecondPersonNeeded
    if job.status != JobStatus.WAITING:
        raise job.stale(JobStatus.QUEUED)
    job.move_to(JobStatus.QUEUED, approved_by_id=actor_id)
    return _activate(batch, job, actor_id, now)


@transaction.atomic
def start_discard(*, batch_id: int, reason: str, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Give up a staged batch; the codes of a small one are void at once.

    Raises:
        BatchWorkRunning: other work on it has not ended, or its activation waits for somebody.
        StaleState: it is not staged.
    """
    batch = _free_batch(batch_id)
    check_staged(batch, BatchStatus.DISCARDED)
    return discard_loaded(batch, reason, actor_id, now)


def discard_loaded(batch: CodeBatch, reason: str, actor_id: int | None, now: datetime) -> CodeJob:
    """Give up a batch that was not in stock yet, in the caller's transaction, and have its codes made void."""
    give_up(batch, reason, actor_id)
    job = _new_job(batch, JobKind.DISCARD, actor_id, reason=reason)
    job.save()
    return _begin(batch, job, now)


@transaction.atomic
def move_chunk(*, job_id: int, now: datetime) -> bool:
    """Move the next codes of a batch out of the staged state; tells whether more is to do."""
    job = CodeJob.objects.select_related("batch__prize").get(pk=job_id)
    batch = job.batch
    if batch is None or job.cursor >= job.parameters["last"]:
        job.move_to(JobStatus.DONE, finished_at=now, lease_until=None)
        return False
    upto = min(job.cursor + CHUNK, job.parameters["last"])
    advance(job, cursor=upto, done=0)
    moved = move_codes(batch, now, pk__gt=job.cursor, pk__lte=upto)
    CodeJob.objects.filter(pk=job_id).update(done_count=job.done_count + moved)
    settle_rest(prize_id=batch.prize_id, now=now)
    crashpoint("activate.before_chunk_commit")
    return True


def move_codes(batch: CodeBatch, now: datetime, **within: Any) -> int:
    """Give staged codes the state that their batch stands for; returns how many there were."""
    staged: QuerySet[GiftCode] = batch.gift_codes.filter(status=CodeStatus.STAGED, **within)
    if batch.status == BatchStatus.DISCARDED:
        return staged.update(status=CodeStatus.VOID, code_index=FREED_INDEX, updated_at=now)
    if batch.purpose == BatchPurpose.PRINT:  # handed out on paper: whoever holds one may use it
        return staged.update(status=CodeStatus.PRINTED, issued_at=now, updated_at=now)
    return staged.update(status=CodeStatus.AVAILABLE, updated_at=now)


def put_into_stock(batch: CodeBatch, actor_id: int | None, now: datetime) -> None:
    """Make a batch active, with its line in the trail; its codes follow."""
    batch.move_to(BatchStatus.ACTIVE, activated_at=now, activated_by_id=actor_id)
    audit.record("batch.activated", subject=batch, actor_id=actor_id, codes=batch.code_count)
    journal_batch_after_commit(batch=batch, now=now)


def give_up(batch: CodeBatch, reason: str, actor_id: int | None) -> None:
    """Make a batch discarded, with its line in the trail; its codes follow."""
    batch.move_to(BatchStatus.DISCARDED)
    audit.record("batch.discarded", subject=batch, actor_id=actor_id, reason=reason)


def needs_second_person(batch: CodeBatch, actor_id: int | None) -> bool:
    """Tell whether a batch is worth more than its maker alone may put into stock."""
    is_dear = batch.value_jpy > batch.agency.second_person_above_jpy
    return is_dear and batch.created_by_id is not None and actor_id in (None, batch.created_by_id)


def check_staged(batch: CodeBatch, new: BatchStatus) -> None:
    """Refuse a batch that does not wait for its activation: one held back goes into stock by its release only."""
    if batch.status != BatchStatus.STAGED:
        raise batch.stale(new)


def _activate(batch: CodeBatch, job: CodeJob, actor_id: int | None, now: datetime) -> CodeJob:
    put_into_stock(batch, actor_id, now)
    return _begin(batch, job, now)


def _begin(batch: CodeBatch, job: CodeJob, now: datetime) -> CodeJob:
    if batch.code_count > AT_ONCE:
        enqueue_on_commit(RUN_TASK, job_id=job.pk)
        return job
    done = move_codes(batch, now)
    settle_rest(prize_id=batch.prize_id, now=now)
    job.move_to(JobStatus.RUNNING, done_count=done)
    return job.move_to(JobStatus.DONE, finished_at=now)


def _new_job(batch: CodeBatch, kind: JobKind, actor_id: int | None, **parameters: Any) -> CodeJob:
    span = batch.gift_codes.aggregate(first=Min("pk"), last=Max("pk"))
    return CodeJob(
        agency_id=batch.agency_id,
        batch=batch,
        kind=kind,
        parameters={"last": span["last"] or 0, **parameters},
        total_count=batch.code_count,
        cursor=(span["first"] or 1) - 1,
        requested_by_id=actor_id,
    )


def _free_batch(batch_id: int) -> CodeBatch:
    """Lock a batch, and refuse one whose way into stock has not ended; work on what is in stock has its own checks."""
    batch = CodeBatch.objects.select_for_update(of=("self",)).select_related("agency").get(pk=batch_id)
    if batch.jobs.filter(kind__in=COMING, status__in=[*OPEN, JobStatus.WAITING]).exists():
        raise BatchWorkRunning(batch_id=batch_id)
    return batch
