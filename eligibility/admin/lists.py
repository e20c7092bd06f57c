"""Serial codes and reference numbers: made here, or imported after a check that stores nothing."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.desk import ExportMixin, Question, ReadOnlyAdmin, attempt
from accounts.desk.importing import FILE_PROBLEMS, SHOWN_PROBLEMS, Rollback
from campaigns.models import Campaign
from core import held_files
from core.csv_files import CsvUnreadable
from eligibility.errors import ListNotAccepted
from eligibility.models import ReferenceList, SerialBatch
from eligibility.number_files import read_numbers
from eligibility.services import create_reference_list, create_serial_batch, generate_serials

TICKET_SALT = "eligibility.lists"
MAX_GENERATED = 100_000
PROBLEMS = {
    "number_malformed": _("is not a number of 4 to 40 letters and digits"),
    "duplicate_in_list": _("stands twice in the file"),
    "already_listed": _("is on a list of this campaign already"),
}


class ListForm(forms.Form):
    campaign = forms.ModelChoiceField(Campaign.objects.none(), label=_("campaign"), widget=UnfoldAdminSelectWidget)
    name = forms.CharField(label=_("name"), max_length=100, widget=UnfoldAdminTextInputWidget)
    uses_allowed = forms.IntegerField(
        label=_("uses per number"), min_value=1, max_value=1000, initial=1, widget=UnfoldAdminIntegerFieldWidget
    )

    def __init__(self, *args: Any, campaigns: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["campaign"].queryset = campaigns  # type: ignore[attr-defined]


class FileForm(ListForm):
    file = forms.FileField(
        label=_("file"),
        widget=UnfoldAdminFileFieldWidget,
        help_text=_(
            "One number a row, in the first column. UTF-8, UTF-16 or Shift_JIS. A first row with a name is left out."
        ),
    )


class ReferenceFileForm(FileForm):
    label = forms.CharField(
        label=_("what entrants call it"), max_length=50, initial="会員番号", widget=UnfoldAdminTextInputWidget
    )


class GenerateForm(ListForm):
    count = forms.IntegerField(
        label=_("how many"), min_value=1, max_value=MAX_GENERATED, widget=UnfoldAdminIntegerFieldWidget
    )


class ListAdmin(ExportMixin, ReadOnlyAdmin):
    """What both kinds of lists share: choose a file, see what would happen, keep it."""

    file_form: type[FileForm] = FileForm
    create: Callable[..., Any]
    list_select_related = ("campaign",)
    list_filter = (("campaign", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("name",)
    rows_name = ""

    def get_queryset(self, request: HttpRequest) -> Any:
        used = Count(self.rows_name, filter=Q(**{f"{self.rows_name}__used_count__gt": 0}))
        return super().get_queryset(request).annotate(held=Count(self.rows_name), used=used)

    @admin.display(description=_("numbers"))
    def held(self, row: Any) -> str:
        return f"{row.held:,}"

    @admin.display(description=_("used"))
    def used(self, row: Any) -> str:
        return f"{row.used:,}"

    def has_list_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.may(request, "add", object_id)

    @action(description=_("Import a file"), url_path="import", icon="upload_file", permissions=["list"])
    def import_file(self, request: HttpRequest) -> HttpResponse:
        form = self.file_form(request.POST or None, request.FILES or None, campaigns=self._campaigns(request))
        if form.is_valid():
            data = form.cleaned_data["file"].read()
            try:
                return self._dry_run(request, form, data, read_numbers(data))
            except CsvUnreadable as error:
                form.add_error("file", _unreadable(error))
        question = Question(
            title=_("Import a file"),
            button=_("Check the file"),
            sentences=[_("First the file is only checked: you see what would happen before anything is stored.")],
            form=form,
            accepts_files=True,
        )
        return self.ask(request, question)

    def get_urls(self) -> Any:
        name = f"{self.opts.app_label}_{self.opts.model_name}_import_confirm"
        confirm = path("import/confirm/", self.admin_site.admin_view(self.confirm_import), name=name)
        return [confirm, *super().get_urls()]

    def confirm_import(self, request: HttpRequest) -> HttpResponse:
        """Keep the list that was checked a moment ago."""
        start = redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_import_file")
        try:
            plan = signing.loads(request.POST.get("plan", ""), salt=TICKET_SALT, max_age=3600)
        except signing.BadSignature:
            plan = {}
        data = held_files.look_into(plan.get("ticket", ""))
        campaign = self._campaigns(request).filter(pk=plan.get("campaign_id")).first()
        if request.method != "POST" or data is None or campaign is None or plan["user_id"] != request.user.pk:
            messages.error(request, gettext("The checked file is no longer there. Please choose it again."))
            return start
        made: list[Any] = []
        done = attempt(
            request,
            lambda: made.append(
                type(self).create(
                    campaign_id=campaign.pk,
                    values=[value for _row, value in read_numbers(data)],
                    actor_id=request.user.pk,
                    **plan["settings"],
                )
            ),
            _("The list is stored and counts from now on."),
        )
        held_files.let_go(plan["ticket"])
        return redirect(self.page_of(None)) if done else start

    def _dry_run(
        self, request: HttpRequest, form: FileForm, data: bytes, numbers: list[tuple[int, str]]
    ) -> HttpResponse:
        given = {name: value for name, value in form.cleaned_data.items() if name not in ("campaign", "file")}
        campaign = form.cleaned_data["campaign"]
        problems = self._trial(campaign, [value for _row, value in numbers], given)
        plan = {
            "ticket": "" if problems else held_files.hold(data),
            "campaign_id": campaign.pk,
            "settings": given,
            "user_id": request.user.pk,
        }
        names = f"{self.opts.app_label}_{self.opts.model_name}"
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("What would happen"),
            "figures": [
                (_("campaign"), campaign.title),
                (_("rows in the file"), f"{len(numbers):,}"),
                (_("numbers that can be used"), f"{len(numbers) - len(problems):,}"),
            ],
            "problems": [
                gettext("Row %(row)s %(problem)s.")
                % {"row": f"{numbers[place - 1][0]:,}", "problem": PROBLEMS.get(code, code)}
                for place, code in problems[:SHOWN_PROBLEMS]
            ],
            "more_problems": max(0, len(problems) - SHOWN_PROBLEMS),
            "plan": signing.dumps(plan, salt=TICKET_SALT),
            "store_button": _("Store this list"),
            "confirm_url": reverse(f"admin:{names}_import_confirm"),
            "back_url": reverse(f"admin:{names}_import_file"),
        }
        return TemplateResponse(request, "admin/dry_run.html", context)

    def _trial(self, campaign: Campaign, values: list[str], given: dict[str, Any]) -> list[tuple[int, str]]:
        """Run the import itself and undo it: what passes here passes afterwards."""
        try:
            with transaction.atomic():
                type(self).create(campaign_id=campaign.pk, values=values, **given)
                raise Rollback
        except Rollback:
            return []
        except ListNotAccepted as refusal:
            return refusal.problems

    def _campaigns(self, request: HttpRequest) -> Any:
        ids = self.agency_ids(request, "add")
        if not ids:
            raise PermissionDenied
        return Campaign.objects.filter(agency__in=ids).order_by("-pk")


@admin.register(SerialBatch)
class SerialBatchAdmin(ListAdmin):
    create = staticmethod(create_serial_batch)
    rows_name = "serials"
    list_display = ("name", "campaign", "held", "used", "uses_allowed", "created_at")
    actions_list = ("import_file", "generate", "export_csv")

    @action(description=_("Make serial codes"), url_path="generate", icon="add_circle", permissions=["list"])
    def generate(self, request: HttpRequest) -> HttpResponse:
        form = GenerateForm(request.POST or None, campaigns=self._campaigns(request))
        if form.is_valid():
            given = form.cleaned_data
            if attempt(
                request,
                lambda: generate_serials(
                    campaign_id=given["campaign"].pk,
                    name=given["name"],
                    count=given["count"],
                    uses_allowed=given["uses_allowed"],
                    actor_id=request.user.pk,
                ),
                _("The serial codes are made and count from now on."),
            ):
                return redirect(self.page_of(None))
        question = Question(
            title=_("Make serial codes"),
            button=_("Make the codes"),
            sentences=[_("Codes of 14 letters and digits that cannot be guessed, to be printed on packages.")],
            form=form,
        )
        return self.ask(request, question)


@admin.register(ReferenceList)
class ReferenceListAdmin(ListAdmin):
    create = staticmethod(create_reference_list)
    file_form = ReferenceFileForm
    rows_name = "numbers"
    list_display = ("name", "label", "campaign", "held", "used", "created_at")
    actions_list = ("import_file", "export_csv")


def _unreadable(error: CsvUnreadable) -> str:
    """Say why a file cannot be read, and from which row on."""
    problem = FILE_PROBLEMS[error.reason]
    return (
        gettext("Row %(row)s: %(problem)s") % {"row": f"{error.row:,}", "problem": problem}
        if error.row
        else str(problem)
    )
