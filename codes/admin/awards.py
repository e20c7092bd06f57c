"""What winners hold."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.desk import ExportMixin, Question, ReadOnlyAdmin, attempt, id_begins, until, yen
from codes.admin.forms import ReasonForm
from codes.models import Award
from codes.selectors import waits_for_another_code
from codes.services import unbind_award, void_award
from core import clock

STATES = {"void": "danger", "revealed": "success", "claimed": "info", "waiting": "warning"}


@admin.register(Award)
class AwardAdmin(ExportMixin, ReadOnlyAdmin):
    list_display = ("notice", "prize", "entry", "state", "claim_until", "claimed_at", "revealed_at")
    list_select_related = ("prize__course__campaign", "entry", "replaced_by")
    list_filter = (("prize", admin.RelatedOnlyFieldListFilter), ("revealed_at", admin.EmptyFieldListFilter))
    search_fields = ("public_id", "entry__public_id")
    search_help_text = _("Number on the notice, or id of an award or of an entry")
    fields = (
        "notice",
        "prize",
        "entry",
        "code",
        "claim_until",
        "claimed_at",
        "revealed_at",
        "reveal_count",
        "voided_at",
        ("held_by", "bound_at"),
        ("replaces", "in_its_place"),
        "reminded_at",
        "public_id",
    )
    readonly_fields = ("public_id", "notice", "code", "claim_until", "held_by", "in_its_place")
    actions_detail = ("void", "unbind")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find an award by the number that its winner reads out, however it is written."""
        awards, entries = id_begins(search_term, "public_id"), id_begins(search_term, "entry__public_id")
        if not search_term.strip():
            return queryset, False
        return (queryset.filter(awards | entries) if awards and entries else queryset.none()), False

    @admin.display(description=_("number on the notice"), ordering="pk")
    def notice(self, award: Award) -> str:
        return award.notice_number

    @admin.display(description=_("gift code"))
    def code(self, award: Award) -> str:
        """Link to the page of the code, where everything that can be done with it stands, and name its state."""
        if award.gift_code is None:
            return "-"
        url = reverse("admin:codes_giftcode_change", args=[award.gift_code.pk])
        words = f"{award.gift_code} ({award.gift_code.get_status_display()})"
        waiting = _("waits for another code") if waits_for_another_code(award) else ""
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a> {}', url, words, waiting)

    @admin.display(description=_("award in its place"))
    def in_its_place(self, award: Award) -> str:
        other = getattr(award, "replaced_by", None)
        if other is None:
            return "-"
        url = reverse("admin:codes_award_change", args=[other.pk])
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', url, other)

    @admin.display(description=_("to be received until"), ordering="claim_expires_at")
    def claim_until(self, award: Award) -> str:
        return until(award.claim_expires_at)

    @admin.display(description=_("bound to"))
    def held_by(self, award: Award) -> str:
        if award.bound_at is None:
            return str(_("nobody yet"))
        if award.bound_identity is not None:
            return award.bound_identity.masked
        return str(_("a PIN") if award.pin_hash else _("a device"))

    @display(description=_("status"), label=STATES)
    def state(self, award: Award) -> tuple[str, Any]:
        if award.voided_at:
            return "void", _("reissued") if hasattr(award, "replaced_by") else _("withdrawn")
        if award.revealed_at:
            return "revealed", _("code shown")
        if award.claimed_at:
            return "claimed", _("page opened")
        return "waiting", _("not opened yet")

    def has_void_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.may(request, "change", object_id):
            return False
        return Award.objects.filter(pk=object_id or 0, voided_at__isnull=True).exists()

    @action(description=_("Withdraw the award"), url_path="void", icon="block", permissions=["void"])
    def void(self, request: HttpRequest, object_id: str) -> HttpResponse:
        award = self.row_or_404(request, object_id)
        form = ReasonForm(request.POST or None)
        if form.is_valid():
            attempt(
                request,
                lambda: void_award(
                    award_id=award.pk, reason=form.cleaned_data["reason"], now=clock.now(), actor_id=request.user.pk
                ),
                _("The award is withdrawn and its code blocked."),
            )
            return redirect(self.page_of(award))
        question = Question(
            title=_("Withdraw this award?"),
            button=_("Withdraw"),
            sentences=[_("The winner can no longer open the code, and tills refuse it. This cannot be taken back.")],
            figures=[
                (_("prize"), award.prize.name),
                (_("value (yen)"), yen(award.prize.face_value_jpy)),
                (_("code shown"), _("yes") if award.revealed_at else _("no")),
            ],
            form=form,
            is_grave=True,
        )
        return self.ask(request, question, award)

    def has_unbind_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.may(request, "change", object_id):
            return False
        bound = Award.objects.filter(pk=object_id or 0, voided_at__isnull=True, bound_at__isnull=False)
        return bound.exists()

    @action(description=_("Free the award"), url_path="unbind", icon="lock_open", permissions=["unbind"])
    def unbind(self, request: HttpRequest, object_id: str) -> HttpResponse:
        award = self.row_or_404(request, object_id)
        form = ReasonForm(request.POST or None)
        if form.is_valid():
            attempt(
                request,
                lambda: unbind_award(
                    award_id=award.pk, reason=form.cleaned_data["reason"], now=clock.now(), actor_id=request.user.pk
                ),
                _("The award is free: whoever opens it next is its holder."),
            )
            return redirect(self.page_of(award))
        question = Question(
            title=_("Free this award of its holder?"),
            button=_("Free the award"),
            sentences=[
                _("Whoever opens the link next becomes its holder. Make sure that you speak with the winner."),
            ],
            figures=[
                (_("prize"), award.prize.name),
                (_("bound to"), self.held_by(award)),
                (_("code shown"), _("yes") if award.revealed_at else _("no")),
            ],
            form=form,
        )
        return self.ask(request, question, award)
