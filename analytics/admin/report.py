"""The funnel's page stands in the place of a list: a report has no rows of its own."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from accounts.desk.tenancy import signed_in
from accounts.selectors import agencies_where
from analytics.live import live_figures
from analytics.models import Report
from campaigns.models import Campaign


@admin.register(Report)
class ReportAdmin(ModelAdmin):
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("analytics.view_report")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the figures of a chosen campaign."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        agencies = agencies_where(signed_in(request), "analytics.view_report")
        campaigns = Campaign.objects.filter(agency__in=agencies).order_by("-pk")
        chosen = campaigns.filter(pk=_number(request.GET.get("campaign"))).first() or campaigns.first()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Funnel"),
            "campaigns": campaigns,
            "chosen": chosen,
            "figures": live_figures(chosen) if chosen else [],
        }
        return TemplateResponse(request, "admin/analytics/funnel.html", context)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
