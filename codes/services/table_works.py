"""What works that go through many tables share: what they count in their row, and that only one worker moves it."""

from typing import Any

from django.db.models import QuerySet

from codes.models import CodeJob, JobStatus


def counted(report: dict[str, Any], table: str, **found: int) -> dict[str, Any]:
    """Add what was found in a piece of a table to a work's report."""
    fresh = {**report}
    for column, count in found.items():
        if count:
            counts = dict(fresh.get(column, {}))
            counts[table] = counts.get(table, 0) + count
            fresh[column] = counts
    return fresh


def as_read(job: CodeJob) -> QuerySet[CodeJob]:
    """Give a job as it was read: a worker that lost its lease meanwhile moves nothing."""
    return CodeJob.objects.filter(pk=job.pk, cursor=job.cursor, attempts=job.attempts, status=JobStatus.RUNNING)
