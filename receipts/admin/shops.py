"""店舗マスター: imported, learned from receipts, switched on and off."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import action, display

from accounts.desk import ExportMixin, Question, ReadOnlyAdmin, TableImportMixin, attempt, shown
from accounts.models import Agency
from core import clock
from receipts.admin.texts import PROBLEMS
from receipts.models import Shop, ShopStatus
from receipts.services import confirm_shop, import_shops, switch_off_shop
from receipts.tables import TELEPHONE, telephone_of

COLOURS = {ShopStatus.PROPOSED: "warning", ShopStatus.ACTIVE: "success", ShopStatus.OFF: "default"}
COLUMNS = (
    "チェーン名",
    "チェーン名カナ",
    "チェーンのレシート表記",
    "店舗名",
    "店舗名カナ",
    "店舗のレシート表記",
    "電話番号",
    "登録番号",
    "状態",
)
STATES = {ShopStatus.ACTIVE: "有効", ShopStatus.OFF: "無効", ShopStatus.PROPOSED: "候補"}


@admin.register(Shop)
class ShopAdmin(TableImportMixin, ExportMixin, ReadOnlyAdmin):
    list_display = ("chain", "branch", "telephone", "registration_no", "status_label", "source", "teacher", "taught_at")
    list_select_related = ("chain", "taught_by", "taught_from", "decided_by")
    list_filter = ("status", "source", ("chain", admin.RelatedOnlyFieldListFilter))
    search_fields = ("chain__name", "chain__kana", "branch", "kana", "telephone", "registration_no")
    search_help_text = _("Name, kana, telephone or registration number")
    fields = (
        ("chain", "branch", "kana"),
        ("forms_of_chain", "forms_of_branch"),
        ("telephone", "registration_no"),
        ("status", "source"),
        ("teacher", "taught_at", "learned_from"),
        ("decider", "decided_at"),
    )
    readonly_fields = ("forms_of_chain", "forms_of_branch", "teacher", "decider", "learned_from")
    teacher = shown("taught_by", _("taught by"))
    decider = shown("decided_by", _("last changed by"))
    actions_list = ("import_file", "export_csv")
    actions_detail = ("confirm", "switch_off")
    import_owner = _("agency")
    import_help = _(
        "The first row names the columns: チェーン名, 店舗名, 電話番号, 登録番号, 状態 and others as in the saved CSV. "
        "Several names on receipts are parted by |. Blank cells change nothing, - empties a field. UTF-8 or Shift_JIS."
    )
    import_figures: Mapping[str, Any] = {
        "rows": _("rows in the file"),
        "added": _("shops added"),
        "changed": _("shops changed"),
        "same": _("shops that stay as they are"),
        "chains": _("chains added"),
    }
    import_problems = PROBLEMS

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Find a telephone number also when it is typed with its hyphens."""
        digits, _problem = telephone_of(search_term)
        return super().get_search_results(request, queryset, digits if TELEPHONE.fullmatch(digits) else search_term)

    def import_owners(self, request: HttpRequest) -> Any:
        return Agency.objects.filter(pk__in=self.agency_ids(request, "add")).order_by("name")

    def import_table(self, *, owner: Any, data: bytes, actor_id: int) -> Mapping[str, int]:
        return import_shops(agency_id=owner.pk, data=data, actor_id=actor_id, now=clock.now())

    def _export_rows(self, changes: Any) -> Iterator[Any]:
        """Write the columns that an import takes, so that a saved file can be corrected and imported again."""
        yield COLUMNS
        for shop in changes.queryset.iterator(chunk_size=500):
            chain = shop.chain
            yield (
                *(chain.name, chain.kana, "|".join(chain.printed_forms)),
                *(shop.branch, shop.kana, "|".join(shop.printed_forms)),
                *(shop.telephone, shop.registration_no, STATES[shop.status]),
            )

    @display(description=_("status"), label=COLOURS, ordering="status")
    def status_label(self, shop: Shop) -> tuple[str, str]:
        return shop.status, shop.get_status_display()

    @admin.display(description=_("chain names on receipts"))
    def forms_of_chain(self, shop: Shop) -> str:
        return "、".join(shop.chain.printed_forms)

    @admin.display(description=_("branch names on receipts"))
    def forms_of_branch(self, shop: Shop) -> str:
        return "、".join(shop.printed_forms)

    @admin.display(description=_("learned from"))
    def learned_from(self, shop: Shop) -> str:
        return receipt_link(shop.taught_from)

    def has_confirm_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._stands(request, object_id, ShopStatus.PROPOSED, ShopStatus.OFF)

    def has_switch_off_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._stands(request, object_id, ShopStatus.PROPOSED, ShopStatus.ACTIVE)

    @action(description=_("Use this shop"), url_path="confirm", icon="check", permissions=["confirm"])
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Use this shop for reading?"),
            button=_("Use this shop"),
            sentences=[_("Store and branch of receipts with this telephone number are taken from here from now on.")],
        )
        return self._switch(request, object_id, question, confirm_shop, _("The shop is in use."))

    @action(description=_("Switch off or undo"), url_path="switch-off", icon="undo", permissions=["switch_off"])
    def switch_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("No longer use this shop?"),
            button=_("Switch off"),
            sentences=[
                _("Receipts read from now on are read without it. It is not learned again from the next receipt."),
                _("Receipts that were read already stay as they are."),
            ],
        )
        return self._switch(request, object_id, question, switch_off_shop, _("The shop is switched off."))

    def _switch(
        self, request: HttpRequest, object_id: str, question: Question, act: Callable[..., Any], done: Any
    ) -> HttpResponse:
        shop: Any = self.row_or_404(request, object_id)
        if request.method == "POST":
            attempt(request, lambda: act(shop_id=shop.pk, actor_id=request.user.pk, now=clock.now()), done)
            return redirect(self.page_of(shop))
        question.figures = [(pgettext_lazy("shop master", "shop"), str(shop)), (_("telephone"), shop.telephone)]
        return self.ask(request, question, shop)

    def _stands(self, request: HttpRequest, object_id: str | None, *statuses: ShopStatus) -> bool:
        if not self.may(request, "change", object_id):
            return False
        return Shop.objects.filter(pk=object_id or 0, status__in=statuses).exists()


def receipt_link(receipt: Any) -> str:
    """Link to the receipt from which something was learned."""
    if receipt is None:
        return ""
    url = reverse("admin:receipts_receipt_change", args=[receipt.pk])
    return format_html('<a class="underline" href="{}">{}</a>', url, receipt)
