"""The two people of an export open its file or its vouchers; the trail knows before they see a code (I13)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.dateparse import parse_datetime

from accounts import audit
from codes.export_errors import BatchNotExportable, ExportEnded, ExportNotReady, ExportNotYours
from codes.models import CodeJob, JobKind, JobStatus
from codes.sealing import open_column
from codes.services.exporting import COLUMNS, EXPORTABLE, ExportForm, batch_of, live_codes
from core import held_files


@dataclass(frozen=True)
class Voucher:
    """One code as it stands on paper."""

    code: str
    value_jpy: int
    expires_at: datetime | None


def open_export(*, job_id: int, now: datetime, actor_id: int) -> Iterator[bytes]:
    """Open the file for one of the two people; the line in the trail is committed before its first byte (I13).

    Raises:
        ExportNotYours: only who asked for it and who agreed may have it.
        ExportNotReady: it is not done, or is no file.
        ExportEnded: the day is over.
        BatchNotExportable: the batch is held back, recalled or discarded.
    """
    job = _open_to(job_id, ExportForm.FILE, now, actor_id)
    parts: list[str] = job.report["parts"]
    if not all(held_files.exists(part) for part in parts):
        raise ExportEnded(job_id=job_id)
    with transaction.atomic():
        audit.record(
            "batch.export_downloaded",
            subject=batch_of(job),
            actor_id=actor_id,
            reason=job.parameters["reason"],
            job=str(job.public_id),
            codes=job.done_count,
        )
    return (piece for part in parts for piece in held_files.chunks_of(part))


def open_vouchers(*, job_id: int, page: int, now: datetime, actor_id: int) -> list[Voucher]:
    """Open one page of vouchers, counted from 1, for one of the two people; the trail names its codes before (I13).

    Raises:
        ExportNotYours, ExportNotReady, ExportEnded, BatchNotExportable: as for `open_export`, or no such page.
    """
    job = _open_to(job_id, ExportForm.VOUCHERS, now, actor_id)
    starts: list[int] = job.report["starts"]
    if not 1 <= page <= len(starts):
        raise ExportNotReady(job_id=job_id)
    end = starts[page] if page < len(starts) else job.parameters["last"] + 1
    found = live_codes(batch_of(job)).filter(pk__gte=starts[page - 1], pk__lt=end).order_by("pk")
    codes = list(found.only(*COLUMNS))
    if not codes:
        raise ExportEnded(job_id=job_id)
    with transaction.atomic():
        audit.record(
            "batch.vouchers_shown",
            subject=batch_of(job),
            actor_id=actor_id,
            reason=job.parameters["reason"],
            job=str(job.public_id),
            page=page,
            codes=len(codes),
            first=str(codes[0].public_id),
            last=str(codes[-1].public_id),
        )
    return [Voucher(open_column(code, "code"), code.face_value_jpy, code.expires_at) for code in codes]


def kept_until(*, job: CodeJob) -> datetime | None:
    """Tell until when an export can be had; None while nothing of it is made."""
    return parse_datetime(job.report.get("kept_until", ""))


def _open_to(job_id: int, form: ExportForm, now: datetime, actor_id: int) -> CodeJob:
    job = CodeJob.objects.select_related("batch").get(pk=job_id, kind=JobKind.EXPORT)
    if job.approved_by_id is None or actor_id not in (job.requested_by_id, job.approved_by_id):
        raise ExportNotYours(job_id=job_id)
    if job.status != JobStatus.DONE or job.parameters["form"] != form:
        raise ExportNotReady(job_id=job_id)
    end = kept_until(job=job)
    if end is None or now >= end:
        raise ExportEnded(job_id=job_id)
    if batch_of(job).status not in EXPORTABLE:
        raise BatchNotExportable(job_id=job_id)
    return job
