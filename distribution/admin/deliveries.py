"""Messages on their way: troubled ones first, contacts masked, sent again after a question."""

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Case, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.desk import ExportMixin, Question, ReadOnlyAdmin, TenantTabularInline, attempt, id_begins, yen
from codes.models import Award
from codes.selectors import available_count
from core import clock
from core.japanese import format_datetime
from distribution.models import Delivery, DeliveryAttempt, DeliveryStatus
from distribution.selectors import TROUBLED, with_contact
from distribution.services import reissue, resend_delivery

COLOURS = {
    DeliveryStatus.QUEUED: "info",
    DeliveryStatus.SENDING: "info",
    DeliveryStatus.ACCEPTED: "success",
    DeliveryStatus.DELIVERED: "success",
    DeliveryStatus.BOUNCED: "danger",
    DeliveryStatus.FAILED: "danger",
    DeliveryStatus.UNKNOWN: "warning",
    DeliveryStatus.CANCELLED: "default",
}

REASONS = {
    "": "",
    "accepted": _("handed over"),
    "refused": _("refused by the receiver"),
    "unavailable": _("the service did not answer"),
    "unknown": _("outcome unknown"),
    "outcome_unknown": _("outcome unknown"),
    "no_contact": _("nobody can be written to"),
    "address_unknown": _("no such address"),
    "recipient_refused": _("refused by the receiver"),
    "rejected": _("rejected"),
    "blocked": _("blocked by the receiver"),
    "quota": _("monthly limit reached"),
    "award_voided": _("the prize was withdrawn"),
    "already_opened": _("the prize was opened meanwhile"),
    "past_deadline": _("the deadline had passed"),
    "address_given": _("the address was given meanwhile"),
    "came_back": _("the parcel came back meanwhile"),
    "not_bound": _("the prize is bound to no device"),
}


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


class TroubleFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("trouble", _("did not arrive")), ("waiting", _("on the way")), ("done", _("handed over"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = {
            "trouble": TROUBLED,
            "waiting": (DeliveryStatus.QUEUED, DeliveryStatus.SENDING),
            "done": (DeliveryStatus.ACCEPTED, DeliveryStatus.DELIVERED),
        }.get(self.value() or "")
        return queryset.filter(status__in=chosen) if chosen else queryset


class AttemptInline(TenantTabularInline):
    model = DeliveryAttempt
    fields = ("number", "channel", "contact", "result", "finished_at")
    readonly_fields = fields
    show_title = False
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("identity")

    @admin.display(description=_("contact"))
    def contact(self, attempt: DeliveryAttempt) -> str:
        return attempt.identity.masked

    @admin.display(description=_("outcome"))
    def result(self, attempt: DeliveryAttempt) -> str:
        return str(REASONS.get(attempt.outcome, attempt.outcome))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("distribution.view_delivery")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(ExportMixin, ReadOnlyAdmin):
    list_display = ("created_at", "kind", "contact", "campaign", "status_label", "attempts", "accepted_at", "failure")
    list_select_related = ("identity", "entry__campaign", "award__prize")
    list_filter = (TroubleFilter, "kind")
    search_fields = ("public_id",)  # shows the field; `get_search_results` looks
    search_help_text = _("Number on the notice, or id of a delivery, an entry or an award")
    fields = (
        ("kind", "status"),
        ("entry", "award", "about"),
        ("contact", "attempts"),
        ("accepted_at", "next_attempt_at"),
        "failure",
    )
    readonly_fields = ("contact", "failure")
    inlines = (AttemptInline,)
    actions_detail = ("resend", "reissue")
    ordering = (Case(When(status__in=TROUBLED, then=0), default=1).asc(), "-pk")  # what needs a hand first

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_contact(super().get_queryset(request))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find messages by an id or by the number that a winner reads out, which is how an award's begins."""
        names = ("public_id", "entry__public_id", "award__public_id", "about__public_id")
        begins = [id_begins(search_term, name) for name in names]
        if not search_term.strip():
            return queryset, False
        return (queryset.filter(reduce(or_, begins)) if all(begins) else queryset.none()), False

    @admin.display(description=_("contact"))
    def contact(self, delivery: Any) -> str:
        return delivery.masked_contact or "-"

    @admin.display(description=_("reason"), ordering="failure_code")
    def failure(self, delivery: Delivery) -> str:
        return str(REASONS.get(delivery.failure_code, delivery.failure_code))

    @admin.display(description=_("campaign"))
    def campaign(self, delivery: Delivery) -> str:
        return str(delivery.entry.campaign)

    @display(description=_("status"), label=COLOURS, ordering="status")
    def status_label(self, delivery: Delivery) -> tuple[str, str]:
        return delivery.status, delivery.get_status_display()

    def has_resend_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.may(request, "change", object_id):
            return False
        resting = [*TROUBLED, DeliveryStatus.ACCEPTED, DeliveryStatus.DELIVERED]
        return Delivery.objects.filter(pk=object_id or 0, status__in=resting).exists()

    @action(description=_("Send again"), url_path="resend", icon="forward_to_inbox", permissions=["resend"])
    def resend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        delivery: Any = self.row_or_404(request, object_id)
        if request.method == "POST":
            attempt(
                request,
                lambda: resend_delivery(delivery_id=delivery.pk, now=clock.now(), actor_id=request.user.pk),
                _("The message will be sent again."),
            )
            return redirect(self.page_of(delivery))
        question = Question(
            title=_("Send this message again?"),
            button=_("Send 1 message"),
            sentences=[_("The message carries the same link as before. No second prize is given.")],
            figures=[
                (_("kind"), delivery.get_kind_display()),
                (_("contact"), self.contact(delivery)),
                (_("sent so far"), delivery.attempts),
            ],
        )
        return self.ask(request, question, delivery)

    def has_reissue_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.may(request, "change", object_id) or not request.user.has_perm("codes.change_award"):
            return False
        held = Delivery.objects.filter(award__voided_at__isnull=True, award__gift_code__isnull=False)
        return held.filter(pk=object_id or 0).exists()

    @action(
        description=_("Reissue the code"), url_path="reissue", icon="published_with_changes", permissions=["reissue"]
    )
    def reissue(self, request: HttpRequest, object_id: str) -> HttpResponse:
        delivery: Any = self.row_or_404(request, object_id)
        award, form = delivery.award, ReasonForm(request.POST or None)
        if award.revealed_at is not None:
            return self.ask(request, _why_not(award, shown_at=award.revealed_at), delivery)
        if form.is_valid():
            attempt(
                request,
                lambda: reissue(
                    award_id=award.pk, reason=form.cleaned_data["reason"], now=clock.now(), actor_id=request.user.pk
                ),
                _("Another code was given, and its notice will be sent. The old link and code are void."),
            )
            return redirect(self.page_of(delivery))
        question = Question(
            title=_("Give another code in place of this one?"),
            button=_("Reissue 1 code"),
            sentences=[
                _("The old code becomes void, and its link says so. The winner gets a new message with another link."),
                _("This works only as long as nobody has seen the code, and cannot be taken back."),
            ],
            figures=[
                (_("prize"), award.prize.name),
                (_("value (yen)"), yen(award.prize.face_value_jpy)),
                (_("codes left in stock"), str(available_count(award.prize_id))),
                (_("code shown"), _("no")),
            ],
            form=form,
            is_grave=True,
        )
        return self.ask(request, question, delivery)


def _why_not(award: Award, *, shown_at: datetime) -> Question:
    """Say why a code that was seen is not reissued, and what helps instead."""
    code = award.gift_code
    return Question(
        title=_("This code cannot be reissued"),
        button="",
        sentences=[
            _("It was shown already, so it may have been used, or passed on. No second code is given for it."),
            _("If the winner has lost the message: send it again. Its link shows the same code."),
            _("If the winner cannot open it on another device: free the award, on its page."),
            _("If somebody else may have used it: the page of the code shows each use, and the store can undo it."),
        ],
        figures=[
            (_("prize"), award.prize.name),
            (_("code shown at"), format_datetime(shown_at)),
            (_("balance"), yen(code.balance_jpy) if code else "-"),
        ],
    )
