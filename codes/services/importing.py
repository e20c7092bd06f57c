"""A checked file comes in chunk by chunk; a killed worker's successor reads it again and skips what is in."""

import itertools
from collections.abc import Iterator
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from codes.csv_import import CodeRow, code_rows
from codes.errors import FileAlreadyImported, FileNotAccepted, RowProblem
from codes.loading import insert_codes
from codes.models import BatchStatus, CodeBatch, CodeJob, CodeSource, JobKind, JobStatus
from codes.services.activating import discard_loaded
from codes.services.incoming import CHUNK, agency_of, close_loading, new_batch, next_position, prize_of, sealer_of
from codes.services.job_loop import RUN_TASK, advance
from core import held_files
from core.crashpoints import crashpoint
from core.errors import SecretDamaged
from core.queueing import enqueue_on_commit


@transaction.atomic
def start_import(*, check_id: int, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Bring in the file that a check has found good.

    Raises:
        FileNotAccepted: the check has not ended well, or its file is held no more.
        FileAlreadyImported: the same file is on its way, staged or in stock.
    """
    check = CodeJob.objects.select_for_update(of=("self",)).get(pk=check_id, kind=JobKind.CHECK)
    prize = prize_of(check.parameters["prize"])
    if check.status != JobStatus.DONE or check.report.get("problem_counts") or check.agency_id != agency_of(prize):
        raise FileNotAccepted(reason="not_checked")
    if not held_files.exists(check.parameters["ticket"]):
        raise FileNotAccepted(reason="file_gone")
    expires_at = check.parameters["expires_at"]
    first = next_position(prize)
    batch = _loading_batch(
        prize_id=prize.pk,
        name=check.parameters["name"],
        sha256=check.parameters["sha256"],
        expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
        actor_id=actor_id,
    )
    job = CodeJob.objects.create(
        agency_id=check.agency_id,
        batch=batch,
        kind=JobKind.IMPORT,
        parameters={
            "first": first,
            "ticket": check.parameters["ticket"],
            "encoding": check.parameters["encoding"],
            "check": check.pk,
        },
        total_count=check.report["usable_count"],
        requested_by_id=actor_id,
    )
    enqueue_on_commit(RUN_TASK, job_id=job.pk)
    return job


def import_file(*, job_id: int, now: datetime) -> Iterator[None]:
    """Store the codes of a job's file that are not in yet.

    Raises:
        FileNotAccepted: the file is gone or damaged, or a code came in otherwise after the check.
    """
    job = CodeJob.objects.select_related("batch").get(pk=job_id)
    try:
        for chunk in itertools.batched(_rows_left(job), CHUNK):
            _store(job, chunk, now)
            yield
    except FileNotFoundError as error:
        raise FileNotAccepted(reason="file_gone") from error
    except SecretDamaged as error:
        raise FileNotAccepted(reason="file_damaged") from error
    _end(job, now)
    held_files.let_go(job.parameters["ticket"])


@transaction.atomic
def abandon_load(*, job: CodeJob, reason: str, now: datetime, actor_id: int | None = None) -> None:
    """Discard what an import or a generation that cannot end has brought in."""
    batch = CodeBatch.objects.select_for_update().get(pk=job.batch_id or 0)
    discard_loaded(batch, reason, actor_id, now)
    if ticket := job.parameters.get("ticket"):
        held_files.let_go(ticket)


def _loading_batch(
    *, prize_id: int, name: str, sha256: str, expires_at: datetime | None, actor_id: int | None
) -> CodeBatch:
    try:
        with transaction.atomic():
            return new_batch(
                prize_of(prize_id),
                name=name,
                source=CodeSource.IMPORTED,
                status=BatchStatus.LOADING,
                file_sha256=sha256,
                expires_at=expires_at,
                created_by_id=actor_id,
            )
    except IntegrityError as error:
        raise FileAlreadyImported from error


def _rows_left(job: CodeJob) -> Iterator[CodeRow]:
    """Read the file again from its begin, and give the rows behind those that are in."""
    done = job.cursor
    rows = code_rows(held_files.chunks_of(job.parameters["ticket"]), job.parameters["encoding"])
    for row in itertools.islice(rows, done, None):
        if isinstance(row, RowProblem):
            raise FileNotAccepted([row])
        yield row


@transaction.atomic
def _store(job: CodeJob, chunk: tuple[CodeRow, ...], now: datetime) -> None:
    assert job.batch is not None
    cursor = job.cursor + len(chunk)
    advance(job, cursor=cursor, done=len(chunk))
    first = job.parameters["first"] + job.cursor
    sealer = sealer_of(prize_of(job.batch.prize_id))
    if left_out := insert_codes(batch=job.batch, rows=chunk, first=first, sealer=sealer, now=now):
        problems = [RowProblem(row, "duplicate_in_stock") for row in left_out]
        raise FileNotAccepted(problems, reason="duplicate_in_stock")
    CodeBatch.objects.filter(pk=job.batch.pk).update(code_count=F("code_count") + len(chunk))
    crashpoint("jobs.before_chunk_commit")
    job.cursor = cursor


@transaction.atomic
def _end(job: CodeJob, now: datetime) -> None:
    if job.cursor != job.total_count:  # the file is not the one that was checked
        raise FileNotAccepted(reason="file_damaged")
    close_loading(job, now)
