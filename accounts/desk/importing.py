"""A list comes in as CSV: chosen, checked by a trial that stores nothing, kept after a look at the totals."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from accounts.desk.asking import Question, Text, attempt
from core import held_files
from core.errors import DomainError

FILE_PROBLEMS = {  # of `core.csv_files`
    "file_empty": _("The file holds no rows."),
    "file_too_large": _("The file is larger than 20 MB."),
    "file_is_archive": _(
        "This is an Excel workbook or an archive. Please save the workbook as “CSV UTF-8”, or unpack the archive, "
        "and choose the CSV file."
    ),
    "encoding_unknown": _(
        "The text is neither UTF-8, UTF-16 nor Shift_JIS. Please save it as “CSV UTF-8” and choose it again."
    ),
    "row_broken": _("a quotation mark is opened and not closed"),
}
SHOWN_PROBLEMS = 50
LARGEST = 20 * 1024 * 1024


class Rollback(Exception):
    """Ends a trial run, so that nothing of it stays."""


class OwnedFileForm(forms.Form):
    """Whose list it is, and the file."""

    owner: Any = forms.ModelChoiceField(None, widget=UnfoldAdminSelectWidget)
    file = forms.FileField(label=_("file"), widget=UnfoldAdminFileFieldWidget)

    def __init__(self, *args: Any, owners: Any, label: Any, help_text: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner: Any = self.fields["owner"]
        owner.queryset, owner.label = owners, label
        owner.initial = owners.first() if owners.count() == 1 else None
        self.fields["file"].help_text = help_text

    def clean_file(self) -> Any:
        """Refuse what is far larger than any such list before it is read."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("The file is larger than 20 MB."))
        return file


class TableImportMixin:
    """Adds 「CSVを取り込む」 to a list; the class says whose rows they are and calls the service."""

    import_owner: Any
    import_help: Any
    import_figures: Mapping[str, Any]  # names of the service's counts, as people read them
    import_title: Any = _("Import a CSV file")
    import_done: Any = _("The file is imported and counts from now on.")
    import_problems: Mapping[str, Any]  # codes of the service's problems, as the rest of 「3行目: …」

    def import_owners(self, request: HttpRequest) -> Any:
        """Give the rows (agencies, sponsors …) for which the user may import."""
        raise NotImplementedError

    def import_table(self, *, owner: Any, data: bytes, actor_id: int) -> Mapping[str, int]:
        """Call the service; it keeps all rows, or raises with `problems` and `reason`."""
        raise NotImplementedError

    def has_import_permission(self: Any, request: HttpRequest, object_id: str | None = None) -> bool:
        return bool(self.may(request, "add", object_id))

    @action(description=_("Import a CSV file"), url_path="import", icon="upload_file", permissions=["import"])
    def import_file(self: Any, request: HttpRequest) -> HttpResponse:
        owners = self._import_owners(request)
        texts = {"label": self.import_owner, "help_text": self.import_help}
        form = OwnedFileForm(request.POST or None, request.FILES or None, owners=owners, **texts)
        if form.is_valid():
            page: HttpResponse = self._dry_run(request, form.cleaned_data["owner"], form.cleaned_data["file"].read())
            return page
        question = Question(
            title=self.import_title,
            button=_("Check the file"),
            sentences=[_("First the file is only checked: you see what would happen before anything is stored.")],
            form=form,
            accepts_files=True,
        )
        asked: HttpResponse = self.ask(request, question)
        return asked

    def get_urls(self: Any) -> Any:
        confirm = path(
            "import/confirm/",
            self.admin_site.admin_view(self.confirm_import),
            name=f"{self.opts.app_label}_{self.opts.model_name}_import_confirm",
        )
        return [confirm, *super().get_urls()]  # type: ignore[misc]

    def confirm_import(self: Any, request: HttpRequest) -> HttpResponse:
        """Keep the file that was checked a moment ago."""
        start = redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_import_file")
        try:
            plan = signing.loads(request.POST.get("plan", ""), salt=self._salt(), max_age=3600)
        except signing.BadSignature:
            plan = {}
        data = held_files.look_into(plan.get("ticket", ""))
        owner = self._import_owners(request).filter(pk=plan.get("owner_id")).first()
        if request.method != "POST" or data is None or owner is None or plan["user_id"] != request.user.pk:
            messages.error(request, gettext("The checked file is no longer there. Please choose it again."))
            return start
        done = attempt(
            request,
            lambda: self.import_table(owner=owner, data=data, actor_id=request.user.pk),
            self.import_done,
        )
        held_files.let_go(plan["ticket"])
        return redirect(self.page_of(None)) if done else start

    def _dry_run(self: Any, request: HttpRequest, owner: Any, data: bytes) -> HttpResponse:
        counts, refusal = self._trial(request, owner, data)
        problems = getattr(refusal, "problems", [])
        names = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        plan = {
            "ticket": "" if refusal else held_files.hold(data),
            "owner_id": owner.pk,
            "user_id": request.user.pk,
        }
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("What would happen"),
            "figures": [
                (self.import_owner, str(owner)),
                *((label, f"{counts[name]:,}") for name, label in self.import_figures.items() if name in counts),
                *([(_("rows to correct"), f"{len(problems):,}")] if problems else []),
            ],
            "problems": self._sentences(refusal) if refusal else [],
            "more_problems": max(0, len(problems) - SHOWN_PROBLEMS),
            "plan": signing.dumps(plan, salt=self._salt()),
            "store_button": _("Import these rows"),
            "confirm_url": reverse(f"{names}_import_confirm"),
            "back_url": reverse(f"{names}_import_file"),
        }
        return TemplateResponse(request, "admin/dry_run.html", context)

    def _trial(
        self: Any, request: HttpRequest, owner: Any, data: bytes
    ) -> tuple[Mapping[str, int], DomainError | None]:
        """Run the import itself and undo it: what passes here passes afterwards."""
        counts: Mapping[str, int] = {}
        try:
            with transaction.atomic():
                counts = self.import_table(owner=owner, data=data, actor_id=request.user.pk)
                raise Rollback
        except Rollback:
            return counts, None
        except DomainError as refusal:
            return {}, refusal

    def _sentences(self: Any, refusal: DomainError) -> list[Text]:
        problems = getattr(refusal, "problems", [])
        if not problems:
            return [self.import_problems.get(getattr(refusal, "reason", ""), str(refusal))]
        return [
            gettext("Row %(row)s: %(problem)s") % {"row": f"{row:,}", "problem": self.import_problems.get(code, code)}
            for row, code in problems[:SHOWN_PROBLEMS]
        ]

    def _import_owners(self: Any, request: HttpRequest) -> Any:
        if not self.has_import_permission(request):
            raise PermissionDenied
        return self.import_owners(request)

    def _salt(self: Any) -> str:
        return f"{self.opts.label_lower}.import"
