"""Receipts to read, and the door to their photographs: each opening leaves a line in the trail first."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts import audit
from accounts.desk import ExportMixin, Question, ReadOnlyAdmin, TenantTabularInline, attempt, shown, yen
from core import clock
from receipts.errors import ImageDamaged
from receipts.models import Receipt, ReceiptLine, ReceiptPhoto, ReceiptStatus
from receipts.selectors import photo_bytes, shown_photo_bytes
from receipts.services import read_again

COLOURS = {
    ReceiptStatus.UPLOADED: "info",
    ReceiptStatus.READING: "info",
    ReceiptStatus.READ: "success",
    ReceiptStatus.FAILED: "danger",
    ReceiptStatus.REPLACED: "default",
}


class RevealForm(forms.Form):
    reason = forms.CharField(
        label=_("reason"), max_length=200, widget=UnfoldAdminTextInputWidget, help_text=_("Stands in the audit trail.")
    )


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
        "failure",
        "store_name",
        "purchased_on",
        "total",
        "counts",
        "created_at",
    )
    list_select_related = ("campaign", "entry", "corrected_by")
    list_filter = ("status", "failure", ("campaign", admin.RelatedOnlyFieldListFilter), "counts")
    search_fields = ("public_id", "entry__public_id")
    search_help_text = _("Id of a receipt or of an entry")
    fields = (
        ("campaign", "entry"),
        ("status", "failure", "attempts", "counts"),
        "photo_links",
        ("store_name", "branch", "telephone"),
        ("purchased_on", "purchased_time", "receipt_no"),
        ("subtotal_jpy", "tax_jpy", "total_jpy"),
        ("registration_no", "engine", "corrector"),
    )
    readonly_fields = ("photo_links", "corrector")
    corrector = shown("corrected_by", _("corrected by"))
    inlines = (ReceiptLineInline,)
    actions_detail = ("read_again",)

    @display(description=_("status"), label=COLOURS)
    def status_label(self, receipt: Receipt) -> tuple[str, str]:
        return receipt.status, receipt.get_status_display()

    @admin.display(description=_("total (yen)"), ordering="total_jpy")
    def total(self, receipt: Receipt) -> str:
        return yen(receipt.total_jpy)

    @admin.display(description=_("photos"))
    def photo_links(self, receipt: Receipt) -> Any:
        row = '<a class="underline" href="{}" target="_blank" rel="noopener">#{}</a> '
        row += '(<a class="underline" href="{}" target="_blank" rel="noopener">{}</a>)'
        kept = receipt.photos.filter(purged_at__isnull=True)
        return format_html_join(
            " ", row, ((photo_url(photo), photo.position, original_url(photo), _("original")) for photo in kept)
        ) or _("deleted after the retention period")

    def has_read_again_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.may(request, "change", object_id):
            return False
        return Receipt.objects.filter(pk=object_id or 0, status=ReceiptStatus.FAILED).exists()

    @action(description=_("Read again"), url_path="read-again", icon="refresh", permissions=["read_again"])
    def read_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give a receipt that was set aside back to the reader."""
        receipt: Any = self.row_or_404(request, object_id)
        if request.method == "POST":
            attempt(
                request,
                lambda: read_again(receipt_id=receipt.pk, actor_id=request.user.pk, now=clock.now()),
                _("The receipt waits to be read again."),
            )
            return redirect(self.page_of(receipt))
        question = Question(
            title=_("Read this receipt again?"),
            button=_("Read again"),
            sentences=[
                _("The reader tries it up to three times more, for instance after a restart or with another reader."),
                _("If it fails again, the receipt comes back to this list."),
            ],
            figures=[
                (_("why it was not read"), receipt.get_failure_display()),
                (_("attempts at reading"), str(receipt.attempts)),
            ],
        )
        return self.ask(request, question, receipt)

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view
        photo = path("photo/<uuid:public_id>/", view(self.photo), name="receipts_receipt_photo")
        original = path("photo/<uuid:public_id>/original/", view(self.original), name="receipts_receipt_original")
        return [photo, original, *super().get_urls()]

    def photo(self, request: HttpRequest, public_id: Any) -> HttpResponse:
        """Show a photograph to whoever may see its receipt, private numbers and names covered."""
        photo = self._photo_or_404(request, public_id, "view", "change")
        audit.record("photo.viewed", subject=photo, agency_id=photo.receipt.agency_id, actor_id=request.user.pk)
        return _jpeg(photo, shown_photo_bytes)

    def original(self, request: HttpRequest, public_id: Any) -> HttpResponse:
        """Show the photograph itself to whoever says why; the reason is in the trail before the picture is shown."""
        photo = self._photo_or_404(request, public_id, "change")
        form = RevealForm(request.POST or None)
        if not form.is_valid():
            question = Question(
                title=_("Show the original photo?"),
                button=_("Show the original"),
                sentences=[_("Card numbers, names and balances on it are not covered.")],
                form=form,
            )
            return self.ask(request, question, photo.receipt)
        audit.record(
            "photo.revealed",
            subject=photo,
            agency_id=photo.receipt.agency_id,
            actor_id=request.user.pk,
            reason=form.cleaned_data["reason"],
        )
        return _jpeg(photo, photo_bytes)

    def _photo_or_404(self, request: HttpRequest, public_id: Any, *verbs: str) -> ReceiptPhoto:
        ids = self.agency_ids(request, *verbs)
        photos = ReceiptPhoto.objects.select_related("receipt").filter(receipt__agency__in=ids)
        photo = photos.filter(public_id=public_id, purged_at__isnull=True).first()
        if photo is None or not self.has_view_permission(request):
            raise Http404
        return photo


def _jpeg(photo: ReceiptPhoto, opened: Callable[[ReceiptPhoto], bytes]) -> HttpResponse:
    """Answer with the picture; never cached, never indexed."""
    try:
        jpeg = opened(photo)
    except (FileNotFoundError, ImageDamaged) as error:  # purged at this moment
        raise Http404 from error
    response = HttpResponse(jpeg, content_type="image/jpeg")
    response["Cache-Control"] = "no-store"
    response["Content-Disposition"] = "inline"
    response["X-Robots-Tag"] = "noindex"
    return response


def photo_url(photo: ReceiptPhoto) -> str:
    """Give the address of a photograph within the admin."""
    return reverse("admin:receipts_receipt_photo", args=[photo.public_id])


def original_url(photo: ReceiptPhoto) -> str:
    """Give the address that asks for a reason and shows the photograph uncovered."""
    return reverse("admin:receipts_receipt_original", args=[photo.public_id])
