"""Long work on codes, whatever its kind: run, taken up again after a kill, confirmed and cancelled."""

from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import transaction

from accounts import audit
from codes.errors import FileNotAccepted
from codes.models import CodeJob, JobKind, JobStatus
from codes.services.activating import confirm_activation, move_chunk, start_activation, start_discard
from codes.services.checking_files import check_file, refused_report, start_check
from codes.services.exporting import approve_export, export_chunk
from codes.services.generating import generate_chunk, start_generation
from codes.services.holding import hold_chunk
from codes.services.importing import abandon_load, import_file, start_import
from codes.services.index_keys import index_chunk
from codes.services.job_loop import BROKEN, OPEN, PASSING, RUN_TASK, Chunk, Work, fail, free_jobs, in_chunks, run_leased
from codes.services.master_keys import master_chunk
from codes.services.recalling import approve_recall, cancel_recall, recall_chunk
from codes.services.rotation import rotate
from core import held_files
from core.errors import DomainError
from core.queueing import enqueue_on_commit

__all__ = [
    "cancel_job",
    "confirm_job",
    "retry_job",
    "run_job",
    "start_activation",
    "start_check",
    "start_discard",
    "start_generation",
    "start_import",
    "sweep_jobs",
]

log = structlog.get_logger(__name__)

CHUNKS_AT_ONCE = 20  # then the worker is free for others; the next message or sweep goes on
CHUNKS: dict[str, Chunk] = {
    JobKind.GENERATE: generate_chunk,
    JobKind.ACTIVATE: move_chunk,
    JobKind.DISCARD: move_chunk,
    JobKind.HOLD: hold_chunk,
    JobKind.RELEASE: hold_chunk,
    JobKind.RECALL: recall_chunk,
    JobKind.EXPORT: export_chunk,
    JobKind.MASTER: master_chunk,
    JobKind.REINDEX: index_chunk,
}
CONFIRMATIONS: dict[str, Callable[..., CodeJob]] = {
    JobKind.RECALL: approve_recall,
    JobKind.EXPORT: approve_export,
}
# Work that is begun once and carried to its end, since it would read its file from the begin again.
STREAMS: dict[str, Work] = {
    JobKind.CHECK: check_file,
    JobKind.IMPORT: import_file,
    JobKind.REWRAP: rotate,
}


def run_job(*, job_id: int, now: datetime) -> CodeJob:
    """Carry a job on, to its end or for some chunks; one that another worker holds is left alone."""
    kind = CodeJob.objects.values_list("kind", flat=True).get(pk=job_id)
    is_stream = kind in STREAMS
    work = STREAMS[kind] if is_stream else in_chunks(CHUNKS[kind])
    try:
        job = run_leased(job_id=job_id, now=now, work=work, chunks_at_once=None if is_stream else CHUNKS_AT_ONCE)
    except PASSING as refusal:
        log.warning("job_put_off", job_id=job_id, kind=kind, reason=refusal.code)
        return CodeJob.objects.get(pk=job_id)
    except DomainError as refusal:
        return _refused(job_id, refusal, now)
    if job.status == JobStatus.RUNNING and job.lease_until is None:
        enqueue_on_commit(RUN_TASK, job_id=job_id)
    return job


def sweep_jobs(*, now: datetime) -> int:
    """Go on with every job that nobody works on; returns how many there were."""
    kinds = [*CHUNKS, *STREAMS]
    job_ids = list(CodeJob.objects.filter(free_jobs(now), kind__in=kinds).order_by("pk").values_list("pk", flat=True))
    for job_id in job_ids:
        try:
            run_job(job_id=job_id, now=now)
        except Exception:
            log.exception("job_broke_off", job_id=job_id)  # counted in its row; the others go on
    return len(job_ids)


def confirm_job(*, job_id: int, now: datetime, actor_id: int) -> CodeJob:
    """Confirm a job that waits for a second person.

    Raises:
        SecondPersonNeeded, RecallBySamePerson: who confirms is the first person.
        StaleState: it does not wait any more.
    """
    kind = CodeJob.objects.values_list("kind", flat=True).get(pk=job_id)
    confirm = CONFIRMATIONS.get(kind, confirm_activation)
    return confirm(job_id=job_id, now=now, actor_id=actor_id)


@transaction.atomic
def cancel_job(*, job_id: int, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Give up a check, a job that waits, or an import or generation, whose codes so far are discarded.

    Raises:
        StaleState: it has ended, or is of a kind that cannot stop half-way.
    """
    job = CodeJob.objects.select_for_update(of=("self",)).get(pk=job_id)
    if job.kind == JobKind.RECALL:
        return cancel_recall(job_id=job_id, now=now, actor_id=actor_id)
    is_loading = job.kind in (JobKind.IMPORT, JobKind.GENERATE)
    is_broken = job.status == JobStatus.FAILED and job.failure_code == BROKEN
    can_stop = (job.status in OPEN or is_broken) and (is_loading or job.kind in (JobKind.CHECK, JobKind.EXPORT))
    if not can_stop and job.status != JobStatus.WAITING:
        raise job.stale(JobStatus.CANCELLED)
    job.move_to(JobStatus.CANCELLED, finished_at=now, lease_until=None)
    audit.record("job.cancelled", subject=job, actor_id=actor_id, kind=job.kind)
    if is_loading:
        abandon_load(job=job, reason="cancelled", now=now, actor_id=actor_id)
    elif ticket := job.parameters.get("ticket"):
        held_files.let_go(ticket)
    return job


@transaction.atomic
def retry_job(*, job_id: int, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Go on with work that was set aside because it broke its worker, from where it stopped.

    Raises:
        StaleState: it was not set aside, or was refused for good.
    """
    job = CodeJob.objects.select_for_update(of=("self",)).get(pk=job_id)
    if job.status != JobStatus.FAILED or job.failure_code != BROKEN:
        raise job.stale(JobStatus.QUEUED)
    job.move_to(JobStatus.QUEUED, failure_code="", finished_at=None, fruitless_count=0)
    audit.record("job.retried", subject=job, actor_id=actor_id, kind=job.kind)
    enqueue_on_commit(RUN_TASK, job_id=job_id)
    return job


@transaction.atomic
def _refused(job_id: int, refusal: DomainError, now: datetime) -> CodeJob:
    job = fail(job_id=job_id, refusal=refusal)
    if isinstance(refusal, FileNotAccepted):
        CodeJob.objects.filter(pk=job_id).update(report=refused_report(refusal, job_id=job_id), finished_at=now)
    if job.kind in (JobKind.IMPORT, JobKind.GENERATE):
        abandon_load(job=job, reason=job.failure_code, now=now)
    elif job.kind == JobKind.CHECK:
        held_files.let_go(job.parameters["ticket"])
    job.refresh_from_db()
    return job
