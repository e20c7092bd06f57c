"""The root: where to go on. In the sandbox it also leads to the demo's campaigns and to everybody's doors."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from campaigns.selectors import PUBLISHED


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the way to one's own page and to 本物確認; no list of clients' campaigns outside of the sandbox."""
    campaigns = Campaign.objects.none()
    if settings.SANDBOX:
        campaigns = Campaign.objects.filter(status__in=PUBLISHED)
    context = {
        "campaigns": campaigns.select_related("sponsor"),
        "is_sandbox": settings.SANDBOX,
    }
    return render(request, "portal/home.html", context)
