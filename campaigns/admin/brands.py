"""Sponsors, and stores with their staff's PIN."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminColorInputWidget, UnfoldAdminPasswordWidget

from accounts.desk import ExportMixin, Question, TenantModelAdmin, attempt
from campaigns.models import Sponsor, Store
from campaigns.services import set_store_pin
from core.qr import qr_svg


class SponsorForm(forms.ModelForm):
    class Meta:
        model = Sponsor
        fields: ClassVar = [
            "agency",
            "name",
            "inquiry_name",
            "inquiry_email",
            "inquiry_phone",
            "inquiry_hours",
            "logo",
            "accent_color",
        ]
        widgets: ClassVar = {"accent_color": UnfoldAdminColorInputWidget(attrs={"type": "color"})}


@admin.register(Sponsor)
class SponsorAdmin(TenantModelAdmin):
    form = SponsorForm
    list_display = ("name", "agency", "inquiry_name", "inquiry_email")
    list_select_related = ("agency",)
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("agency", "name")}),
        (
            _("Inquiry desk"),
            {
                "fields": ("inquiry_name", "inquiry_email", "inquiry_phone", "inquiry_hours"),
                "description": _("Stands on every page and in every message of the campaigns."),
            },
        ),
        (_("Look"), {"fields": ("logo", "accent_color")}),
    )


class PinForm(forms.Form):
    pin = forms.CharField(
        label=_("PIN"),
        widget=UnfoldAdminPasswordWidget(attrs={"inputmode": "numeric", "autocomplete": "new-password"}),
        help_text=_("Six to twelve digits, not all the same."),
    )


@admin.register(Store)
class StoreAdmin(ExportMixin, TenantModelAdmin):
    list_display = ("code", "name", "agency", "pin_state", "is_active")
    list_select_related = ("agency",)
    list_filter = ("is_active",)
    search_fields = ("code", "name")
    ordering = ("code",)
    actions_detail = ("set_pin", "staff_sheet")

    @display(description=_("PIN"), label={"set": "success", "missing": "warning"})
    def pin_state(self, store: Store) -> tuple[str, Any]:
        return ("set", _("PIN is set")) if store.staff_pin_hash else ("missing", _("no PIN yet"))

    def has_sheet_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.may(request, "view", object_id)

    @action(description=_("QR of the staff page"), url_path="staff-sheet", icon="qr_code_2", permissions=["sheet"])
    def staff_sheet(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show a sheet to be printed for the store: its way to the staff page, without the PIN."""
        store = self.row_or_404(request, object_id, "view")
        address = staff_address(store)
        context = {
            "store": store,
            "address": address,
            "qr": SafeString(qr_svg(address)),  # drawn by us out of an address of ours
            "back_url": self.page_of(store),
        }
        return render(request, "admin/campaigns/store/staff_sheet.html", context)

    def has_pin_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.may(request, "change", object_id)

    @action(description=_("Set the PIN"), url_path="pin", icon="dialpad", permissions=["pin"])
    def set_pin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        store = self.row_or_404(request, object_id, "change")
        form = PinForm(request.POST or None)
        if form.is_valid() and attempt(
            request,
            lambda: set_store_pin(store_id=store.pk, pin=form.cleaned_data["pin"], actor_id=request.user.pk),
            _("The PIN is set."),
        ):
            return redirect(self.page_of(store))
        question = Question(
            title=_("Set the PIN of the store"),
            button=_("Set the PIN"),
            sentences=[_("Staff sign in on the staff page with the store number and this PIN. The old PIN ends.")],
            figures=[(_("store number"), store.code), (_("name"), store.name)],
            form=form,
        )
        return self.ask(request, question, store)


def staff_address(store: Store) -> str:
    """Give the address of the staff page for phones of a store: it tells its agency, and fills in its number."""
    return f"{settings.PUBLIC_URL}/staff/at/{store.agency.slug}/?{urlencode({'store': store.code})}"
