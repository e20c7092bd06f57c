"""What is done to a whole campaign: publish, pause, close, settle, put away, copy; each asks first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.text import format_lazy, slugify
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.desk import Question, attempt, yen
from campaigns import services
from campaigns.admin.steps import step_of
from campaigns.admin.texts import period_text
from campaigns.budgets import budget_of, budget_warnings
from campaigns.design_risks import design_risks
from campaigns.models import Campaign, CampaignStatus
from campaigns.selectors import publish_obstacles
from core import clock


@dataclass(frozen=True)
class Act:
    """A change of state: the status it leads to, the service, and how it is asked."""

    status: CampaignStatus
    service: Callable[..., Campaign]
    title: str | Promise
    button: str | Promise
    sentence: str | Promise
    done: str | Promise
    is_grave: bool = False


ACTS = {
    "unpublish": Act(
        CampaignStatus.DRAFT,
        services.unpublish_campaign,
        _("Take the campaign back to a draft?"),
        _("Back to draft"),
        _("The page is no longer shown. Nobody has entered yet."),
        _("The campaign is a draft again."),
    ),
    "pause": Act(
        CampaignStatus.PAUSED,
        services.pause_campaign,
        _("Pause the campaign?"),
        _("Pause"),
        _("New entries stop at once. Entries already made go on: review, draw and delivery continue."),
        _("The campaign is paused."),
        is_grave=True,
    ),
    "resume": Act(
        CampaignStatus.OPEN,
        services.resume_campaign,
        _("Resume the campaign?"),
        _("Resume"),
        _("Entries are taken again at once."),
        _("The campaign takes entries again."),
    ),
    "close": Act(
        CampaignStatus.CLOSED,
        services.close_campaign,
        _("Close the campaign before its end?"),
        _("Close the entries"),
        _("Entries end for good. Review, draw and delivery go on. This cannot be taken back."),
        _("The campaign is closed."),
        is_grave=True,
    ),
    "settle": Act(
        CampaignStatus.SETTLED,
        services.settle_campaign,
        _("Settle the campaign?"),
        _("Settle"),
        _("You state that draw and delivery are done. This cannot be taken back."),
        _("The campaign is settled."),
        is_grave=True,
    ),
    "archive": Act(
        CampaignStatus.ARCHIVED,
        services.archive_campaign,
        _("Put the campaign away?"),
        _("Archive"),
        _("Its pages are no longer shown. Entries, codes and figures are kept."),
        _("The campaign is in the archive."),
        is_grave=True,
    ),
}


class CloneForm(forms.Form):
    slug = forms.SlugField(
        label=_("address"),
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The last part of the entry page's address."),
    )

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if Campaign.objects.filter(slug=slug).exists():
            raise forms.ValidationError(_("This address is taken. Please choose another."))
        return slug


class CampaignActs:
    """Buttons above the page of a campaign; only those that its state allows are offered."""

    actions_detail: Any = (
        "publish",
        "preview",
        {
            "title": _("Change the state"),
            "items": ["pause", "resume", "close", "settle", "archive", "unpublish", "clone"],
        },
    )

    def get_actions_detail(self: Any, request: HttpRequest, object_id: int | str) -> list[Any]:
        row = self.get_object(request, str(object_id))
        if row is None:
            return []
        offered = {"preview"}
        if self.may(request, "change", row):
            offered |= {"clone"} | {name for name, act in ACTS.items() if row.can_move_to(act.status)}
            offered |= {"publish"} if row.status == CampaignStatus.DRAFT else set()
            if row.status == CampaignStatus.SCHEDULED:
                offered -= {"resume", "pause"}  # the clock opens it
        return [found for found in self._get_base_actions_detail() if found.path in offered]

    @action(description=_("Check and publish"), url_path="publish", icon="publish")
    def publish(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        campaign = self.row_or_404(request, object_id, "change")
        now = clock.now()
        if request.method == "POST" and attempt(
            request,
            lambda: services.publish_campaign(campaign_id=campaign.pk, now=now, actor_id=request.user.pk),
            _("The campaign is published."),
        ):
            return redirect(self.page_of(campaign))
        campaign = self.row_or_404(request, object_id, "change")
        obstacles = publish_obstacles(campaign, now)
        question = Question(
            title=_("Check before publishing"),
            button=_("Publish"),
            sentences=[
                _("The page can be seen by everybody. From the first entry on, terms and rules keep versions."),
                *budget_warnings(campaign),
                *(format_lazy(_("Risk of fraud: {risk}"), risk=risk.message) for risk in design_risks(campaign)),
            ],
            figures=_figures(campaign),
            obstacles=[f"{step_of(found).title}: {found.message}" for found in obstacles],
        )
        return self.ask(request, question, campaign)

    @action(description=_("Preview"), url_path="preview", icon="smartphone")
    def preview(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        campaign = self.row_or_404(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Preview"),
            "campaign": campaign,
            "courses": campaign.courses.prefetch_related("prizes"),
            "terms": campaign.terms.first(),
            "period": period_text(campaign),
            "original": campaign,
            "back_url": self.page_of(campaign),
        }
        return TemplateResponse(request, "admin/campaigns/campaign/preview.html", context)

    @action(description=_("Copy as a new draft"), url_path="clone", icon="content_copy")
    def clone(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        campaign = self.row_or_404(request, object_id, "add")
        form = CloneForm(request.POST or None, initial={"slug": slugify(f"{campaign.slug}-2")})
        if form.is_valid():
            draft = services.clone_campaign(
                campaign_id=campaign.pk, slug=form.cleaned_data["slug"], now=clock.now(), actor_id=request.user.pk
            )
            self.message_user(request, _("The copy is a draft. Please set its periods anew."))
            return redirect(self.page_of(draft))
        question = Question(
            title=_("Copy as a new draft"),
            button=_("Copy"),
            sentences=[_("Prizes, budget, conditions, survey and terms are copied. Stock, entries and links are not.")],
            form=form,
        )
        return self.ask(request, question, campaign)

    @action(description=_("Pause"), url_path="pause")
    def pause(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._act(request, object_id, ACTS["pause"])

    @action(description=_("Resume"), url_path="resume")
    def resume(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._act(request, object_id, ACTS["resume"])

    @action(description=_("Close the entries"), url_path="close")
    def close(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._act(request, object_id, ACTS["close"])

    @action(description=_("Settle"), url_path="settle")
    def settle(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._act(request, object_id, ACTS["settle"])

    @action(description=_("Archive"), url_path="archive")
    def archive(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._act(request, object_id, ACTS["archive"])

    @action(description=_("Back to draft"), url_path="unpublish")
    def unpublish(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._act(request, object_id, ACTS["unpublish"])

    def _act(self: Any, request: HttpRequest, object_id: str, act: Act) -> HttpResponse:
        campaign = self.row_or_404(request, object_id, "change")
        if request.method == "POST":
            attempt(
                request,
                lambda: act.service(campaign_id=campaign.pk, now=clock.now(), actor_id=request.user.pk),
                act.done,
            )
            return redirect(self.page_of(campaign))
        question = Question(
            title=act.title,
            button=act.button,
            sentences=[act.sentence],
            figures=[(_("campaign"), campaign.title), (_("status"), campaign.get_status_display())],
            is_grave=act.is_grave,
        )
        return self.ask(request, question, campaign)


def _figures(campaign: Campaign) -> list[tuple[Any, Any]]:
    """What is about to be promised, in numbers."""
    figures: list[tuple[Any, Any]] = [(_("Entry period"), period_text(campaign))]
    total = 0
    for course in campaign.courses.prefetch_related("prizes"):
        each = sum(prize.face_value_jpy for prize in course.prizes.all())
        winners = f"{course.total_cap:,}名" if course.total_cap is not None else _("as long as stock lasts")
        figures.append((course.name, f"{winners} × {yen(each)}"))
        total += each * (course.total_cap or 0)
    figures.append((_("Value of all prizes with a limit"), yen(total)))
    if budget := budget_of(campaign):
        figures.append((_("budget"), yen(budget.total_jpy)))
    return figures
