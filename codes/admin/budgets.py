"""予算 on the stock page: how much is given and until when it lasts, and a page to set it at any time."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from accounts.desk import Question, attempt, yen
from accounts.desk.tenancy import allowed_agency_ids
from campaigns.models import Budget, Campaign, CampaignStatus
from codes.budgets import given_jpy
from codes.services import set_running_budget
from core import clock

CHANGE = "campaigns.change_campaign"
LARGEST_JPY = 1_000_000_000_000


class BudgetForm(forms.Form):
    total_jpy = forms.IntegerField(
        label=_("budget (yen)"),
        min_value=1,
        max_value=LARGEST_JPY,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Empty: no limit; prizes are given as long as stock lasts."),
    )


class BudgetPages:
    """The page of a campaign's budget, under the stock page."""

    def get_urls(self: Any) -> Any:
        page = path("stock/budget/<int:campaign_id>/", self.admin_site.admin_view(self.budget), name="codes_budget")
        return [page, *super().get_urls()]  # type: ignore[misc]

    def budget(self: Any, request: HttpRequest, campaign_id: int) -> HttpResponse:
        """Ask what the prizes of a campaign may be worth, beside what is given already."""
        ids = allowed_agency_ids(request, CHANGE)
        if not ids:
            raise PermissionDenied
        campaigns = Campaign.objects.filter(agency__in=ids).exclude(status=CampaignStatus.ARCHIVED)
        campaign = get_object_or_404(campaigns, pk=campaign_id)
        known = Budget.objects.filter(campaign=campaign).first()
        form = BudgetForm(request.POST or None, initial={"total_jpy": known.total_jpy if known else None})
        if form.is_valid() and attempt(
            request,
            lambda: set_running_budget(
                campaign_id=campaign.pk,
                total_jpy=form.cleaned_data["total_jpy"],
                now=clock.now(),
                actor_id=request.user.pk,
            ),
            _("The budget is set."),
        ):
            return redirect(f"{reverse('admin:codes_stock')}?campaign={campaign.pk}")
        question = Question(
            title=_("Set the budget"),
            button=_("Set the budget"),
            sentences=[
                _("Prizes count with their face value, goods with the value stated. What does not fit is not given."),
                _("A code kept for somebody counts. What is withdrawn before it was seen is given back."),
            ],
            figures=[
                (_("campaign"), campaign.title),
                (_("given"), yen(known.used_jpy if known else given_jpy(campaign))),
                (_("budget"), yen(known.total_jpy) if known else _("no limit")),
            ],
            form=form,
        )
        return self.ask(request, question)
