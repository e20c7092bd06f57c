"""Figures on the operators' pages."""

from typing import Any

from django import template

from analytics.live import live_figures as figures_of
from campaigns.models import Campaign

register = template.Library()


@register.inclusion_tag("admin/live_figures.html")
def live_figures(campaign: Campaign) -> dict[str, Any]:
    """Show how far entries of a campaign have come, beside its targets."""
    return {"figures": figures_of(campaign), "targets": campaign.kpi_targets.all()}
