"""The one loop that carries every long work on codes from chunk to chunk, under a lease that a dead worker loses.

A chunk and the count of what it did commit together. Whoever takes a job up after a kill reads its row and goes on.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from accounts import audit
from codes.errors import FileNotAccepted, JournalUnavailable, StockBusy
from codes.models import CodeJob, JobStatus
from core.crashpoints import crashpoint
from core.errors import DomainError, KeyUnavailable, StaleState

log = structlog.get_logger(__name__)

RUN_TASK = "codes.tasks.run_job"
MOST_FRUITLESS = 5  # tries without one chunk, after which a person has to look (F06)
BROKEN = "work_broken"
OPEN = (JobStatus.QUEUED, JobStatus.RUNNING)
PASSING = (StockBusy, StaleState, KeyUnavailable, JournalUnavailable)  # the chunk is undone; a later run repeats it
Work = Callable[..., Iterator[None]]
Chunk = Callable[..., bool]


def in_chunks(chunk: Chunk) -> Work:
    """Make work of a function that does one chunk and tells whether more is to do."""

    def work(*, job_id: int, now: datetime) -> Iterator[None]:
        """Do one chunk at each step, until none is left."""
        while chunk(job_id=job_id, now=now):
            yield

    return work


def run_leased(
    *,
    job_id: int,
    now: datetime,
    work: Work,
    chunks_at_once: int | None = None,
    told: Callable[[CodeJob], None] | None = None,
) -> CodeJob:
    """Take a job that nobody holds and work on it to its end, or for some chunks.

    Work that kills or breaks its worker again and again is set aside, for others to go on.

    Raises:
        DomainError: the work was refused for good; the job is the caller's to close.
    """
    if not _take(job_id, now):
        _set_aside_if_broken(job_id, now)
        return CodeJob.objects.get(pk=job_id)
    attempts = CodeJob.objects.values_list("attempts", flat=True).get(pk=job_id)
    mine = CodeJob.objects.filter(pk=job_id, status=JobStatus.RUNNING, attempts=attempts)
    started = time.monotonic()
    try:
        for count, _chunk in enumerate(work(job_id=job_id, now=now), start=1):
            crashpoint("jobs.after_chunk")
            at = now + timedelta(seconds=time.monotonic() - started)  # the lease runs from the end of each chunk
            if not mine.update(lease_until=_lease(at), fruitless_count=0) or count == chunks_at_once:
                break
            if told:
                told(CodeJob.objects.get(pk=job_id))
    except PASSING:
        mine.filter(fruitless_count__gt=0).update(
            fruitless_count=F("fruitless_count") - 1
        )  # waiting for something is no fault of the work
        raise
    finally:
        mine.update(lease_until=None)
    return CodeJob.objects.get(pk=job_id)


def fail(*, job_id: int, refusal: DomainError) -> CodeJob:
    """Close a job whose work was refused for good."""
    reason = refusal.reason if isinstance(refusal, FileNotAccepted) else refusal.code
    job = CodeJob.objects.get(pk=job_id)
    job.move_to(JobStatus.FAILED, failure_code=reason, lease_until=None)
    log.warning("job_failed", job_id=job_id, kind=job.kind, code=reason)
    return job


def advance(job: CodeJob, *, cursor: int, done: int) -> None:
    """Claim the next chunk of a job for the caller's transaction, before its work: nobody else can do it again.

    Raises:
        StaleState: another worker did it, or the job was cancelled.
    """
    here = CodeJob.objects.filter(pk=job.pk, cursor=job.cursor, status=JobStatus.RUNNING)
    if not here.update(cursor=cursor, done_count=F("done_count") + done):
        raise job.stale()


def free_jobs(now: datetime) -> Q:
    """Tell which jobs nobody works on."""
    is_free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    return Q(status=JobStatus.QUEUED) | Q(status=JobStatus.RUNNING) & is_free


def _take(job_id: int, now: datetime) -> bool:
    free = CodeJob.objects.filter(free_jobs(now), pk=job_id, fruitless_count__lt=MOST_FRUITLESS)
    tries = {"attempts": F("attempts") + 1, "fruitless_count": F("fruitless_count") + 1}
    return bool(free.update(status=JobStatus.RUNNING, lease_until=_lease(now), **tries))


def _set_aside_if_broken(job_id: int, now: datetime) -> None:
    with transaction.atomic():
        hopeless = CodeJob.objects.filter(free_jobs(now), pk=job_id, fruitless_count__gte=MOST_FRUITLESS)
        job = hopeless.select_for_update(of=("self",)).first()
        if job is None:
            return
        job.move_to(JobStatus.FAILED, failure_code=BROKEN, finished_at=now, lease_until=None)
        audit.record("job.broke", subject=job, kind=job.kind)
    log.error("job_broken", job_id=job_id, kind=job.kind, tries=job.attempts)


def _lease(at: datetime) -> datetime:
    return at + timedelta(seconds=settings.LEASE_SECONDS)
