"""Own codes leave as a file or as printed vouchers: asked for by one person, let out by another, gone after a day.

The file lies in sealed parts, one a chunk; vouchers are opened page by page. Every look is in the trail before it.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from django.db import models, transaction
from django.db.models import Count, Max, Min, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import audit
from codes.errors import SecondPersonNeeded
from codes.export_errors import (
    BatchNotExportable,
    BatchNotForPrint,
    ExportReasonMissing,
    PrintedBefore,
    SymbologyNotFitting,
)
from codes.models import (
    BatchPurpose,
    BatchStatus,
    CodeBatch,
    CodeJob,
    CodeSource,
    CodeStatus,
    GiftCode,
    JobKind,
    JobStatus,
)
from codes.printing import FITTING, Symbology, file_rows, header_row
from codes.sealing import open_column
from codes.services.holding import note_progress
from codes.services.job_loop import OPEN, RUN_TASK
from codes.services.journaling import journal_print
from core import held_files
from core.crashpoints import crashpoint
from core.errors import KeyUnavailable, SecretDamaged
from core.queueing import enqueue_on_commit
from core.spreadsheets import csv_lines

CHUNK = 10_000
EXPORTABLE = (BatchStatus.STAGED, BatchStatus.ACTIVE)
VOUCHERS_A_PAGE = 200  # drawn within a request: 500 QR took a busy server 11 s
LIVE = (
    CodeStatus.STAGED,
    CodeStatus.AVAILABLE,
    CodeStatus.RESERVED,
    CodeStatus.HELD,
    CodeStatus.ISSUED,
    CodeStatus.PRINTED,
)
COLUMNS = (
    "pk",
    "public_id",
    "agency_id",
    "code_ciphertext",
    "code_index",
    "index_key_id",
    "face_value_jpy",
    "expires_at",
)


class ExportForm(models.TextChoices):
    """What the codes leave as."""

    FILE = "file", _("CSV file for a print shop or a till")
    VOUCHERS = "vouchers", _("vouchers to print")


@transaction.atomic
def request_export(
    *, batch_id: int, form: str, symbology: str, reason: str, now: datetime, actor_id: int | None, again: bool = False
) -> CodeJob:
    """Ask for the codes of a batch in plain text; nothing is opened before a second person agrees (T21).

    `again` says that codes to be printed may be written out although they were before.

    Raises:
        PrintedBefore: they were, and nobody said that this is meant.
        ExportReasonMissing: no reason is given.
        BatchNotExportable: its codes are not our own, or it is neither staged nor in stock.
        BatchNotForPrint: vouchers are asked for of codes that winners receive.
        SymbologyNotFitting: the barcode cannot hold codes of this form.
    """
    batch = CodeBatch.objects.select_for_update(of=("self",)).get(pk=batch_id)
    if not reason.strip():
        raise ExportReasonMissing
    _check(batch, form, symbology)
    if not again and print_runs(batch).exists():
        raise PrintedBefore(batch_id=batch_id)
    live = live_codes(batch).aggregate(n=Count("pk"), first=Min("pk"), last=Max("pk"))
    if not live["n"]:
        raise BatchNotExportable(batch_id=batch_id)
    job = CodeJob.objects.create(
        agency_id=batch.agency_id,
        batch=batch,
        kind=JobKind.EXPORT,
        status=JobStatus.WAITING,
        parameters={"form": form, "symbology": symbology, "reason": reason, "last": live["last"], "again": again},
        total_count=live["n"],
        cursor=live["first"] - 1,
        requested_by_id=actor_id,
    )
    audit.record(
        "batch.export_requested",
        subject=batch,
        actor_id=actor_id,
        reason=reason,
        job=str(job.public_id),
        codes=live["n"],
        form=form,
        symbology=symbology,
    )
    return job


@transaction.atomic
def approve_export(*, job_id: int, now: datetime, actor_id: int) -> CodeJob:
    """Let the codes out as the second person; the work begins.

    Raises:
        SecondPersonNeeded: who asked for it, or nobody known, cannot agree to it.
        BatchNotExportable: the batch has been recalled or discarded since.
        PrintedBefore: its codes have been written out since.
        StaleState: it does not wait any more.
    """
    job = _locked(job_id)
    if job.requested_by_id is None or job.requested_by_id == actor_id:
        raise SecondPersonNeeded(job_id=job_id)
    batch = batch_of(job)
    _check(batch, job.parameters["form"], job.parameters["symbology"])
    if job.status != JobStatus.WAITING:
        raise job.stale(JobStatus.QUEUED)
    if not job.parameters["again"] and print_runs(batch).exists():
        raise PrintedBefore(batch_id=batch.pk)
    job.move_to(JobStatus.QUEUED, approved_by_id=actor_id)
    audit.record("batch.export_approved", subject=batch, actor_id=actor_id, job=str(job.public_id))
    enqueue_on_commit(RUN_TASK, job_id=job.pk)
    return job


@transaction.atomic
def refuse_export(*, job_id: int, now: datetime, actor_id: int) -> CodeJob:
    """Refuse an export, or take one's own wish back.

    Raises:
        StaleState: it does not wait any more.
    """
    job = _locked(job_id)
    if job.status != JobStatus.WAITING:
        raise job.stale(JobStatus.CANCELLED)
    job.move_to(JobStatus.CANCELLED, finished_at=now)
    audit.record("batch.export_refused", subject=batch_of(job), actor_id=actor_id, job=str(job.public_id))
    return job


def export_chunk(*, job_id: int, now: datetime) -> bool:
    """Do the next chunk of an export; returns whether more is left to do.

    The part is sealed and stored before the transaction that counts it; one that a dead worker left uncounted is
    written anew, and goes with the day.

    Raises:
        JournalUnavailable: codes to be printed cannot be written down outside of the database; they have to wait.
    """
    job = CodeJob.objects.select_related("batch").get(pk=job_id, kind=JobKind.EXPORT)
    if job.status not in OPEN:
        return False
    if batch_of(job).status not in EXPORTABLE:
        return _fail(job, BatchNotExportable.code, now)
    codes = _next_codes(job)
    if codes and batch_of(job).purpose == BatchPurpose.PRINT:
        journal_print(job=job, codes=codes, now=now)  # before anybody can read one of them
    part = ""
    if codes and job.parameters["form"] == ExportForm.FILE:
        try:
            part = held_files.hold(_csv(job, codes))
        except (KeyUnavailable, SecretDamaged) as refusal:
            return _fail(job, refusal.code, now)
    if _count_chunk(job, codes, part, now):
        return len(codes) == CHUNK
    held_files.let_go(part)  # another worker was faster
    return True


def _check(batch: CodeBatch, form: str, symbology: str) -> None:
    is_own = batch.source == CodeSource.GENERATED
    if not is_own or batch.status not in EXPORTABLE:
        raise BatchNotExportable(batch_id=batch.pk)
    if ExportForm(form) == ExportForm.VOUCHERS and batch.purpose != BatchPurpose.PRINT:
        raise BatchNotForPrint(batch_id=batch.pk)
    if Symbology(symbology) not in FITTING[batch.code_format]:
        raise SymbologyNotFitting(symbology=symbology)


def live_codes(batch: CodeBatch) -> QuerySet[GiftCode]:
    """Give the codes of a batch that are or may become worth something; of those from the journal nobody has a text."""
    return GiftCode.objects.filter(batch=batch, status__in=LIVE).exclude(code_ciphertext="").order_by()


def print_runs(batch: CodeBatch) -> QuerySet[CodeJob]:
    """Give the exports by which codes to be printed left, or are about to; others leave for the lists of tills only."""
    out = CodeJob.objects.filter(kind=JobKind.EXPORT, status__in=[*OPEN, JobStatus.DONE], batch=batch)
    return out if batch.purpose == BatchPurpose.PRINT else out.none()


def _next_codes(job: CodeJob) -> list[GiftCode]:
    found = live_codes(batch_of(job)).filter(pk__gt=job.cursor, pk__lte=job.parameters["last"])
    return list(found.order_by("pk").only(*COLUMNS)[:CHUNK])


def _csv(job: CodeJob, codes: list[GiftCode]) -> Iterator[bytes]:
    """Write the rows of a chunk; the mark and the names of the columns stand at the first one only."""
    opened = ((open_column(code, "code"), code.face_value_jpy, code.expires_at) for code in codes)
    rows = file_rows(opened, job.parameters["symbology"])
    is_first = not job.report.get("parts")
    lines = csv_lines([header_row()]) if is_first else iter(())
    for line in (*lines, *islice(csv_lines(rows), 1, None)):
        yield line.encode()


def _count_chunk(job: CodeJob, codes: list[GiftCode], part: str, now: datetime) -> bool:
    """Count a chunk once; returns False where another worker has counted it."""
    with transaction.atomic():
        locked = _locked(job.pk)
        if locked.cursor != job.cursor or locked.status not in OPEN:
            return False
        report = locked.report
        report.setdefault("kept_until", (now + held_files.KEPT).isoformat())
        report.setdefault("parts", []).extend([part] if part else [])
        starts = [code.pk for code in codes[::VOUCHERS_A_PAGE]] if not part else []
        report.setdefault("starts", []).extend(starts)
        locked.cursor = codes[-1].pk if codes else locked.cursor
        note_progress(job=locked, done=len(codes), is_last=len(codes) < CHUNK, now=now)
        crashpoint("export.before_chunk_commit")
    return True


def _fail(job: CodeJob, failure_code: str, now: datetime) -> bool:
    with transaction.atomic():
        job.move_to(JobStatus.FAILED, failure_code=failure_code, finished_at=now)
        audit.record("batch.export_failed", subject=batch_of(job), job=str(job.public_id), failure=failure_code)
    return False


def _locked(job_id: int) -> CodeJob:
    jobs = CodeJob.objects.select_for_update(of=("self",)).select_related("batch")
    return jobs.get(pk=job_id, kind=JobKind.EXPORT)


def batch_of(job: CodeJob) -> CodeBatch:
    """Give the batch of an export."""
    assert job.batch is not None  # an export is always of a batch
    return job.batch
