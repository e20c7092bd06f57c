"""Figures of the desk: how well reviewers agree, how fast they work, and the clock of each campaign."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.desk.tenancy import allowed_agency_ids
from campaigns.models import Campaign, CampaignStatus
from core import clock
from core.errors import DomainError
from eligibility.agreement import figures_by
from eligibility.models import ReviewOpinion
from eligibility.selectors import policy_of
from eligibility.services import set_policy

VIEW = "eligibility.view_reviewcase"
SET = "eligibility.change_reviewpolicy"
DAYS = 30


class PolicyForm(forms.Form):
    due_hours = forms.IntegerField(label=_("hours until a case is due"))
    second_share = forms.IntegerField(label=_("share that two people review (%)"))


class FigurePages:
    """The page of figures, under the queue."""

    def get_urls(self: Any) -> Any:
        view = self.admin_site.admin_view
        pages = [
            path("figures/", view(self.figures), name="eligibility_reviewcase_figures"),
            path("figures/<int:campaign_id>/", view(self.policy), name="eligibility_reviewcase_policy"),
        ]
        return [*pages, *super().get_urls()]  # type: ignore[misc]

    def figures(self: Any, request: HttpRequest) -> HttpResponse:
        """Show the last thirty days by campaign and by reviewer, and each running campaign's rules of review."""
        agencies = allowed_agency_ids(request, VIEW)
        if not agencies:
            raise PermissionDenied
        opinions = ReviewOpinion.objects.filter(
            case__agency__in=agencies, given_at__gte=clock.now() - timedelta(days=DAYS)
        )
        campaigns = Campaign.objects.filter(agency__in=agencies).exclude(
            status__in=[CampaignStatus.DRAFT, CampaignStatus.ARCHIVED]
        )
        tables = [
            (_("By campaign"), figures_by(opinions, "case__campaign__title")),
            (_("By reviewer"), figures_by(opinions, "reviewer__username")),
        ]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Figures of the review desk"),
            "tables": tables,
            "days": DAYS,
            "policies": [(campaign, policy_of(campaign)) for campaign in campaigns.order_by("-entry_opens_at")[:50]],
            "settable": allowed_agency_ids(request, SET),
        }
        return TemplateResponse(request, "admin/eligibility/review_figures.html", context)

    def policy(self: Any, request: HttpRequest, campaign_id: int) -> HttpResponse:
        """Set how a campaign's cases are reviewed."""
        agencies = allowed_agency_ids(request, SET)
        if not agencies:
            raise PermissionDenied
        campaign = get_object_or_404(Campaign, pk=campaign_id, agency__in=agencies)
        form = PolicyForm(request.POST or None, initial=model_to_dict(policy_of(campaign)))
        if request.method == "POST" and form.is_valid():
            try:
                set_policy(
                    campaign_id=campaign.pk,
                    actor_id=request.user.pk,  # type: ignore[arg-type]
                    now=clock.now(),
                    **form.cleaned_data,
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, gettext("Saved. Cases that are open keep their due time."))
                return redirect(reverse("admin:eligibility_reviewcase_figures"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Rules of review"),
            "campaign": campaign,
            "form": form,
        }
        return TemplateResponse(request, "admin/eligibility/review_policy.html", context)
