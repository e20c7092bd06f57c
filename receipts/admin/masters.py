"""Chains of the shop master and products of the dictionary: found, added, changed, with what was changed by whom."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.desk import ExportMixin, HistoryMixin, LinesField, TenantModelAdmin
from accounts.desk.tenancy import signed_in
from core.errors import DomainError
from receipts.admin.texts import PROBLEMS
from receipts.models import Product, ShopChain, ShopStatus
from receipts.services import keep_chain, keep_product
from receipts.tables import jan_of


class ChainForm(forms.ModelForm):
    printed_forms = LinesField(
        label=_("names on receipts"),
        required=False,
        help_text=_("As tills print them, logos included; one a line."),
    )

    class Meta:
        model = ShopChain
        fields: ClassVar = ["agency", "name", "kana", "printed_forms"]


class ProductForm(forms.ModelForm):
    class Meta:
        model = Product
        fields: ClassVar = ["sponsor", "name", "jan"]

    def clean_jan(self) -> str:
        """Say what is wrong with a JAN code beside its field."""
        code, problem = jan_of(self.cleaned_data["jan"])
        if problem:
            raise forms.ValidationError(PROBLEMS[problem])
        return code


class IsUsedFilter(admin.SimpleListFilter):
    """What has nothing below it, left behind by an import or by learning."""

    title = _("what it holds")
    parameter_name = "holds"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("something", _("something")), ("nothing", _("nothing yet"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return (
            queryset.filter(held__gt=0)
            if self.value() == "something"
            else (queryset.filter(held=0) if self.value() == "nothing" else queryset)
        )


class MasterAdmin(HistoryMixin, ExportMixin, TenantModelAdmin):
    """Rows that a service keeps: its refusals are shown, and nothing of them is stored."""

    readonly_fields: Any = ("history",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the history of what is there already."""
        fields = [name for name in super().get_fields(request, obj) if name != "history"]
        return [*fields, "history"] if obj else fields

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            answer: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect(request.path)
        return answer

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Have the service keep it, unless it would lie in an agency where the user has no such right."""
        if not self.may(request, "change" if change else "add", obj):
            raise PermissionDenied
        kept = self.keep(obj, signed_in(request).pk)
        obj.pk, obj.public_id, obj.created_at = kept.pk, kept.public_id, kept.created_at

    def keep(self, row: Any, actor_id: int) -> Any:
        """Call the service with what stands in the form."""
        raise NotImplementedError


@admin.register(ShopChain)
class ShopChainAdmin(MasterAdmin):
    form = ChainForm
    list_display = ("name", "kana", "printed", "shops_in_use", "agency")
    list_select_related = ("agency",)
    list_filter = (IsUsedFilter, ("agency", admin.RelatedOnlyFieldListFilter))
    search_fields = ("name", "kana", "printed_forms")
    search_help_text = _("Name, kana or name on receipts")
    ordering = ("name", "pk")

    def get_queryset(self, request: HttpRequest) -> Any:
        in_use = Count("shops", filter=Q(shops__status=ShopStatus.ACTIVE))
        return super().get_queryset(request).annotate(held=in_use)

    @admin.display(description=_("names on receipts"))
    def printed(self, chain: ShopChain) -> str:
        return "、".join(chain.printed_forms)

    @admin.display(description=_("shops in use"), ordering="held")
    def shops_in_use(self, chain: Any) -> str:
        return _counted("admin:receipts_shop_changelist", f"chain__id__exact={chain.pk}", chain.held)

    def keep(self, row: ShopChain, actor_id: int) -> ShopChain:
        return keep_chain(
            agency_id=row.agency_id,
            name=row.name,
            kana=row.kana,
            printed_forms=row.printed_forms,
            actor_id=actor_id,
            chain_id=row.pk,
        )


@admin.register(Product)
class ProductAdmin(MasterAdmin):
    form = ProductForm
    list_display = ("name", "jan", "sponsor", "names_that_count")
    list_select_related = ("sponsor",)
    list_filter = (IsUsedFilter, ("sponsor", admin.RelatedOnlyFieldListFilter))
    search_fields = ("name", "jan", "forms__form")
    search_help_text = _("Name, JAN code or name on receipts")
    ordering = ("name", "pk")

    def get_queryset(self, request: HttpRequest) -> Any:
        live = Count("forms", filter=Q(forms__undone_at__isnull=True), distinct=True)
        return super().get_queryset(request).annotate(held=live)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A product stays its sponsor's."""
        fixed = ("sponsor",) if obj else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    @admin.display(description=_("names on receipts"), ordering="held")
    def names_that_count(self, product: Any) -> str:
        return _counted("admin:receipts_printedform_changelist", f"product__id__exact={product.pk}", product.held)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        obj.agency = obj.sponsor.agency
        super().save_model(request, obj, form, change)

    def keep(self, row: Product, actor_id: int) -> Product:
        return keep_product(sponsor_id=row.sponsor_id, name=row.name, jan=row.jan, actor_id=actor_id, product_id=row.pk)


def _counted(list_name: str, query: str, count: int) -> str:
    """Link a number to the list of what it counts."""
    return format_html('<a class="underline" href="{}?{}">{}</a>', reverse(list_name), query, f"{count:,}")
