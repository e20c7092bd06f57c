"""Codes kept for somebody: until when, for which reference, and giving them back early."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.desk import Question, ReadOnlyAdmin, attempt
from codes.models import Reservation, ReservationStatus
from codes.services import release_reservation
from core import clock


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = ("reference", "prize", "status_label", "expires_at", "ended_at")
    list_select_related = ("prize",)
    list_filter = ("status", ("prize", admin.RelatedOnlyFieldListFilter))
    search_fields = ("reference", "public_id")
    fields = ("reference", "prize", "gift_code", "status", "expires_at", "ended_at", "award")
    actions_detail = ("release",)

    @display(
        description=_("status"),
        label=dict.fromkeys(ReservationStatus, "default")
        | {ReservationStatus.HELD: "info", ReservationStatus.USED: "success"},
    )
    def status_label(self, reservation: Reservation) -> tuple[str, str]:
        return reservation.status, reservation.get_status_display()

    def has_release_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.may(request, "change", object_id):
            return False
        return Reservation.objects.filter(pk=object_id or 0, status=ReservationStatus.HELD).exists()

    @action(description=_("Release"), url_path="release", icon="lock_open", permissions=["release"])
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        reservation: Any = self.row_or_404(request, object_id)
        if request.method == "POST":
            attempt(
                request,
                lambda: release_reservation(reservation_id=reservation.pk, now=clock.now(), actor_id=request.user.pk),
                _("The reservation is released."),
            )
            return redirect(self.page_of(reservation))
        question = Question(
            title=_("Release this reservation?"),
            button=_("Release"),
            sentences=[_("The code is back in stock at once and may go to somebody else.")],
            figures=[(_("prize"), reservation.prize.name), (_("reference"), reservation.reference)],
            is_grave=True,
        )
        return self.ask(request, question, reservation)
