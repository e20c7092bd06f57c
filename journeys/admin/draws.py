"""The draw desk: what a draw would do, in numbers; then one press that fixes the winners for good."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _

from accounts.desk import ExportMixin, Question, ReadOnlyAdmin, attempt, shown, yen
from accounts.desk.tenancy import signed_in
from campaigns.models import Campaign, CampaignStatus, Mechanic
from core import clock
from draws.models import Draw, DrawStatus
from journeys.admin.late import ExpectedForm, LatePages, late_campaigns
from journeys.services import DrawPreview, confirm_draw, preview_draw

OBSTACLES = {
    "not_a_later_draw": _("This campaign does not decide by a draw after closing."),
    "not_closed": _("The campaign has not closed yet."),
    "already_drawn": _("The winners are drawn already."),
    "entries_in_review": _("Some entries still wait for their verdict. Please finish the review first."),
    "no_candidates": _("Nobody takes part."),
    "stock_too_small": _("There are fewer codes in stock than winners. Please bring codes in first."),
    "budget_too_small": _("The budget has less left than the winners' prizes are worth. Please raise the budget."),
    "premiums_too_high": _(
        "The prizes are worth more than the law on premiums allows, or it cannot be judged. Please check least purchase"
        " and projected sales on the campaign's page."
    ),
}


@admin.register(Draw)
class DrawAdmin(LatePages, ExportMixin, ReadOnlyAdmin):
    list_display = ("campaign", "kind", "status", "candidate_count", "winner_count", "drawn_at", "drawer")
    list_select_related = ("campaign", "drawn_by")
    fields = ("campaign", "kind", "status", "candidate_count", "winner_count", "drawn_at", "drawer")
    readonly_fields = ("kind", "drawer")
    drawer = shown("drawn_by", _("drawn by"))
    list_before_template = "admin/draws/draw/due.html"

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view
        run = path("run/<int:campaign_id>/", view(self.run), name="draws_draw_run")
        return [run, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        waiting = {"due": self._due(request), "late": late_campaigns(self.agency_ids(request, "add"))}
        return super().changelist_view(request, {**(extra_context or {}), **waiting})

    @admin.display(description=_("kind"), ordering="number")
    def kind(self, draw: Draw) -> Any:
        return _("the campaign's draw") if draw.number == 1 else _("supplementary draw")

    def run(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        """Show the draw in numbers; hold it when the operator confirms these numbers."""
        campaign = self.campaign_or_404(request, campaign_id)
        form = ExpectedForm(request.POST or None)
        if form.is_valid() and attempt(
            request,
            lambda: confirm_draw(
                campaign_id=campaign.pk,
                expected_candidates=form.cleaned_data["expected"],
                actor_id=signed_in(request).pk,
                now=clock.now(),
            ),
            _("The winners are drawn. Prizes and messages go out now."),
        ):
            return redirect(self.page_of(None))
        preview = preview_draw(campaign_id=campaign.pk)
        return self.ask(request, _question(campaign, preview))

    def campaign_or_404(self, request: HttpRequest, campaign_id: int) -> Campaign:
        """Find a campaign for which the person may draw."""
        ids = self.agency_ids(request, "add")
        if not ids or not self.may(request, "add", None):
            raise PermissionDenied
        campaign = Campaign.objects.filter(pk=campaign_id, agency__in=ids).first()
        if campaign is None:
            raise Http404
        return campaign

    def _due(self, request: HttpRequest) -> Any:
        """Closed campaigns whose winners are not drawn yet."""
        drawn = Draw.objects.filter(status=DrawStatus.DRAWN).values("campaign")
        campaigns = Campaign.objects.filter(
            agency__in=self.agency_ids(request, "add"),
            mechanic=Mechanic.LATER,
            status__in=[CampaignStatus.OPEN, CampaignStatus.PAUSED, CampaignStatus.CLOSED],
        )
        return campaigns.exclude(pk__in=drawn).order_by("entry_closes_at")


def _question(campaign: Campaign, preview: DrawPreview) -> Question:
    courses = [
        (
            course.name,
            _("%(winners)s winners (%(stock)s codes in stock) %(value)s")
            % {
                "winners": f"{course.winner_count:,}",
                "stock": f"{course.stock_count:,}",
                "value": yen(course.value_jpy),
            },
        )
        for course in preview.courses
    ]
    winners = sum(course.winner_count for course in preview.courses)
    return Question(
        title=_("Draw: %(campaign)s") % {"campaign": campaign.title},
        button=_("Draw %(winners)s winners and send the prizes") % {"winners": f"{winners:,}"},
        sentences=[_("The winners are fixed for good; the draw cannot be repeated.")],
        figures=[
            (_("entries in the draw"), f"{preview.candidate_count:,}"),
            (_("without a confirmed contact (not in the draw)"), f"{preview.unconfirmed_count:,}"),
            (_("waiting for their verdict"), f"{preview.in_review_count:,}"),
            *courses,
            (_("value in all"), yen(preview.total_value_jpy)),
        ],
        obstacles=[OBSTACLES.get(code, code) for code in preview.obstacles],
        form=ExpectedForm(initial={"expected": preview.candidate_count}),
        is_grave=True,
    )
