"""The funnel's page stands in the place of a list: a report has no rows of its own."""

import json
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from accounts import audit
from accounts.desk.tenancy import signed_in
from accounts.selectors import agencies_where
from analytics.live import live_figures
from analytics.models import Report
from analytics.selectors import BREAKDOWNS, STAGES, FunnelRow, funnel, stages_with_labels
from campaigns.models import Campaign
from core.spreadsheets import csv_lines
from participants.selectors import campaign_with_newest_entry

VIEW = "analytics.view_report"
QUESTIONS = {
    "total": _("How far did the entries come?"),
    "day": _("On which days did people enter, and what became of it?"),
    "prize": _("Which prizes were won, opened and used?"),
    "link": _("Over which link did entries come that reached the till?"),
}
TABS = {"total": _("in all"), "day": _("by day"), "prize": _("by prize"), "link": _("by link")}
COLOURS = {"entries": "#8a94a6", "won": "#c9a227", "revealed": "#2f6fb0", "redeemed": "#b3263a"}
SOLID = "#b3263a"


@admin.register(Report)
class ReportAdmin(ModelAdmin):
    """Everybody with a role sees the figures of the own agencies' campaigns."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return signed_in(request).has_perm(VIEW)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> Any:
        export = path("csv/", self.admin_site.admin_view(self.export), name="analytics_report_csv")
        return [export, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the funnel of a chosen campaign as a chart, a table and a file."""
        campaigns = _campaigns(request)
        chosen = campaigns.filter(pk=number(request.GET.get("campaign"))).first()
        chosen = chosen or campaign_with_newest_entry(campaigns) or campaigns.first()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Funnel"),
            "campaigns": campaigns,
            "figures": live_figures(chosen) if chosen else [],
            **funnel_context(chosen, _breakdown(request)),
        }
        return TemplateResponse(request, "admin/analytics/funnel.html", context)

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """Give the table as CSV; taking it leaves a line in the trail."""
        chosen = _campaigns(request).filter(pk=number(request.GET.get("campaign"))).first()
        if chosen is None:
            raise Http404
        by = _breakdown(request)
        audit.record("figures.exported", subject=chosen, actor_id=request.user.pk, by=by)
        heads = [str(TABS[by]), *(label for _stage, label in stages_with_labels())]
        rows = ([row.label, *_cells(row)] for row in funnel(chosen, by))
        response = StreamingHttpResponse(csv_lines([heads, *rows]), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="funnel-{chosen.slug}-{by}.csv"'
        response["Cache-Control"] = "no-store"
        return response


def funnel_context(campaign: Campaign | None, by: str) -> dict[str, Any]:
    """Prepare the funnel of a campaign for its chart and table."""
    if campaign is None:
        return {"chosen": None}
    rows = funnel(campaign, by)
    return {
        "chosen": campaign,
        "by": by,
        "tabs": [(name, title) for name, title in TABS.items() if name in BREAKDOWNS],
        "question": QUESTIONS[by],
        "has_entries": any(row.entries for row in rows),
        "heads": [label for _stage, label in stages_with_labels()],
        "rows": [(row.label, _cells(row)) for row in rows],
        "chart": json.dumps(_chart(rows, by), ensure_ascii=False),
        "options": json.dumps(_options(by)),
    }


def _chart(rows: list[FunnelRow], by: str) -> dict[str, Any]:
    labels = dict(stages_with_labels())
    if by == "total":
        data = {"label": labels["entries"], "data": _cells(rows[0]), "backgroundColor": SOLID}
        return {"labels": list(labels.values()), "datasets": [data]}
    sets = [
        {"label": labels[stage], "data": [getattr(row, stage) for row in rows], "backgroundColor": colour}
        for stage, colour in COLOURS.items()
    ]
    return {"labels": [row.label for row in rows], "datasets": sets}


def _options(by: str) -> dict[str, Any]:
    """Axes and legend in full: the theme's own defaults hide them."""
    return {
        "maintainAspectRatio": False,
        "animation": False,
        "plugins": {"legend": {"display": by != "total", "position": "bottom"}, "tooltip": {"enabled": True}},
        "scales": {"x": {"grid": {"display": False}}, "y": {"beginAtZero": True, "ticks": {"precision": 0}}},
    }


def _cells(row: FunnelRow) -> list[int]:
    return [getattr(row, stage) for stage in STAGES]


def _campaigns(request: HttpRequest) -> Any:
    user = signed_in(request)
    if not user.has_perm(VIEW):
        raise PermissionDenied
    return Campaign.objects.filter(agency__in=agencies_where(user, VIEW)).order_by("-pk")


def _breakdown(request: HttpRequest) -> str:
    by = request.GET.get("by", "total")
    return by if by in BREAKDOWNS else "total"


def number(text: str | None) -> int:
    """Read a key out of an address; 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0
