"""Long work on codes, begun as a row and carried out by a worker."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime

from campaigns.models import Prize
from codes.errors import FileNotAccepted, RecallBySamePerson
from codes.models import CodeBatch, CodeJob, JobKind, JobStatus
from codes.services.stock import activate_batch, discard_batch, generate_codes, import_codes, preview_import
from core import held_files
from core.errors import DomainError, StaleState


def _of_prize(kind: JobKind, prize_id: int, actor_id: int | None, **parameters: Any) -> CodeJob:
    prize = Prize.objects.select_related("course__campaign").get(pk=prize_id)
    at = parameters.pop("expires_at")
    return CodeJob.objects.create(
        agency_id=prize.course.campaign.agency_id,
        kind=kind,
        requested_by_id=actor_id,
        parameters={"prize": prize_id, "expires_at": at.isoformat() if at else "", **parameters},
    )


def start_check(
    *, prize_id: int, name: str, ticket: str, expires_at: datetime | None, now: datetime, actor_id: int | None = None
) -> CodeJob:
    """Begin to check a held file."""
    return _of_prize(JobKind.CHECK, prize_id, actor_id, name=name, ticket=ticket, expires_at=expires_at)


def start_import(*, check_id: int, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Begin to read a checked file in."""
    check = CodeJob.objects.get(pk=check_id)
    if check.kind != JobKind.CHECK or check.status != JobStatus.DONE or check.report.get("problem_counts"):
        raise StaleState(pk=check_id)
    parameters = {k: check.parameters[k] for k in ("prize", "name", "ticket", "expires_at")}
    return CodeJob.objects.create(
        agency_id=check.agency_id,
        kind=JobKind.IMPORT,
        parameters=parameters,
        total_count=check.report["row_count"],
        requested_by_id=actor_id,
    )


def start_generation(
    *,
    prize_id: int,
    name: str,
    count: int,
    code_format: str,
    purpose: str,
    expires_at: datetime | None,
    now: datetime,
    actor_id: int | None = None,
) -> CodeJob:
    """Begin to make codes."""
    job = _of_prize(
        JobKind.GENERATE,
        prize_id,
        actor_id,
        name=name,
        code_format=code_format,
        purpose=purpose,
        expires_at=expires_at,
        count=count,
    )
    CodeJob.objects.filter(pk=job.pk).update(total_count=count)
    job.refresh_from_db()
    return job


def start_activation(*, batch_id: int, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Begin to put a batch into stock."""
    batch = CodeBatch.objects.select_related("agency").get(pk=batch_id)
    waits = batch.value_jpy > batch.agency.second_person_above_jpy
    job = CodeJob.objects.create(
        agency_id=batch.agency_id,
        batch=batch,
        kind=JobKind.ACTIVATE,
        total_count=batch.code_count,
        status=JobStatus.WAITING if waits else JobStatus.QUEUED,
        requested_by_id=actor_id,
    )
    return job if waits else run_job(job_id=job.pk, now=now)


def start_discard(*, batch_id: int, reason: str, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Begin to discard a batch."""
    batch = CodeBatch.objects.get(pk=batch_id)
    job = CodeJob.objects.create(
        agency_id=batch.agency_id,
        batch=batch,
        kind=JobKind.DISCARD,
        total_count=batch.code_count,
        requested_by_id=actor_id,
        parameters={"reason": reason},
    )
    return run_job(job_id=job.pk, now=now)


def confirm_job(*, job_id: int, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Let a second person confirm."""
    job = CodeJob.objects.get(pk=job_id)
    if job.requested_by_id == actor_id:
        raise RecallBySamePerson
    return job.move_to(JobStatus.QUEUED, approved_by_id=actor_id)


def cancel_job(*, job_id: int, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Give work up."""
    return CodeJob.objects.get(pk=job_id).move_to(JobStatus.CANCELLED, finished_at=now)


def run_job(*, job_id: int, now: datetime) -> CodeJob:
    """Do the work of a job."""
    job = CodeJob.objects.get(pk=job_id)
    job.move_to(JobStatus.RUNNING)
    try:
        with transaction.atomic():
            changes = WORK[job.kind](job, now)
    except DomainError as refusal:
        reason = refusal.reason if isinstance(refusal, FileNotAccepted) else refusal.code
        return job.move_to(JobStatus.FAILED, failure_code=reason, report={"problems": [], "sentences": [str(refusal)]})
    return job.move_to(JobStatus.DONE, finished_at=now, **changes)


def sweep_jobs(*, now: datetime) -> int:
    """Go on with what is open."""
    ids = list(CodeJob.objects.filter(status=JobStatus.QUEUED, kind__in=list(WORK)).values_list("pk", flat=True))
    for job_id in ids:
        run_job(job_id=job_id, now=now)
    return len(ids)


def _check(job: CodeJob, now: datetime) -> dict[str, Any]:
    seen = preview_import(prize_id=job.parameters["prize"], data=held_files.look_into(job.parameters["ticket"]) or b"")
    report = {
        "encoding": seen.encoding,
        "row_count": seen.row_count,
        "usable_count": seen.usable_count,
        "total_value_jpy": seen.total_value_jpy,
        "problem_counts": dict(Counter(p.code for p in seen.problems)),
        "problems": [{"row": p.row, "code": p.code, "tail": p.ending} for p in seen.problems[:50]],
        "sentences": list(seen.sentences),
    }
    return {"report": report, "total_count": seen.row_count, "done_count": seen.row_count}


def _import(job: CodeJob, now: datetime) -> dict[str, Any]:
    given = job.parameters
    batch = import_codes(
        prize_id=given["prize"],
        name=given["name"],
        data=held_files.look_into(given["ticket"]) or b"",
        expires_at=parse_datetime(given["expires_at"]) if given["expires_at"] else None,
        now=now,
        actor_id=job.requested_by_id,
    )
    held_files.let_go(given["ticket"])
    return {"batch_id": batch.pk, "done_count": batch.code_count}


def _generate(job: CodeJob, now: datetime) -> dict[str, Any]:
    given = job.parameters
    batch = generate_codes(
        prize_id=given["prize"],
        name=given["name"],
        count=given["count"],
        code_format=given["code_format"],
        expires_at=parse_datetime(given["expires_at"]) if given["expires_at"] else None,
        now=now,
        actor_id=job.requested_by_id,
    )
    CodeBatch.objects.filter(pk=batch.pk).update(purpose=given["purpose"])
    return {"batch_id": batch.pk, "done_count": batch.code_count}


def _activate(job: CodeJob, now: datetime) -> dict[str, Any]:
    activate_batch(batch_id=job.batch_id or 0, now=now, actor_id=job.approved_by_id or job.requested_by_id)
    return {"done_count": job.total_count}


def _discard(job: CodeJob, now: datetime) -> dict[str, Any]:
    discard_batch(batch_id=job.batch_id or 0, reason=job.parameters["reason"], now=now, actor_id=job.requested_by_id)
    return {"done_count": job.total_count}


WORK: dict[str, Callable[[CodeJob, datetime], dict[str, Any]]] = {
    JobKind.CHECK: _check,
    JobKind.IMPORT: _import,
    JobKind.GENERATE: _generate,
    JobKind.ACTIVATE: _activate,
    JobKind.DISCARD: _discard,
}
