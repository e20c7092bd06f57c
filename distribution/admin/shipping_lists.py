"""発送リスト: one person asks for the addresses that are ready, another lets them out, both may open the file."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.desk import Question, ReadOnlyAdmin, attempt, until
from accounts.desk.tenancy import allowed_agency_ids, signed_in
from campaigns.models import Campaign
from codes.models import Shipment, ShipmentStatus, ShippingList, ShippingListStatus
from codes.services import (
    approve_shipping_list,
    open_shipping_list,
    open_until,
    refuse_shipping_list,
    request_shipping_list,
)
from core import clock
from core.errors import DomainError
from distribution.admin.shipments import ParcelReason

RIGHT = "codes.export_shipment"
COLOURS = {
    ShippingListStatus.WAITING: "warning",
    ShippingListStatus.APPROVED: "success",
    ShippingListStatus.REFUSED: "default",
}


class ListForm(ParcelReason):
    """Whose parcels, and what for."""

    campaign: Any = forms.ModelChoiceField(None, label=_("campaign"), widget=UnfoldAdminSelectWidget)
    field_order = ("campaign", "reason")

    def __init__(self, *args: Any, campaigns: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["campaign"].queryset = campaigns  # type: ignore[attr-defined]
        self.fields["campaign"].initial = campaigns.first()


@admin.register(ShippingList)
class ShippingListAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "campaign", "status_label", "total_count", "requested_by", "approved_by")
    list_select_related = ("campaign", "requested_by", "approved_by")
    list_filter = ("status",)
    fields = (
        ("campaign", "status"),
        ("reason", "total_count"),
        ("requested_by", "approved_by"),
        ("decided_at", "can_be_opened"),
    )
    readonly_fields = ("can_be_opened",)
    actions_list = ("request_list",)
    actions_detail = ("approve", "refuse", "download", "tracking")

    def agency_ids(self, request: HttpRequest, *verbs: str) -> set[int]:
        """One right for all of it: whoever may have addresses written out."""
        return allowed_agency_ids(request, RIGHT)

    def _permission(self, verb: str) -> str:
        return RIGHT

    @display(description=_("status"), label=COLOURS, ordering="status")
    def status_label(self, asked: ShippingList) -> tuple[str, str]:
        return asked.status, asked.get_status_display()

    @admin.display(description=_("can be opened until"))
    def can_be_opened(self, asked: ShippingList) -> str:
        return until(open_until(asked=asked)) if asked.status == ShippingListStatus.APPROVED else "-"

    def has_request_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.may(request, "export", None)

    @action(description=_("Make a shipping list"), url_path="request", icon="list_alt", permissions=["request"])
    def request_list(self, request: HttpRequest) -> HttpResponse:
        ready = Shipment.objects.filter(agency__in=self.agency_ids(request), status=ShipmentStatus.READY)
        campaigns = Campaign.objects.filter(pk__in=ready.values("award__prize__course__campaign")).order_by("-pk")
        form = ListForm(request.POST or None, campaigns=campaigns)
        if form.is_valid():
            made: list[ShippingList] = []
            asked = {"campaign_id": form.cleaned_data["campaign"].pk, "reason": form.cleaned_data["reason"]}
            actor_id = signed_in(request).pk
            if attempt(
                request,
                lambda: made.append(request_shipping_list(now=clock.now(), actor_id=actor_id, **asked)),
                _("It is asked for. Please have a colleague confirm it on this page."),
            ):
                return redirect(self.page_of(made[0]))
        question = Question(
            title=_("Write out the addresses that are ready?"),
            button=_("Ask for confirmation"),
            sentences=[
                _("A second person has to confirm it. From then on winners cannot correct these addresses."),
                _("The file can be opened for 24 hours by you and by that person. Every look is in the audit trail."),
            ],
            figures=[(_("parcels ready to be sent"), f"{ready.count():,}")],
            obstacles=[] if campaigns else [_("No parcel is ready to be sent.")],
            form=form if campaigns else None,
            is_grave=True,
        )
        return self.ask(request, question)

    def _waits(self, request: HttpRequest, object_id: str | None) -> Any:
        if not self.may(request, "export", object_id):
            return ShippingList.objects.none()
        return ShippingList.objects.filter(pk=object_id or 0, status=ShippingListStatus.WAITING)

    def has_approve_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return bool(self._waits(request, object_id).exclude(requested_by=request.user.pk).exists())

    def has_refuse_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return bool(self._waits(request, object_id).exists())

    @action(description=_("Let the addresses out"), url_path="approve", icon="check", permissions=["approve"])
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(
            request,
            object_id,
            approve_shipping_list,
            Question(
                title=_("Let these addresses out?"),
                button=_("Let the addresses out"),
                sentences=[_("They can then be read by you and by the person who asked. Is the reason right?")],
                is_grave=True,
            ),
            _("It is confirmed. The file can be downloaded for 24 hours."),
        )

    @action(description=_("Refuse the list"), url_path="refuse", icon="close", permissions=["refuse"])
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Refuse this shipping list?"),
            button=_("Refuse the list"),
            sentences=[_("Nothing is written out, and the parcels stay ready.")],
        )
        done = _("It is refused. No address was written out.")
        return self._decide(request, object_id, refuse_shipping_list, question, done)

    def _decide(
        self, request: HttpRequest, object_id: str, service: Any, question: Question, done: Any
    ) -> HttpResponse:
        asked: ShippingList = self.row_or_404(request, object_id, "export")
        if request.method == "POST":
            attempt(request, lambda: service(list_id=asked.pk, now=clock.now(), actor_id=signed_in(request).pk), done)
            return redirect(self.page_of(asked))
        question.figures = [
            (_("campaign"), asked.campaign.title),
            (_("reason"), asked.reason),
            (_("parcels on the list"), f"{asked.total_count:,}"),
            (_("asked for by"), str(asked.requested_by)),
        ]
        return self.ask(request, question, asked)

    def has_download_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.may(request, "export", object_id):
            return False
        asked = ShippingList.objects.filter(pk=object_id or 0, status=ShippingListStatus.APPROVED).first()
        people = (asked.requested_by_id, asked.approved_by_id) if asked else ()
        return asked is not None and request.user.pk in people and clock.now() < open_until(asked=asked)

    def has_tracking_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.may(request, "export", object_id) or not request.user.has_perm("codes.change_shipment"):
            return False
        return ShippingList.objects.filter(pk=object_id or 0, status=ShippingListStatus.APPROVED).exists()

    @action(description=_("Import tracking numbers"), url_path="tracking", icon="upload_file", permissions=["tracking"])
    def tracking(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead to where the shipper's numbers come in: the next step once the file is with the shipper."""
        return redirect("admin:codes_shipment_import_file")

    @action(description=_("Download the CSV file"), url_path="download", icon="download", permissions=["download"])
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse | StreamingHttpResponse:
        """Send the file; nothing that fetches links ahead may count as a person's download."""
        asked: ShippingList = self.row_or_404(request, object_id, "export")
        if request.method != "POST":
            question = Question(
                title=_("Download the addresses?"),
                button=_("Download the CSV file"),
                sentences=[_("Your name and the time are written into the audit trail before the file is sent.")],
                figures=[(_("parcels on the list"), f"{asked.total_count:,}")],
            )
            return self.ask(request, question, asked)
        try:
            lines = open_shipping_list(list_id=asked.pk, now=clock.now(), actor_id=signed_in(request).pk)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect(self.page_of(asked))
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="shipping-{str(asked.public_id)[:8]}.csv"'
        response["Cache-Control"] = "no-store"
        return response
