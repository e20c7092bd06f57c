"""Long work on codes at the desk: how far it is, what came of it, and who confirms it."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.desk import ExportMixin, Question, ReadOnlyAdmin, attempt, yen
from accounts.desk.tenancy import signed_in
from campaigns.models import Prize
from codes.admin.forms import PROBLEMS
from codes.admin.problems import problem_context, problem_lines
from codes.models import CodeJob, JobKind, JobStatus
from codes.services import index_keys, job_chains, jobs
from codes.services.job_loop import BROKEN, OPEN
from codes.services.master_keys import TABLES
from core import clock
from core.spreadsheets import csv_lines

STOPPABLE = (JobKind.CHECK, JobKind.IMPORT, JobKind.GENERATE, JobKind.EXPORT)  # nothing of them is in stock yet
ENCODINGS = {"utf-8-sig": "UTF-8", "cp932": "Shift_JIS", "utf-16": "UTF-16"}
TONES = {
    JobStatus.WAITING: "warning",
    JobStatus.QUEUED: "info",
    JobStatus.RUNNING: "info",
    JobStatus.DONE: "success",
    JobStatus.FAILED: "danger",
    JobStatus.CANCELLED: "default",
}


@admin.register(CodeJob)
class CodeJobAdmin(ExportMixin, ReadOnlyAdmin):
    list_display = ("kind", "status_label", "subject", "progress", "requested_by", "approved_by", "created_at")
    list_select_related = ("batch", "agency", "requested_by", "approved_by")
    list_filter = ("status", "kind")
    actions_detail = ("import_file", "confirm", "retry", "cancel")
    fields = ("requested_by", "approved_by", "created_at", "finished_at")
    readonly_fields = fields
    change_form_template = "admin/codes/codejob/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CodeJob]:
        """Work on the whole installation, which no agency owns, is for those who run it."""
        rows = super().get_queryset(request)
        if signed_in(request).is_superuser:
            rows |= CodeJob.objects.filter(agency__isnull=True)
        return rows

    def may(self, request: HttpRequest, verb: str, row: Any) -> bool:
        if row is not None and signed_in(request).is_superuser:
            key = str(row.pk if isinstance(row, CodeJob) else row)
            return key.isdecimal() and CodeJob.objects.filter(pk=key).exists()
        return super().may(request, verb, row)

    @display(description=_("status"), label=TONES)
    def status_label(self, job: CodeJob) -> tuple[str, str]:
        return job.status, job.get_status_display()

    @admin.display(description=_("batch"))
    def subject(self, job: CodeJob) -> str:
        return str(job.batch or job.parameters.get("name", ""))

    @admin.display(description=_("progress"))
    def progress(self, job: CodeJob) -> str:
        return f"{job.done_count:,} / {job.total_count:,}"

    def has_import_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        job = self._found(request, object_id)
        return job is not None and is_importable(job)

    def has_waiting_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        job = self._found(request, object_id)
        return job is not None and job.status == JobStatus.WAITING and job.requested_by_id != request.user.pk

    def has_cancellable_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        job = self._found(request, object_id)
        if job is None:
            return False
        can_stop = job.status in OPEN or is_broken(job)
        return job.status == JobStatus.WAITING or (can_stop and job.kind in STOPPABLE)

    def has_broken_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        job = self._found(request, object_id)
        return job is not None and is_broken(job)

    def _found(self, request: HttpRequest, object_id: str | None) -> CodeJob | None:
        if not object_id or not self.may(request, "change", object_id):
            return None
        return CodeJob.objects.filter(pk=object_id).first()

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        job = self.get_object(request, object_id) if object_id else None
        told = job_context(job) | problem_context(job, request.GET) if job is not None else {}
        told["can_confirm"] = self.has_waiting_permission(request, object_id)
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **told})

    @action(description=_("Read this file in"), url_path="import", icon="upload_file", permissions=["import"])
    def import_file(self, request: HttpRequest, object_id: str) -> HttpResponse:
        check = self.row_or_404(request, object_id, "change")
        if request.method == "POST":
            begun: list[CodeJob] = []
            done = attempt(
                request,
                lambda: begun.append(
                    job_chains.import_checked(check_id=check.pk, now=clock.now(), actor_id=request.user.pk)
                ),
                _("The codes are being read in."),
            )
            return redirect(self.page_of(begun[0] if done else check))
        question = Question(
            title=_("Read this file in?"),
            button=_("Read in with this content"),
            sentences=[_("The codes are stored and wait; nobody receives one until you put the batch into stock.")],
            figures=figures_of(check),
        )
        return self.ask(request, question, check)

    @action(description=_("Confirm"), url_path="confirm", icon="done_all", permissions=["waiting"])
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        job = self.row_or_404(request, object_id, "change")
        if isinstance(job, CodeJob) and job.kind == JobKind.RECALL and job.batch_id:
            return redirect("admin:codes_codebatch_approve_recall", job.batch_id)  # asked there with all its numbers
        question = Question(
            title=_("Confirm this work?"),
            button=_("Confirm and begin"),
            sentences=[_("A colleague asked for it. It begins as soon as you confirm it as the second person.")],
            is_grave=True,
        )
        return self._decide(request, object_id, question, jobs.confirm_job, _("It is confirmed and begins."))

    @action(description=_("Try again"), url_path="retry", icon="replay", permissions=["broken"])
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Try this work again?"),
            button=_("Go on from where it stopped"),
            sentences=[_("What was done stays done, and nothing is done twice. If it stops again, please ask us.")],
        )
        return self._decide(request, object_id, question, jobs.retry_job, _("It goes on from where it stopped."))

    @action(description=_("Give up"), url_path="cancel", icon="close", permissions=["cancellable"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Give this work up?"),
            button=_("Give up"),
            sentences=[_("What is not done yet will not be done. You may begin anew at any time.")],
            is_grave=True,
        )
        return self._decide(request, object_id, question, jobs.cancel_job, _("It is given up."))

    def _decide(
        self, request: HttpRequest, object_id: str, question: Question, service: Any, done: Any
    ) -> HttpResponse:
        job = self.row_or_404(request, object_id, "change")
        if request.method == "POST":
            attempt(request, lambda: service(job_id=job.pk, now=clock.now(), actor_id=request.user.pk), done)
            return redirect(self.page_of(job))
        question.figures = [
            (_("what"), job.get_kind_display()),
            (_("asked for by"), str(job.requested_by or "")),
            *figures_of(job),
        ]
        return self.ask(request, question, job)

    def get_urls(self) -> Any:
        pages = [("progress", self.fragment), ("problems.csv", self.problems_file)]
        own = [
            path(
                f"<int:object_id>/{name}",
                self.admin_site.admin_view(view),
                name=f"codes_codejob_{name.partition('.')[0]}",
            )
            for name, view in pages
        ]
        return [*own, *super().get_urls()]

    def fragment(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Answer with how far work is; once it has ended the whole page is asked for anew."""
        job = self.row_or_404(request, str(object_id))
        page = TemplateResponse(request, "admin/codes/codejob/progress.html", job_context(job))
        if job.status not in OPEN:
            page["HX-Refresh"] = "true"
        page["Cache-Control"] = "no-store"
        return page

    def problems_file(self, request: HttpRequest, object_id: int) -> StreamingHttpResponse:
        """Answer with the rows that have problems, to be sent to whoever made the file."""
        job = self.row_or_404(request, str(object_id))
        lines = csv_lines(problem_lines(job, request.GET))
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="problems-{job.pk}.csv"'
        answer["Cache-Control"] = "no-store"
        return answer


def is_importable(job: CodeJob) -> bool:
    """Tell whether a file was checked without a problem and not read in yet."""
    is_sound = job.kind == JobKind.CHECK and job.status == JobStatus.DONE and not job.report.get("problem_counts")
    return is_sound and not {"import_job_id", "imports_itself"} & set(job.parameters)


def is_broken(job: CodeJob) -> bool:
    """Tell whether work was set aside because it broke its worker again and again."""
    return job.status == JobStatus.FAILED and job.failure_code == BROKEN


def job_context(job: CodeJob) -> dict[str, Any]:
    """What the page of a job tells."""
    return {
        "job": job,
        "percent": int(100 * job.done_count / job.total_count) if job.total_count else 0,
        "is_open": job.status in OPEN,
        "sentences": job.report.get("sentences", []),
        "job_figures": figures_of(job),
        "sealed_tables": sealed_tables(job),
        "indexed_tables": indexed_tables(job),
        "failure": PROBLEMS.get(job.failure_code, job.failure_code),
        "is_importable": is_importable(job),
        "following": job_chains.import_of(job),
        "progress_url": reverse("admin:codes_codejob_progress", args=[job.pk]),
        "again_url": again_url(job),
    }


def again_url(job: CodeJob) -> str:
    """Give the address of the form for another file, with what was typed for this one."""
    typed = {name: job.parameters.get(name) or "" for name in ("prize", "name", "expires_at")}
    return f"{reverse('admin:codes_codebatch_import_file')}?{urlencode(typed)}"


def sealed_tables(job: CodeJob) -> list[tuple[Any, int, int, int]]:
    """Tell how far the change of the master key is, table by table: sealed anew, unreadable, left over."""
    if job.kind != JobKind.MASTER:
        return []
    columns = [job.report.get(name, {}) for name in ("done", "unreadable", "left")]
    return [
        (table.model._meta.verbose_name_plural, *(counts.get(table.name, 0) for counts in columns)) for table in TABLES
    ]


def indexed_tables(job: CodeJob) -> list[tuple[Any, int, int, int, datetime | None]]:
    """Tell how far the change of the index key is: indexed anew, not possible, left over, and until when that is."""
    if job.kind != JobKind.REINDEX:
        return []
    done, unreadable, doubles, left, until = (
        job.report.get(name, {}) for name in ("done", "unreadable", "doubles", "left", "until")
    )
    return [
        (
            table.model._meta.verbose_name_plural,
            done.get(table.name, 0),
            unreadable.get(table.name, 0) + doubles.get(table.name, 0),
            left.get(table.name, 0),
            datetime.fromisoformat(until[table.name]) if table.name in until else None,
        )
        for table in index_keys.TABLES
        if table.reindex or table.name in left
    ]


def figures_of(job: CodeJob) -> list[tuple[Any, Any]]:
    """What work moves: prize, codes and yen, as far as it is known."""
    report = job.report
    prize_id = job.parameters.get("prize") or (job.batch.prize_id if job.batch else None)
    prize = Prize.objects.filter(pk=prize_id, course__campaign__agency=job.agency_id).first() if prize_id else None
    figures: list[tuple[Any, Any]] = [(_("prize"), prize.name)] if prize else []
    if "row_count" in report:
        return [
            *figures,
            (_("rows in the file"), f"{report['row_count']:,}"),
            (_("codes that can be used"), f"{report.get('usable_count', 0):,}"),
            (_("value in all"), yen(report.get("total_value_jpy", 0))),
            (_("encoding"), ENCODINGS.get(report.get("encoding", ""), "")),
        ]
    if job.batch is not None:
        value = job.total_count * job.batch.face_value_jpy
    elif prize is not None:
        value = job.total_count * prize.face_value_jpy
    else:
        return figures
    if job.total_count:
        figures += [(_("codes"), f"{job.total_count:,}"), (_("value in all"), yen(value))]
    return figures
