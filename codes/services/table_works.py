"""What works that go through many tables share: what they count in their row, and that only one worker moves it."""

from typing import Any

from django.db.models import F, QuerySet

from codes.models import CodeJob, JobStatus
from core.reindexing import Reindexed
from core.resealing import Resealed


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


def move_on(job: CodeJob, piece: Resealed | Reindexed, report: dict[str, Any]) -> None:
    """Move a work behind a piece of its table, or to the begin of the next one."""
    as_read(job).update(
        cursor=0 if piece.is_last else piece.cursor,
        done_count=F("done_count") + piece.done,
        total_count=max(job.total_count, job.done_count + piece.done),
        report={**report, "table": job.report.get("table", 0) + piece.is_last},
    )
