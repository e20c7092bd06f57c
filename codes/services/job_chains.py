"""A file's check and its import hang together: an import is begun once for a check, by a person or by itself."""

from datetime import datetime

import structlog
from django.db import transaction

from codes.models import CodeJob, JobKind, JobStatus
from codes.services import jobs
from core import held_files
from core.errors import DomainError

log = structlog.get_logger(__name__)


@transaction.atomic
def start_file(*, prize_id: int, name: str, ticket: str, expires_at: datetime | None, now: datetime) -> CodeJob:
    """Check a held file and read it in by itself if no row has a problem; returns the check."""
    check = jobs.start_check(prize_id=prize_id, name=name, ticket=ticket, expires_at=expires_at, now=now, actor_id=None)
    check.parameters = {**check.parameters, "imports_itself": True}
    check.save(update_fields=["parameters", "updated_at"])
    return check


@transaction.atomic
def import_checked(*, check_id: int, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Begin the import of a checked file; a repeat returns the same job.

    Raises:
        DomainError: the check has not ended, or found problems.
    """
    check = CodeJob.objects.select_for_update().get(pk=check_id)
    if job_id := check.parameters.get("import_job_id"):
        return CodeJob.objects.get(pk=job_id)
    job = jobs.start_import(check_id=check_id, now=now, actor_id=actor_id)
    CodeJob.objects.filter(pk=check_id).update(parameters={**check.parameters, "import_job_id": job.pk})
    return job


def import_checked_files(*, now: datetime) -> int:
    """Begin the imports of files that were checked without a problem and import themselves; returns how many."""
    checked = CodeJob.objects.filter(
        kind=JobKind.CHECK,
        status=JobStatus.DONE,
        created_at__gt=now - held_files.KEPT,  # older files are gone
        parameters__imports_itself=True,
    )
    begun = 0
    for check in checked.exclude(parameters__has_key="import_job_id").order_by("pk"):
        if check.report.get("problem_counts"):
            continue
        try:
            import_checked(check_id=check.pk, now=now)
        except DomainError as refusal:
            log.warning("import_not_begun", job_id=check.pk, code=refusal.code)
        else:
            begun += 1
    return begun


def import_of(check: CodeJob) -> CodeJob | None:
    """Find the import that was begun for a check."""
    job_id = check.parameters.get("import_job_id")
    return CodeJob.objects.filter(pk=job_id).first() if job_id else None
