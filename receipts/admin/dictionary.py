"""商品名辞書: which chain prints which product how, who taught it, and undoing it."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.desk import ExportMixin, Question, ReadOnlyAdmin, TableImportMixin, attempt, shown
from campaigns.models import Sponsor
from core import clock
from receipts.admin.shops import receipt_link
from receipts.admin.texts import PROBLEMS
from receipts.models import PrintedForm
from receipts.services import import_printed_forms, undo_printed_form

COLUMNS = (
    "商品名",
    "JANコード",
    "チェーン名",
    "レシート表記",
    "状態",
    "登録の種類",
    "登録者",
    "登録日時",
    "元のレシート",
)


class UndoneFilter(admin.SimpleListFilter):
    """The list opens with what counts."""

    title = _("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("undone", _("undone")), ("all", _("all"))]

    def choices(self, changelist: Any) -> Any:
        asked = [(None, _("counts")), *self.lookup_choices]
        for value, title in asked:
            query = {"remove": [self.parameter_name]} if value is None else {"new_params": {self.parameter_name: value}}
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string(**query),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset
        return queryset.filter(undone_at__isnull=self.value() != "undone")


@admin.register(PrintedForm)
class PrintedFormAdmin(TableImportMixin, ExportMixin, ReadOnlyAdmin):
    list_display = ("form", "product", "chain_name", "status_label", "source", "teacher", "taught_at", "sponsor")
    list_select_related = ("product", "chain", "sponsor", "taught_by", "taught_from", "undone_by")
    list_filter = (
        UndoneFilter,
        "source",
        ("chain", admin.RelatedOnlyFieldListFilter),
        ("product", admin.RelatedOnlyFieldListFilter),
        ("sponsor", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = ("form", "product__name", "product__jan", "chain__name")
    search_help_text = _("Name on receipts, product, JAN code or chain")
    fields = (
        ("form", "chain_name"),
        ("product", "jan", "sponsor"),
        ("state", "source"),
        ("teacher", "taught_at", "learned_from"),
        ("undoer", "undone_at"),
    )
    readonly_fields = ("chain_name", "jan", "state", "teacher", "undoer", "learned_from")
    teacher = shown("taught_by", _("taught by"))
    undoer = shown("undone_by", _("undone by"))
    jan = shown("product__jan", _("JAN code"))
    actions_list = ("import_file", "export_csv")
    actions_detail = ("undo",)
    import_owner = _("sponsor")
    import_help = _(
        "The first row names the columns: 商品名, JANコード, チェーン名 (empty: all chains), レシート表記. "
        "UTF-8 or Shift_JIS."
    )
    import_figures: Mapping[str, Any] = {
        "rows": _("rows in the file"),
        "added": _("names on receipts added"),
        "same": _("names that are known already"),
        "products": _("products added"),
    }
    import_problems = PROBLEMS

    def import_owners(self, request: HttpRequest) -> Any:
        return Sponsor.objects.filter(agency__in=self.agency_ids(request, "add")).order_by("name")

    def import_table(self, *, owner: Any, data: bytes, actor_id: int) -> Mapping[str, int]:
        return import_printed_forms(sponsor_id=owner.pk, data=data, actor_id=actor_id, now=clock.now())

    def _export_rows(self, changes: Any) -> Iterator[Any]:
        """Write the columns that an import takes, and who taught what when from which receipt."""
        yield COLUMNS
        for form in changes.queryset.iterator(chunk_size=500):
            yield (
                *(form.product.name, form.product.jan, form.chain.name if form.chain else "", form.form),
                "取り消し済み" if form.undone_at else "有効",
                form.get_source_display(),
                form.taught_by or "",
                f"{timezone.localtime(form.taught_at):%Y/%m/%d %H:%M}",
                form.taught_from or "",
            )

    @admin.display(description=_("chain"), ordering="chain__name")
    def chain_name(self, form: PrintedForm) -> Any:
        return form.chain.name if form.chain else _("all chains")

    @display(description=_("status"), label={"live": "success", "undone": "default"})
    def status_label(self, form: PrintedForm) -> tuple[str, Any]:
        return ("undone", _("undone")) if form.undone_at else ("live", _("counts"))

    @admin.display(description=_("status"))
    def state(self, form: PrintedForm) -> Any:
        return self.status_label(form)[1]

    @admin.display(description=_("learned from"))
    def learned_from(self, form: PrintedForm) -> str:
        return receipt_link(form.taught_from)

    def has_undo_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.may(request, "change", object_id):
            return False
        return PrintedForm.objects.filter(pk=object_id or 0, undone_at__isnull=True).exists()

    @action(description=_("Undo this name"), url_path="undo", icon="undo", permissions=["undo"])
    def undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        form: Any = self.row_or_404(request, object_id)
        if request.method == "POST":
            attempt(
                request,
                lambda: undo_printed_form(form_id=form.pk, actor_id=request.user.pk, now=clock.now()),  # type: ignore[arg-type]
                _("The name is undone."),
            )
            return redirect(self.page_of(form))
        question = Question(
            title=_("Undo this name?"),
            button=_("Undo this name"),
            sentences=[_("Receipts judged from now on are judged without it. Verdicts already given stay.")],
            figures=[(_("name on receipts"), form.form), (_("product"), str(form.product))],
        )
        return self.ask(request, question, form)
