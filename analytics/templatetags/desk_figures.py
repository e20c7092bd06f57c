"""Figures on the operators' pages."""

from typing import Any

from django import template

from analytics.live import live_figures as figures_of
from campaigns.models import Campaign
from codes.budgets import budget_outlook
from core import clock

register = template.Library()


@register.inclusion_tag("admin/live_figures.html")
def live_figures(campaign: Campaign) -> dict[str, Any]:
    """Show how far entries of a campaign have come, beside its targets."""
    return {"figures": figures_of(campaign), "targets": campaign.kpi_targets.all()}


@register.inclusion_tag("admin/codes/stock/budget.html")
def budget_figures(campaign: Campaign) -> dict[str, Any]:
    """Show how far the budget of a campaign is used and until when it lasts."""
    return {"outlook": budget_outlook(campaign, clock.now()), "campaign": campaign}
