"""Codes written out and vouchers printed: one person asks and says why, another lets them out, both may open them."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanWidget

from accounts.desk import Question, attempt, yen
from accounts.desk.tenancy import allowed_agency_ids, signed_in
from accounts.models import AuditEntry
from codes import services
from codes.admin.forms import ReasonForm
from codes.admin.voucher_sheets import Paper, voucher_context
from codes.export_errors import BatchNotExportable, CodeOnPaperOnly
from codes.models import BatchPurpose, CodeBatch, CodeJob, CodeSource, JobKind, JobStatus
from codes.printing import FITTING, Symbology
from codes.services.exporting import EXPORTABLE, VOUCHERS_A_PAGE, batch_of, print_runs
from core import clock
from core.errors import DomainError

FAILURES = {kind.code: kind.message for kind in (BatchNotExportable, CodeOnPaperOnly)}
RIGHT = "codes.export_codebatch"
LISTED = 100


class ExportQuestion(ReasonForm):
    """What the codes are for, and which barcode stands on them."""

    form = forms.ChoiceField(label=_("what for"), widget=UnfoldAdminSelectWidget)
    symbology = forms.ChoiceField(
        label=_("barcode"),
        widget=UnfoldAdminSelectWidget,
        help_text=_("A QR always stands beside it. Ask the maker of the till which kind it reads."),
    )
    again = forms.BooleanField(
        label=_("Write the same codes out once more"),
        widget=UnfoldBooleanWidget,
        help_text=_("They have been written out before. If both papers are handed out, only the first use counts."),
    )
    field_order = ("form", "symbology", "reason", "again")

    def __init__(self, *args: Any, batch: CodeBatch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        forms_on_offer = [
            choice
            for choice in services.ExportForm.choices
            if batch.purpose == BatchPurpose.PRINT or choice[0] != services.ExportForm.VOUCHERS
        ]
        self.fields["form"].choices = forms_on_offer  # type: ignore[attr-defined]
        if not print_runs(batch).exists():
            del self.fields["again"]
        kinds = [(kind.value, kind.label) for kind in FITTING[batch.code_format]]
        self.fields["symbology"].choices = kinds  # type: ignore[attr-defined]


class ExportPages:
    """Adds 「書き出す・印刷する」 to the page of a batch, and the pages of exports to the list."""

    def has_export_permission(self: Any, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.may(request, "export", object_id):
            return False
        if object_id is None:
            return True
        own = CodeBatch.objects.filter(pk=object_id, source=CodeSource.GENERATED, status__in=EXPORTABLE)
        return bool(own.exists())

    def has_exports_permission(self: Any, request: HttpRequest, object_id: str | None = None) -> bool:
        return bool(self.may(request, "export", None))

    @action(description=_("Write out or print"), url_path="export-codes", icon="print", permissions=["export"])
    def export_codes(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        batch: CodeBatch = self.row_or_404(request, object_id, "export")
        form = ExportQuestion(request.POST or None, batch=batch)
        if form.is_valid():
            given = form.cleaned_data
            made: list[CodeJob] = []
            if attempt(
                request,
                lambda: made.append(
                    services.request_export(
                        batch_id=batch.pk,
                        form=given["form"],
                        symbology=given["symbology"],
                        reason=given["reason"],
                        again=given.get("again", False),
                        now=clock.now(),
                        actor_id=signed_in(request).pk,
                    )
                ),
                _("It is asked for. Please have a colleague confirm it on this page."),
            ):
                return redirect(page_of_export(made[0]))
        return self.ask(request, _question(batch, form), batch)

    @action(description=_("Exports and vouchers"), url_path="exports", icon="print", permissions=["exports"])
    def exports(self: Any, request: HttpRequest) -> HttpResponse:
        jobs = _exports_for(request).order_by("-pk")[:LISTED]
        return self._export_page(
            request, "list", title=_("Exports and vouchers"), rows=[(job, page_of_export(job)) for job in jobs]
        )

    def get_urls(self: Any) -> Any:
        start = "exports/<int:job_id>/"
        pages = [
            (start, self.export_page, "export"),
            (f"{start}decide/", self.decide_export, "export_decide"),
            (f"{start}file/", self.export_file, "export_file"),
            (f"{start}vouchers/<int:page>/", self.export_vouchers, "export_vouchers"),
        ]
        own = [
            path(route, self.admin_site.admin_view(view), name=f"codes_codebatch_{name}") for route, view, name in pages
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def export_page(self: Any, request: HttpRequest, job_id: int) -> HttpResponse:
        """Show who asked for what and why; how far it is; and what can be opened until when."""
        job = _export_or_404(request, job_id)
        user_id = signed_in(request).pk
        return self._export_page(
            request,
            "export",
            title=_("Export of codes"),
            job=job,
            batch=batch_of(job),
            figures=_figures(job),
            percent=int(100 * job.done_count / job.total_count) if job.total_count else 0,
            is_waiting=job.status == JobStatus.WAITING,
            is_running=job.status in (JobStatus.QUEUED, JobStatus.RUNNING),
            is_own=job.requested_by_id == user_id,
            may_open=user_id in (job.requested_by_id, job.approved_by_id),
            left=_time_left(job, clock.now()),
            is_file=job.parameters["form"] == services.ExportForm.FILE,
            pages=_voucher_pages(job),
            stopped=_why_stopped(batch_of(job)),
            failure=FAILURES.get(job.failure_code, job.failure_code),
        )

    def decide_export(self: Any, request: HttpRequest, job_id: int) -> HttpResponse:
        """Let the codes out, or refuse; what the button said decides."""
        job = _export_or_404(request, job_id)
        if request.method == "POST":
            is_yes = request.POST.get("answer") == "yes"
            service = services.approve_export if is_yes else services.refuse_export
            attempt(
                request,
                lambda: service(job_id=job.pk, now=clock.now(), actor_id=signed_in(request).pk),
                _("It is confirmed, and being made.") if is_yes else _("It is refused. No code was written out."),
            )
        return redirect(page_of_export(job))

    def export_file(self: Any, request: HttpRequest, job_id: int) -> HttpResponse | StreamingHttpResponse:
        """Send the file; its line in the trail stands before the first byte."""
        job = _export_or_404(request, job_id)
        if request.method != "POST":  # nothing that fetches links ahead may count as a person's download
            return redirect(page_of_export(job))
        try:
            pieces = services.open_export(job_id=job.pk, now=clock.now(), actor_id=signed_in(request).pk)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect(page_of_export(job))
        response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="codes-{str(job.public_id)[:8]}.csv"'
        response["Cache-Control"] = "no-store"
        return response

    def export_vouchers(self: Any, request: HttpRequest, job_id: int, page: int) -> HttpResponse:
        """Show a page set of vouchers, for A4 or for the roll of a receipt printer."""
        job = _export_or_404(request, job_id)
        if request.method != "POST":
            return redirect(page_of_export(job))
        try:
            found = services.open_vouchers(job_id=job.pk, page=page, now=clock.now(), actor_id=signed_in(request).pk)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect(page_of_export(job))
        paper = Paper.ROLL if request.POST.get("paper") == Paper.ROLL else Paper.A4
        context = voucher_context(batch_of(job), found, job.parameters["symbology"], paper)
        first = (page - 1) * VOUCHERS_A_PAGE + 1
        response = TemplateResponse(
            request,
            "admin/codes/exports/vouchers.html",
            {**context, "first": first, "last": first + len(found) - 1, "back_url": page_of_export(job)},
        )
        response["Cache-Control"] = "no-store"
        return response

    def _export_page(self: Any, request: HttpRequest, name: str, **context: Any) -> TemplateResponse:
        request.current_app = self.admin_site.name
        shown = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        response = TemplateResponse(request, f"admin/codes/exports/{name}.html", shown)
        response["Cache-Control"] = "no-store"
        return response


def page_of_export(job: CodeJob) -> str:
    """Give the address of an export's page."""
    return reverse("admin:codes_codebatch_export", args=[job.pk])


def _exports_for(request: HttpRequest) -> QuerySet[CodeJob]:
    found = CodeJob.objects.filter(kind=JobKind.EXPORT, agency__in=allowed_agency_ids(request, RIGHT))
    return found.select_related(
        "batch__prize__course__campaign__sponsor", "batch__agency", "requested_by", "approved_by"
    )


def _export_or_404(request: HttpRequest, job_id: int) -> CodeJob:
    return get_object_or_404(_exports_for(request), pk=job_id)


def _question(batch: CodeBatch, form: ExportQuestion) -> Question:
    sentences = [
        _("These codes are money to whoever reads them. A second person has to confirm this before they are opened."),
        _("What is made can be opened for 24 hours by you and by that person, and every look is in the audit trail."),
    ]
    if batch.purpose != BatchPurpose.PRINT:
        sentences.append(
            _("The codes of this batch go to winners: the file is for the lists of tills. Never print or hand it out.")
        )
    return Question(
        title=_("Write these codes out?"),
        button=_("Ask for confirmation"),
        sentences=sentences,
        figures=[
            (_("prize"), batch.prize.name),
            (_("codes"), f"{batch.code_count:,}"),
            (_("value in all"), yen(batch.value_jpy)),
        ],
        form=form,
        is_grave=True,
    )


def _figures(job: CodeJob) -> list[tuple[Any, Any]]:
    batch = batch_of(job)
    return [
        (_("asked for by"), str(job.requested_by or "")),
        (_("reason"), job.parameters["reason"]),
        (_("what for"), services.ExportForm(job.parameters["form"]).label),
        (_("barcode"), Symbology(job.parameters["symbology"]).label),
        (_("codes"), f"{job.total_count:,}"),
        (_("value in all"), yen(job.total_count * batch.face_value_jpy)),
    ]


def _time_left(job: CodeJob, now: datetime) -> tuple[int, int] | None:
    """Hours and minutes in which it can still be opened."""
    end = services.kept_until(job=job)
    if job.status != JobStatus.DONE or end is None or end <= now:
        return None
    minutes = int((end - now).total_seconds() // 60)
    return minutes // 60, minutes % 60


def _why_stopped(batch: CodeBatch) -> str:
    """Say why nothing of a batch can be opened; empty as long as it can."""
    if batch.status in EXPORTABLE:
        return ""
    reason = f": {batch.status_reason}" if batch.status_reason else ""
    return f"{batch.get_status_display()}{reason}"


def _voucher_pages(job: CodeJob) -> list[tuple[int, str, str, AuditEntry | None]]:
    """Name the sets of vouchers, each with the last time it was opened: where a stopped print run goes on."""
    shown = AuditEntry.objects.filter(action="batch.vouchers_shown", facts__job=str(job.public_id))
    subject = {"subject_type": "codes.codebatch", "subject_id": str(batch_of(job).public_id)}
    of_batch = shown.filter(**subject).select_related("actor")
    opened = {line.facts["page"]: line for line in of_batch.order_by("pk")}
    pages = range(1, len(job.report.get("starts", [])) + 1)
    return [
        (
            page,
            f"{(page - 1) * VOUCHERS_A_PAGE + 1:,}",
            f"{min(page * VOUCHERS_A_PAGE, job.done_count):,}",
            opened.get(page),
        )
        for page in pages
    ]
