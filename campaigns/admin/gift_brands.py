"""The profiles of gift brands: dated rules with their source, kept by superusers and read by everybody."""

import re
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from accounts.desk import LinesField, yen
from accounts.desk.tenancy import signed_in
from campaigns.brand_rules import COLUMNS
from campaigns.models import GiftBrand

SAID = {"name", "label", "pattern", "is_required"}


class GiftBrandForm(forms.ModelForm):
    """Says in words what is wrong with a profile, before codes are judged by it."""

    forbidden_words = LinesField(label=_("words not to be used"), required=False)

    class Meta:
        model = GiftBrand
        exclude: ClassVar[list[str]] = []

    def clean_denominations(self) -> Any:
        amounts = self.cleaned_data["denominations"] or []
        if not isinstance(amounts, list) or not all(type(amount) is int and amount > 0 for amount in amounts):
            raise forms.ValidationError(_("Write whole yen in square brackets, such as [500, 1000]."))
        return sorted(set(amounts))

    def clean_code_fields(self) -> Any:
        fields = self.cleaned_data["code_fields"] or []
        if not isinstance(fields, list) or not all(_is_profile(field) for field in fields):
            raise forms.ValidationError(
                _("Each field has a name out of %(names)s, a label, a pattern and is_required, and nothing else.")
                % {"names": ", ".join(COLUMNS)}
            )
        return fields


@admin.register(GiftBrand)
class GiftBrandAdmin(ModelAdmin):
    form = GiftBrandForm
    list_display = ("name", "values", "custody", "needs_approval", "checked_on")
    search_fields = ("name", "slug")
    list_per_page = 50
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": (("name", "slug"), ("custody", "supplier"))}),
        (
            _("Values and fields"),
            {"fields": (("minimum_jpy", "maximum_jpy"), "denominations", "validity_months", "code_fields")},
        ),
        (_("Rules"), {"fields": ("needs_approval", "required_wording", "forbidden_words", "note")}),
        (_("Source"), {"fields": (("source_url", "checked_on"),)}),
    )

    @admin.display(description=_("value (yen)"), ordering="minimum_jpy")
    def values(self, brand: GiftBrand) -> str:
        return f"{yen(brand.minimum_jpy)} – {yen(brand.maximum_jpy)}"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return signed_in(request).has_perm("campaigns.view_prize")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return signed_in(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return signed_in(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return signed_in(request).is_superuser and (obj is None or not obj.prizes.exists())

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Drop Django's bulk deletion: prizes rest on the profiles."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


def _is_profile(field: Any) -> bool:
    if not isinstance(field, dict) or field.get("name") not in COLUMNS or not field.get("label"):
        return False
    if set(field) - SAID:
        return False
    return _is_pattern(field.get("pattern", ""))


def _is_pattern(pattern: Any) -> bool:
    try:
        re.compile(pattern)
    except (re.error, TypeError):
        return False
    return True
