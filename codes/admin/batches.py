"""Codes come in: upload, see what would happen, keep as staged, put into stock."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.desk import ExportMixin, Question, ReadOnlyAdmin, grouped, shown, until, yen
from accounts.desk.tenancy import allowed_agency_ids
from campaigns.models import Custody, Prize, PrizeKind
from codes.admin.batch_acts import ACTS, BatchActs, waiting_activation
from codes.admin.exporting import ExportPages
from codes.admin.fetched import FetchedBatches
from codes.admin.forms import HAS_CODES, GenerateForm, ImportForm, ReasonForm
from codes.admin.uploading import sealed_upload
from codes.figures import Left, left_in_batches
from codes.models import BatchPurpose, BatchStatus, CodeBatch, CodeJob, CodeStatus, GiftCode, JobStatus
from codes.reasons import reason_in_words
from codes.services import jobs
from codes.services.activating import needs_second_person
from core import clock
from core.errors import DomainError

SECOND_PERSON = _("Because of its value a second person has to confirm it first. It waits on that person's first page.")


@admin.register(CodeBatch)
class CodeBatchAdmin(BatchActs, ExportPages, FetchedBatches, ExportMixin, ReadOnlyAdmin):
    list_display = ("name", "campaign", "prize", "status_label", "codes", "left", "worth", "valid_until")
    list_select_related = ("prize__course__campaign", "agency", "created_by")
    list_filter = ("status", "source", ("prize", admin.RelatedOnlyFieldListFilter))
    search_fields = ("name",)
    actions_list = ("import_file", "generate", "fetch", "exports", "export_csv")
    actions_detail = ("activate", "discard", "resume", "export_codes", *ACTS)
    fields = (
        "name",
        "campaign",
        "prize",
        "status",
        "why",
        "source",
        "purpose",
        "valid_until",
        "maker",
        "activated_at",
    )
    readonly_fields = ("campaign", "valid_until", "maker", "why")
    maker = shown("created_by", _("made by"))
    codes = grouped(CodeBatch._meta.get_field("code_count"))
    change_form_template = "admin/codes/codebatch/change_form.html"

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changes = super().get_changelist_instance(request)
        _count_left(changes.result_list)
        return changes

    def rows_for_export(self, rows: QuerySet[CodeBatch]) -> QuerySet[CodeBatch]:
        left = GiftCode.objects.filter(batch=OuterRef("pk"), status=CodeStatus.AVAILABLE).order_by()
        available = Subquery(left.values("batch").annotate(n=Count("pk")).values("n"))
        return rows.annotate(available=Coalesce(available, 0))

    @admin.display(description=_("campaign"), ordering="prize__course__campaign__title")
    def campaign(self, batch: CodeBatch) -> str:
        return str(batch.prize.course.campaign)

    @display(
        description=_("status"),
        label={
            BatchStatus.LOADING: "info",
            BatchStatus.STAGED: "warning",
            BatchStatus.ACTIVE: "success",
            BatchStatus.PAUSED: "warning",
            BatchStatus.RECALLED: "danger",
            BatchStatus.DISCARDED: "default",
        },
    )
    def status_label(self, batch: CodeBatch) -> tuple[str, str]:
        return batch.status, batch.get_status_display()

    @admin.display(description=_("codes expire at"), ordering="expires_at")
    def valid_until(self, batch: CodeBatch) -> str:
        return until(batch.expires_at)

    @admin.display(description=_("reason"))
    def why(self, batch: CodeBatch) -> str:
        return reason_in_words(batch.status_reason)

    @admin.display(description=_("left"))
    def left(self, batch: CodeBatch) -> str:
        counted = _left_of(batch)
        return _at_least(f"{counted.count:,}", counted)

    @admin.display(description=_("value left"))
    def worth(self, batch: CodeBatch) -> str:
        counted = _left_of(batch)
        return _at_least(yen(counted.count * batch.face_value_jpy), counted)

    def has_stock_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.may(request, "add", object_id)

    def has_staged_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.may(request, "change", object_id):
            return False
        staged = CodeBatch.objects.filter(pk=object_id or 0, status=BatchStatus.STAGED)
        return staged.exists() and waiting_activation(int(object_id or 0)) is None

    @action(description=_("Import codes"), url_path="import", icon="upload_file", permissions=["stock"])
    def import_file(self, request: HttpRequest) -> HttpResponse:
        form = ImportForm(
            request.POST or None,
            request.FILES or None,
            prizes=self._prizes(request).exclude(gift_brand__custody=Custody.FETCHED),
            initial=named_in(request.GET),
        )
        if form.is_valid():
            given = form.cleaned_data
            return self._began(
                request,
                lambda: jobs.start_check(
                    prize_id=given["prize"].pk,
                    name=given["name"],
                    ticket=given["file"].keep(),
                    expires_at=given["expires_at"],
                    now=clock.now(),
                    actor_id=request.user.pk,
                ),
            )
        question = Question(
            title=_("Import codes"),
            button=_("Check the file"),
            sentences=[_("First the file is only checked: you see what would happen before anything is stored.")],
            form=form,
            accepts_files=True,
        )
        return self.ask(request, question)

    @action(description=_("Make own codes"), url_path="generate", icon="add_circle", permissions=["stock"])
    def generate(self, request: HttpRequest) -> HttpResponse:
        prizes = self._prizes(request).exclude(
            kind=PrizeKind.GIFT_CODE, gift_brand__isnull=False
        )  # a brand alone makes its codes
        form = GenerateForm(request.POST or None, prizes=prizes, initial=named_in(request.GET))
        if form.is_valid():
            given = form.cleaned_data
            return self._began(
                request,
                lambda: jobs.start_generation(
                    prize_id=given["prize"].pk,
                    name=given["name"],
                    count=given["count"],
                    code_format=given["code_format"],
                    purpose=given["purpose"],
                    expires_at=given["expires_at"],
                    now=clock.now(),
                    actor_id=request.user.pk,
                ),
            )
        question = Question(
            title=_("Make own codes"),
            button=_("Make the codes"),
            sentences=[_("Codes that your own stores redeem. They wait until you put the batch into stock.")],
            form=form,
        )
        return self.ask(request, question)

    @action(description=_("Put into stock"), url_path="activate", icon="inventory", permissions=["staged"])
    def activate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        batch = self.row_or_404(request, object_id)
        if request.method == "POST":
            return self._began(
                request,
                lambda: jobs.start_activation(batch_id=batch.pk, now=clock.now(), actor_id=request.user.pk),
                batch,
                _("The batch is in stock."),
            )
        question = Question(
            title=_("Put this batch into stock?"),
            button=_("Put into stock"),
            sentences=[
                _("From this moment its printed codes are taken at the tills.")
                if batch.purpose == BatchPurpose.PRINT
                else _("From this moment winners receive codes of this batch, the oldest batch first."),
                *([SECOND_PERSON] if needs_second_person(batch, request.user.pk) else []),
            ],
            figures=_figures(batch),
        )
        return self.ask(request, question, batch)

    @action(description=_("Discard"), url_path="discard", icon="delete", permissions=["staged"])
    def discard(self, request: HttpRequest, object_id: str) -> HttpResponse:
        batch = self.row_or_404(request, object_id)
        form = ReasonForm(request.POST or None)
        if form.is_valid():
            return self._began(
                request,
                lambda: jobs.start_discard(
                    batch_id=batch.pk,
                    reason=form.cleaned_data["reason"],
                    now=clock.now(),
                    actor_id=request.user.pk,
                ),
                batch,
                _("The batch is discarded. The file may be imported anew."),
            )
        question = Question(
            title=_("Discard this batch?"),
            button=_("Discard"),
            sentences=[_("None of its codes will be given out. This cannot be taken back.")],
            figures=_figures(batch),
            form=form,
            is_grave=True,
        )
        return self.ask(request, question, batch)

    def get_urls(self) -> Any:
        # Before the one of the same name below: here the file is sealed before anything reads the form.
        upload = path(
            "import/",
            self.admin_site.admin_view(sealed_upload(self.import_file)),
            name="codes_codebatch_import_file",
        )
        return [upload, *super().get_urls()]

    def _began(self, request: HttpRequest, act: Any, batch: CodeBatch | None = None, done: Any = "") -> HttpResponse:
        """Begin work; its page tells how far it is, and small work on a batch has ended at once."""
        try:
            job: CodeJob = act()
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect(self.page_of(batch))
        if batch is not None and job.status == JobStatus.DONE:
            messages.success(request, str(done))
            return redirect(self.page_of(batch))
        return redirect("admin:codes_codejob_change", job.pk)

    def _prizes(self, request: HttpRequest) -> Any:
        """Prizes with codes, in the agencies where the user may bring codes in."""
        ids = allowed_agency_ids(request, "codes.add_codebatch")
        if not ids:
            raise PermissionDenied
        prizes = Prize.objects.filter(course__campaign__agency__in=ids, kind__in=HAS_CODES)
        return prizes.select_related("course__campaign", "gift_brand").order_by("-course__campaign__pk", "pk")


def named_in(query: QueryDict) -> dict[str, Any]:
    """Give what an address presets in a form of stock; an end that is none is left out."""
    end = query.get("expires_at", "")
    with suppress(ValueError):
        return {"prize": query.get("prize"), "name": query.get("name"), "expires_at": datetime.fromisoformat(end)}
    return {"prize": query.get("prize"), "name": query.get("name")}


def _count_left(batches: Iterable[CodeBatch]) -> None:
    """Let each batch of a page know how many codes it has left."""
    batches = list(batches)
    left = left_in_batches([batch.pk for batch in batches])
    for batch in batches:
        vars(batch)["left"] = left[batch.pk]


def _left_of(batch: Any) -> Left:
    left: Left = vars(batch)["left"] if "left" in vars(batch) else Left(batch.available)
    return left


def _at_least(figure: str, counted: Left) -> str:
    return figure if counted.is_all else gettext("%(figure)s or more") % {"figure": figure}


def _figures(batch: CodeBatch) -> list[tuple[Any, Any]]:
    return [
        (_("prize"), batch.prize.name),
        (_("codes"), f"{batch.code_count:,}"),
        (_("value in all"), yen(batch.code_count * batch.face_value_jpy)),
    ]
