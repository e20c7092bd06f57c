"""Entries accepted after their campaign's draw, at the draw desk: a supplementary draw, or a prize by hand."""

from typing import Any

from django import forms
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.desk import Question, attempt, yen
from accounts.desk.tenancy import signed_in
from campaigns.models import Campaign
from core import clock
from draws.selectors import late_entries
from journeys.late import LatePreview, confirm_late_draw, give_by_hand, preview_late_draw
from participants.models import Entry

SHOWN = 50
OBSTACLES = {
    "not_drawn_yet": _("The campaign's own draw was not held yet."),
    "no_candidates": _("Nobody takes part."),
    "stock_too_small": _(
        "There are fewer codes in stock than winners are to be expected. Please bring codes in first."
    ),
    "budget_too_small": _(
        "The budget has less left than the winners to be expected would get. Please raise the budget."
    ),
    "premiums_too_high": _(
        "If all of them won, the prizes would be worth more than the law on premiums allows. Please check the projected"
        " sales of the campaign, or give prizes by hand as far as the limit reaches."
    ),
}


class ExpectedForm(forms.Form):
    """What the operator saw; the draw is refused when the number has changed since."""

    expected = forms.IntegerField(widget=forms.HiddenInput)


class GrantForm(forms.Form):
    """Which course, and why without a draw."""

    course: Any = forms.ModelChoiceField(None, label=_("course"), widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(
        label=_("reason"),
        min_length=5,
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Kept in the trail."),
    )

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["course"].queryset = campaign.courses.order_by("position", "pk")  # type: ignore[attr-defined]


def late_campaigns(agency_ids: Any) -> QuerySet[Campaign]:
    """Give the campaigns in which entries accepted after the draw wait, with their number."""
    waiting = late_entries().filter(agency__in=agency_ids).values("campaign").annotate(n=Count("pk"))
    counts = {row["campaign"]: row["n"] for row in waiting.order_by()}
    campaigns = Campaign.objects.filter(pk__in=counts).order_by("entry_closes_at")
    for campaign in campaigns:
        campaign.late_count = counts[campaign.pk]  # type: ignore[attr-defined]
    return campaigns


class LatePages:
    """The pages of the draw desk about entries accepted after the draw."""

    def get_urls(self: Any) -> Any:
        view = self.admin_site.admin_view
        pages = [
            path("late/<int:campaign_id>/", view(self.late), name="draws_draw_late"),
            path("late/<int:campaign_id>/<int:entry_id>/", view(self.grant), name="draws_draw_grant"),
        ]
        return [*pages, *super().get_urls()]  # type: ignore[misc]

    def late(self: Any, request: HttpRequest, campaign_id: int) -> HttpResponse:
        """Show a supplementary draw in numbers, and hold it when the operator confirms these numbers."""
        campaign = self.campaign_or_404(request, campaign_id)
        form = ExpectedForm(request.POST or None)
        if form.is_valid() and attempt(
            request,
            lambda: confirm_late_draw(
                campaign_id=campaign.pk,
                expected_candidates=form.cleaned_data["expected"],
                actor_id=signed_in(request).pk,
                now=clock.now(),
            ),
            _("The supplementary draw is held. Prizes and messages go out now."),
        ):
            return redirect(self.page_of(None))
        answer: HttpResponse = self.ask(request, _question(campaign, preview_late_draw(campaign_id=campaign.pk)))
        return answer

    def grant(self: Any, request: HttpRequest, campaign_id: int, entry_id: int) -> HttpResponse:
        """Give one entry the prizes of a course without a draw."""
        campaign = self.campaign_or_404(request, campaign_id)
        entry = late_entries().filter(pk=entry_id, campaign=campaign).first()
        if entry is None:
            raise Http404
        form = GrantForm(request.POST or None, campaign=campaign)
        if form.is_valid() and attempt(
            request,
            lambda: give_by_hand(
                entry_id=entry.pk,
                course_id=form.cleaned_data["course"].pk,
                reason=form.cleaned_data["reason"],
                actor_id=signed_in(request).pk,
                now=clock.now(),
            ),
            _("The prize is given; its message goes out now."),
        ):
            return redirect(self.page_of(None))
        question = Question(
            title=_("Give a prize without a draw?"),
            button=_("Give the prize"),
            sentences=[_("The entry wins the course in addition to those drawn. This cannot be taken back.")],
            figures=[(_("campaign"), campaign.title), (_("entry"), str(entry)), (_("accepted at"), _accepted(entry))],
            form=form,
            is_grave=True,
        )
        asked: HttpResponse = self.ask(request, question)
        return asked


def _question(campaign: Campaign, preview: LatePreview) -> Question:
    return Question(
        title=_("Supplementary draw: %(campaign)s") % {"campaign": campaign.title},
        button=_("Draw for these %(entries)s entries") % {"entries": f"{preview.candidate_count:,}"},
        sentences=[
            _("These entries were accepted after the draw. Each is drawn by itself at the odds that everybody had."),
            _("How many win is not known before. Who wins is given a prize in addition to those drawn."),
            _("The result is fixed for good; it cannot be repeated."),
        ],
        figures=[
            (_("entries in the draw"), f"{preview.candidate_count:,}"),
            (_("without a confirmed contact (not in the draw)"), f"{preview.unconfirmed_count:,}"),
            *_course_figures(preview),
            (_("value if all of them won"), yen(preview.most_jpy)),
            *_entry_figures(campaign),
        ],
        obstacles=[OBSTACLES.get(code, code) for code in preview.obstacles],
        form=ExpectedForm(initial={"expected": preview.candidate_count}),
        is_grave=True,
    )


def _course_figures(preview: LatePreview) -> list[tuple[Any, Any]]:
    odds = _("%(winners)s of %(entries)s won")
    stock = _("%(stock)s codes in stock")
    figures = []
    for course in preview.courses:
        told = str(odds % {"winners": f"{course.winner_count:,}", "entries": f"{course.out_of:,}"})
        if course.stock_count is not None:
            told += f" ({stock % {'stock': f'{course.stock_count:,}'}})"
        figures.append((course.name, told))
    return figures


def _entry_figures(campaign: Campaign) -> list[tuple[Any, Any]]:
    """Name the entries that wait, each with the way to a prize by hand."""
    link = '{} <a class="underline" href="{}">{}</a>'
    entries = late_entries().filter(campaign=campaign).order_by("decided_at", "pk")[:SHOWN]
    return [
        (
            str(entry),
            format_html(
                link,
                _accepted(entry),
                reverse("admin:draws_draw_grant", args=[campaign.pk, entry.pk]),
                _("give a prize without a draw"),
            ),
        )
        for entry in entries
    ]


def _accepted(entry: Entry) -> str:
    return f"{timezone.localtime(entry.decided_at):%Y/%m/%d %H:%M}" if entry.decided_at else ""
