"""Receipts to read, and the door to their photographs: each opening leaves a line in the trail first."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts import audit
from accounts.desk import ExportMixin, ReadOnlyAdmin, TenantTabularInline, shown, yen
from receipts.models import Receipt, ReceiptLine, ReceiptPhoto, ReceiptStatus
from receipts.selectors import photo_bytes

COLOURS = {
    ReceiptStatus.UPLOADED: "info",
    ReceiptStatus.READING: "info",
    ReceiptStatus.READ: "success",
    ReceiptStatus.FAILED: "danger",
    ReceiptStatus.REPLACED: "default",
}


class ReceiptLineInline(TenantTabularInline):
    model = ReceiptLine
    fields = ("name", "quantity", "price_jpy", "discount_jpy", "jan", "confidence")
    readonly_fields = fields
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Receipt)
class ReceiptAdmin(ExportMixin, ReadOnlyAdmin):
    list_display = (
        "public_id",
        "campaign",
        "status_label",
        "store_name",
        "purchased_on",
        "total",
        "counts",
        "created_at",
    )
    list_select_related = ("campaign", "entry", "corrected_by")
    list_filter = ("status", ("campaign", admin.RelatedOnlyFieldListFilter), "counts")
    search_fields = ("public_id", "entry__public_id")
    search_help_text = _("Id of a receipt or of an entry")
    fields = (
        ("campaign", "entry"),
        ("status", "counts"),
        "photo_links",
        ("store_name", "branch", "telephone"),
        ("purchased_on", "purchased_time", "receipt_no"),
        ("subtotal_jpy", "tax_jpy", "total_jpy"),
        ("registration_no", "engine", "corrector"),
    )
    readonly_fields = ("photo_links", "corrector")
    corrector = shown("corrected_by", _("corrected by"))
    inlines = (ReceiptLineInline,)

    @display(description=_("status"), label=COLOURS)
    def status_label(self, receipt: Receipt) -> tuple[str, str]:
        return receipt.status, receipt.get_status_display()

    @admin.display(description=_("total (yen)"), ordering="total_jpy")
    def total(self, receipt: Receipt) -> str:
        return yen(receipt.total_jpy)

    @admin.display(description=_("photos"))
    def photo_links(self, receipt: Receipt) -> Any:
        links = ((photo_url(photo), photo.position) for photo in receipt.photos.all())
        return format_html_join(" ", '<a class="underline" href="{}" target="_blank" rel="noopener">#{}</a>', links)

    def get_urls(self) -> Any:
        photo = path("photo/<uuid:public_id>/", self.admin_site.admin_view(self.photo), name="receipts_receipt_photo")
        return [photo, *super().get_urls()]

    def photo(self, request: HttpRequest, public_id: Any) -> HttpResponse:
        """Show a photograph to whoever may see its receipt; never cached, never indexed."""
        ids = self.agency_ids(request, "view", "change")
        photos = ReceiptPhoto.objects.select_related("receipt").filter(receipt__agency__in=ids)
        photo = photos.filter(public_id=public_id).first()
        if photo is None or not self.has_view_permission(request):
            raise Http404
        audit.record("photo.viewed", subject=photo, agency_id=photo.receipt.agency_id, actor_id=request.user.pk)
        try:
            jpeg = photo_bytes(photo)
        except FileNotFoundError as error:  # purged after its retention date
            raise Http404 from error
        response = HttpResponse(jpeg, content_type="image/jpeg")
        response["Cache-Control"] = "no-store"
        response["Content-Disposition"] = "inline"
        response["X-Robots-Tag"] = "noindex"
        return response


def photo_url(photo: ReceiptPhoto) -> str:
    """Give the address of a photograph within the admin."""
    return reverse("admin:receipts_receipt_photo", args=[photo.public_id])
