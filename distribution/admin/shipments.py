"""発送: parcels by what they wait for, their addresses masked; the shipper's numbers come in, parcels come back."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts import audit
from accounts.desk import ExportMixin, Question, ReadOnlyAdmin, TableImportMixin, attempt, id_begins, until
from accounts.desk.importing import FILE_PROBLEMS
from campaigns.models import Campaign
from codes.models import Shipment, ShipmentStatus
from codes.services import take_off_list
from codes.shipments import opened_address
from core import clock
from distribution.services import import_tracking, send_parcel, take_parcel_back

COLOURS = {
    ShipmentStatus.WAITING: "warning",
    ShipmentStatus.READY: "info",
    ShipmentStatus.LISTED: "info",
    ShipmentStatus.HANDED_OVER: "success",
    ShipmentStatus.RETURNED: "danger",
    ShipmentStatus.CANCELLED: "default",
}
PROBLEMS = {
    **FILE_PROBLEMS,
    "columns_missing": _("The first row has to name the columns 受付番号 and 送り状番号."),
    "columns_differ": _("has more or fewer columns than the first row"),
    "parcel_unknown": _("is no parcel of this campaign"),
    "parcel_twice": _("stands twice in the file"),
    "parcel_not_ready": _("has no address yet, or was cancelled"),
    "parcel_sent_otherwise": _("was handed over under another tracking number"),
    "tracking_malformed": _("has a tracking number that is none, or was damaged by a spreadsheet"),
}


class ParcelReason(forms.Form):
    reason = forms.CharField(label=_("reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


class TrackingForm(forms.Form):
    tracking_number = forms.RegexField(
        r"^[0-9A-Za-z-]{6,30}\Z",
        label=_("tracking number"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The winner is told of it. May be empty."),
    )


@admin.register(Shipment)
class ShipmentAdmin(TableImportMixin, ExportMixin, ReadOnlyAdmin):
    list_display = ("number", "prize", "campaign", "status_label", "masked", "asked_until", "tracking_number")
    list_select_related = ("award__prize__course__campaign",)
    list_filter = ("status", ("shipping_list", admin.RelatedOnlyFieldListFilter))
    search_fields = ("masked", "tracking_number", "award__entry__public_id")
    search_help_text = _("Number on the notice, tracking number, prefecture, or id of an entry")
    fields = (
        ("number", "status"),
        ("prize", "campaign"),
        ("award", "shipping_list"),
        ("masked", "address_given_at"),
        ("asked_until", "tracking_number"),
        ("handed_over_at", "returned_at"),
        "purged_at",
    )
    readonly_fields = ("number", "prize", "campaign", "asked_until")
    actions_list = ("make_list", "import_file", "export_csv")
    actions_detail = ("show_address", "hand_over", "take_off", "came_back")
    import_owner = _("campaign")
    import_help = _(
        "The shipper's file as CSV. The first row names the columns 受付番号 and 送り状番号; others are passed over."
        " UTF-8 or Shift_JIS."
    )
    import_figures: Mapping[str, Any] = {
        "rows": _("rows in the file"),
        "sent": _("parcels handed over, their winners told"),
        "same": _("parcels that left before"),
        "without": _("rows without a tracking number"),
    }
    import_title = _("Import tracking numbers")
    import_done = _("The tracking numbers are noted, and the winners are told that their parcels left.")
    import_problems = PROBLEMS

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find a parcel by the number that its winner reads out, too."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        begins = id_begins(search_term, "award__public_id")
        return (found | queryset.filter(begins) if begins else found), may_repeat

    @admin.display(description=_("number on the notice"), ordering="award")
    def number(self, shipment: Shipment) -> str:
        return shipment.award.notice_number

    @admin.display(description=_("prize"))
    def prize(self, shipment: Shipment) -> str:
        return shipment.award.prize.name

    @admin.display(description=_("campaign"))
    def campaign(self, shipment: Shipment) -> str:
        return shipment.award.prize.course.campaign.title

    @admin.display(description=_("address to be given until"))
    def asked_until(self, shipment: Shipment) -> str:
        waits = shipment.status in (ShipmentStatus.WAITING, ShipmentStatus.RETURNED)
        return until(shipment.address_until) if waits else "-"

    @display(description=_("status"), label=COLOURS, ordering="status")
    def status_label(self, shipment: Shipment) -> tuple[str, str]:
        return shipment.status, shipment.get_status_display()

    def has_make_list_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("codes.export_shipment")

    @action(description=_("Make a shipping list"), url_path="list", icon="list_alt", permissions=["make_list"])
    def make_list(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:codes_shippinglist_request_list")

    def has_import_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.may(request, "change", object_id)

    @action(description=_("Import tracking numbers"), url_path="import", icon="upload_file", permissions=["import"])
    def import_file(self, request: HttpRequest) -> HttpResponse:
        page: HttpResponse = super().import_file(request)
        return page

    def import_owners(self, request: HttpRequest) -> QuerySet[Campaign]:
        with_parcels = Shipment.objects.filter(agency__in=self.agency_ids(request, "change"))
        return Campaign.objects.filter(pk__in=with_parcels.values("award__prize__course__campaign")).order_by("-pk")

    def import_table(self, *, owner: Any, data: bytes, actor_id: int) -> Mapping[str, int]:
        return import_tracking(campaign_id=owner.pk, data=data, now=clock.now(), actor_id=actor_id)

    def has_show_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        sealed = Shipment.objects.exclude(address_ciphertext="")
        return self.may(request, "change", object_id) and sealed.filter(pk=object_id or 0).exists()

    @action(description=_("Show the address"), url_path="address", icon="visibility", permissions=["show"])
    def show_address(self, request: HttpRequest, object_id: str) -> HttpResponse:
        shipment: Shipment = self.row_or_404(request, object_id, "change")
        form = ParcelReason(request.POST or None)
        if form.is_valid():
            return self._shown(request, shipment, form.cleaned_data["reason"])
        question = Question(
            title=_("Show this address?"),
            button=_("Show the address"),
            sentences=[_("Your name, the time and the reason are written into the audit trail before it is shown.")],
            figures=[(_("number on the notice"), self.number(shipment)), (_("delivery address"), shipment.masked)],
            form=form,
        )
        return self.ask(request, question, shipment)

    def _shown(self, request: HttpRequest, shipment: Shipment, reason: str) -> HttpResponse:
        """Show what was asked for; its line in the trail stands before (I13)."""
        audit.record("shipment.viewed", subject=shipment, actor_id=request.user.pk, reason=reason)
        to = opened_address(shipment)
        lines = [
            (_("postal code"), to.postal_code_written),
            (_("delivery address"), f"{to.prefecture}{to.city}{to.street} {to.building}"),
            (_("name"), to.name),
            (_("telephone number"), to.phone),
        ]
        question = Question(
            title=_("Delivery address"),
            button="",
            sentences=[_("Please close this page when you have read it.")],
            figures=lines,
        )
        response = self.ask(request, question, shipment)
        response["Cache-Control"] = "no-store"
        return response

    def _has(self, request: HttpRequest, object_id: str | None, *states: ShipmentStatus) -> bool:
        in_state = Shipment.objects.filter(status__in=states)
        return self.may(request, "change", object_id) and in_state.filter(pk=object_id or 0).exists()

    def has_hand_over_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._has(request, object_id, ShipmentStatus.READY, ShipmentStatus.LISTED)

    @action(
        description=_("Handed to the shipper"), url_path="hand-over", icon="local_shipping", permissions=["hand_over"]
    )
    def hand_over(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._act(
            request,
            object_id,
            TrackingForm(request.POST or None),
            send_parcel,
            Question(
                title=_("Is this parcel with the shipper?"),
                button=_("Note it and tell the winner"),
                sentences=[_("The winner is told at once. The address cannot be corrected any more.")],
            ),
            _("The parcel is with the shipper, and its winner is told."),
        )

    def has_take_off_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._has(request, object_id, ShipmentStatus.LISTED)

    @action(description=_("Take off the list"), url_path="take-off", icon="undo", permissions=["take_off"])
    def take_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._act(
            request,
            object_id,
            ParcelReason(request.POST or None),
            take_off_list,
            Question(
                title=_("Take this parcel off its shipping list?"),
                button=_("Take it off"),
                sentences=[
                    _("The winner can correct the address again. Please tell the shipper, if the list was sent to him.")
                ],
            ),
            _("The parcel is off its list."),
        )

    def has_came_back_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._has(request, object_id, ShipmentStatus.HANDED_OVER)

    @action(description=_("Came back"), url_path="came-back", icon="assignment_return", permissions=["came_back"])
    def came_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._act(
            request,
            object_id,
            ParcelReason(request.POST or None),
            take_parcel_back,
            Question(
                title=_("Did this parcel come back?"),
                button=_("Ask for the address again"),
                sentences=[_("The winner is asked for the address once more, with a new deadline.")],
            ),
            _("The winner is asked for the address again."),
        )

    def _act(
        self,
        request: HttpRequest,
        object_id: str,
        form: forms.Form,
        service: Callable[..., object],
        question: Question,
        done: str | Promise,
    ) -> HttpResponse:
        """Ask, then do one thing to a parcel with what was typed."""
        shipment: Shipment = self.row_or_404(request, object_id, "change")
        if request.method == "POST" and form.is_valid():
            asked = {"shipment_id": shipment.pk, "now": clock.now(), "actor_id": request.user.pk, **form.cleaned_data}
            attempt(request, lambda: service(**asked), done)
            return redirect(self.page_of(shipment))
        question.figures = [
            (_("number on the notice"), self.number(shipment)),
            (_("prize"), self.prize(shipment)),
            (_("delivery address"), shipment.masked),
        ]
        question.form = form
        return self.ask(request, question, shipment)
