"""Bulk work on codes: how far it is and what came of it, without a code."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Agency, Scope
from api import fields
from api.fields import Instant, PublicId
from api.pagination import Page, PageQuery
from api.views import AgencyView, row_or_404
from codes.models import CodeJob, JobKind, JobStatus
from codes.services.job_chains import import_of


class JobReport(fields.Output):
    """What a check found; empty for other kinds of work."""

    class Problem(fields.Output):
        row = serializers.IntegerField(help_text="Counted from 1, the header included.")
        code = serializers.CharField()

    row_count = serializers.IntegerField(allow_null=True)
    usable_count = serializers.IntegerField(allow_null=True)
    total_value_jpy = serializers.IntegerField(allow_null=True)
    problem_counts = serializers.DictField(child=serializers.IntegerField(), help_text="How many rows, by code.")
    problems = Problem(many=True, help_text="The first 50.")


class JobAnswer(fields.Output):
    """Bulk work. A file's check and its import are one job here: it goes from the check on by itself."""

    id = PublicId(source="public_id")
    kind = serializers.ChoiceField(choices=JobKind.values)
    status = serializers.ChoiceField(choices=JobStatus.values)
    done_count = serializers.IntegerField()
    total_count = serializers.IntegerField(help_text="0 until it is known.")
    failure_code = serializers.CharField()
    report = JobReport()
    batch = PublicId(allow_null=True)
    created_at = Instant()
    finished_at = Instant(allow_null=True)

    def to_representation(self, job: CodeJob) -> dict[str, Any]:
        """Show a check that reads its file in by itself together with the import that followed."""
        return super().to_representation(shown(job))


class JobList(AgencyView):
    """Bulk work on the agency's codes."""

    required_scope = Scope.CODES_READ

    class Output(Page):
        data = JobAnswer(many=True)  # type: ignore[assignment]

    @extend_schema(
        operation_id="list_code_jobs",
        tags=["codes"],
        summary="List bulk work",
        parameters=[PageQuery],
        responses=Output,
    )
    def get(self, request: Request) -> Response:
        return self.list(jobs_of(self.agency), self.query(PageQuery), self.Output)


class JobDetail(AgencyView):
    """One piece of bulk work."""

    required_scope = Scope.CODES_READ

    @extend_schema(operation_id="get_code_job", tags=["codes"], summary="Get bulk work", responses=JobAnswer)
    def get(self, request: Request, job_id: UUID) -> Response:
        return Response(JobAnswer(row_or_404(jobs_of(self.agency), job_id)).data)


def jobs_of(agency: Agency) -> QuerySet[CodeJob]:
    """Give the work that a key of the agency may see."""
    return CodeJob.objects.filter(agency=agency).select_related("batch")


def shown(job: CodeJob) -> dict[str, Any]:
    """Give the fields of a job's answer."""
    following = import_of(job)
    last = following or job
    problem_counts = job.report.get("problem_counts", {})
    is_chain = bool(job.parameters.get("imports_itself"))
    status, failure = last.status, last.failure_code
    if is_chain and following is None and job.status == JobStatus.DONE:
        status, failure = (JobStatus.FAILED, "file_not_accepted") if problem_counts else (JobStatus.RUNNING, "")
    return {
        "public_id": job.public_id,
        "kind": JobKind.IMPORT if is_chain else job.kind,
        "status": status,
        "done_count": last.done_count,
        "total_count": last.total_count,
        "failure_code": failure,
        "report": reported(job.report),
        "batch": last.batch.public_id if last.batch else None,
        "created_at": job.created_at,
        "finished_at": None if status == JobStatus.RUNNING else last.finished_at,
    }


def reported(report: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a report says of rows; what is in it besides, such as the ends of codes, stays inside."""
    names = ("row_count", "usable_count", "total_value_jpy")
    return {
        **{name: report.get(name) for name in names},
        "problem_counts": report.get("problem_counts", {}),
        "problems": [{"row": found["row"], "code": found["code"]} for found in report.get("problems", [])],
    }
