"""コード在庫: what is left of each prize, how long it lasts, what needs doing; and the history of counts."""

import json
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.desk import ExportMixin, Question, ReadOnlyAdmin, attempt, grouped, shown, until
from accounts.desk.tenancy import allowed_agency_ids
from accounts.models import Agency
from campaigns.models import GOODS, Campaign, CampaignStatus, Prize
from codes.admin.bars import state_bar
from codes.admin.budgets import CHANGE as CHANGE_BUDGET
from codes.admin.budgets import BudgetPages
from codes.admin.forms import CountForm
from codes.admin.places import PlacePages
from codes.budgets import budget_outlook
from codes.figures import PrizeStock, batch_states, codes_by_trail, forecast, stock_days, stock_of_prizes
from codes.models import CodeBatch, StockCount
from codes.services import take_stock
from core import clock
from participants.selectors import campaign_with_newest_entry

VIEW = "codes.view_codebatch"
DAYS = 14
BATCHES = 20
STATES = ("available", "reserved", "held", "awarded", "void", "expired")
WHERE = ("staged_count", *(f"{name}_count" for name in STATES))
COLOURS = {"came_in": "#2f6fb0", "went_out": "#b3263a", "left": "#8a94a6"}
HEADS = {"came_in": _("came in"), "went_out": _("given out"), "left": _("left at the end of the day")}


@admin.register(StockCount)
class StockCountAdmin(PlacePages, BudgetPages, ExportMixin, ReadOnlyAdmin):
    list_display = (
        "counted_at",
        "batch",
        "came_in",
        *WHERE,
        "difference_label",
        "by_trail",
    )
    list_select_related = ("batch", "counted_by")
    list_filter = (("batch", admin.RelatedOnlyFieldListFilter),)
    date_hierarchy = "counted_at"
    actions_list = ("count", "export_csv")
    fields = (*list_display[:-2], "found", "trail", "counter")
    readonly_fields = ("came_in", *WHERE, "found", "trail", "counter")
    came_in = grouped(StockCount._meta.get_field("imported"), _("codes that came in"))
    staged_count = grouped(StockCount._meta.get_field("staged"), _("waiting for activation"))
    available_count, reserved_count, held_count, awarded_count, void_count, expired_count = (
        grouped(StockCount._meta.get_field(name)) for name in STATES
    )
    counter = shown("counted_by", _("counted by"))

    @display(description=_("difference"), label={"none": "success", "some": "danger"}, ordering="difference")
    def difference_label(self, count: StockCount) -> tuple[str, str]:
        return ("some" if count.difference else "none", f"{count.difference:+,}" if count.difference else "0")

    @admin.display(description=_("difference"))
    def found(self, count: StockCount) -> Any:
        """Say what to do where the numbers do not agree."""
        if not count.difference:
            return "0"
        return format_lazy("{}（{}）", f"{count.difference:+,}", _("hold the batch back and ask the administrator"))

    @admin.display(description=_("against the trail"))
    def trail(self, count: StockCount) -> Any:
        return self.by_trail(count)[1]

    @display(description=_("against the trail"), label={"same": "success", "differs": "danger"})
    def by_trail(self, count: StockCount) -> tuple[str, Any]:
        if "told" not in vars(count):
            _note_trail([count])
        is_same = vars(count)["told"] == count.imported
        return ("same", _("agrees")) if is_same else ("differs", _("differs"))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Look the trail up once for all counts of a page."""
        changes = super().get_changelist_instance(request)
        _note_trail(changes.result_list)
        return changes

    def has_count_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.may(request, "add", None)

    @action(description=_("Count the stock"), url_path="count", icon="inventory", permissions=["count"])
    def count(self, request: HttpRequest) -> HttpResponse:
        agencies = Agency.objects.filter(pk__in=allowed_agency_ids(request, "codes.add_stockcount")).order_by("pk")
        if not agencies:
            raise PermissionDenied
        form = CountForm(request.POST or None, agencies=agencies, initial={"agency": agencies[0].pk})
        if form.is_valid():
            agency_id = form.cleaned_data["agency"].pk
            attempt(
                request,
                lambda: take_stock(agency_id=agency_id, now=clock.now(), actor_id=request.user.pk),
                _("The stock is counted. Differences are shown in red."),
            )
            return redirect(self.page_of(None))
        question = Question(
            title=_("Count the stock now?"),
            button=_("Count the stock"),
            sentences=[
                _("The codes of every batch are counted by state and compared with what came in. Nothing is changed.")
            ],
            form=form,
        )
        return self.ask(request, question)

    def get_urls(self) -> Any:
        pages = [
            path("stock/", self.admin_site.admin_view(self.stock), name="codes_stock"),
            path("stock/<int:prize_id>/", self.admin_site.admin_view(self.prize_stock), name="codes_stock_prize"),
        ]
        return [*pages, *super().get_urls()]

    def stock(self, request: HttpRequest) -> HttpResponse:
        """Show each prize of a campaign: what is left, until when, what it is worth, what to do."""
        campaigns = _campaigns(request)
        chosen = campaigns.filter(pk=_number(request.GET.get("campaign"))).first()
        with_codes = campaigns.filter(
            Exists(Prize.objects.filter(course__campaign=OuterRef("pk")).exclude(kind__in=GOODS))
        )
        chosen = chosen or campaign_with_newest_entry(with_codes) or campaign_with_newest_entry(campaigns)
        chosen = chosen or campaigns.first()
        now = clock.now()
        prizes = Prize.objects.filter(course__campaign=chosen).exclude(kind__in=GOODS)
        prizes = prizes.select_related("course__campaign", "gift_brand")
        lines = [_line(stock, now) for stock in stock_of_prizes(prizes)]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Code stock"),
            "campaigns": campaigns,
            "chosen": chosen,
            "lines": lines,
            "campaign": chosen,
            "outlook": budget_outlook(chosen, now) if chosen else None,
            "can_set": chosen is not None and chosen.agency_id in allowed_agency_ids(request, CHANGE_BUDGET),
            "can_change": bool(allowed_agency_ids(request, "codes.change_codebatch")),
        }
        return TemplateResponse(request, "admin/codes/stock/stock.html", context)

    def prize_stock(self, request: HttpRequest, prize_id: int) -> HttpResponse:
        """Show the stock of a prize over time, and the batches it came in."""
        prize = self.prize_or_404(request, prize_id, VIEW)
        now = clock.now()
        line = _line(stock_of_prizes([prize])[0], now)
        days = stock_days(prize=prize, left=line["left"], days=DAYS, now=now)
        batches = CodeBatch.objects.filter(prize=prize).order_by("-pk")[:BATCHES]
        context = {
            **self.admin_site.each_context(request),
            "opts": CodeBatch._meta,
            "title": prize.name,
            "line": line,
            "days": days,
            "heads": list(HEADS.values()),
            "chart": json.dumps(_chart(days), ensure_ascii=False),
            "options": json.dumps(_chart_options()),
            "batches": [(batch, state_bar(batch_states(batch))) for batch in batches],
            "can_change": prize.course.campaign.agency_id in allowed_agency_ids(request, "codes.change_codebatch"),
        }
        return TemplateResponse(request, "admin/codes/stock/prize.html", context)

    def prize_or_404(self, request: HttpRequest, prize_id: int, permission: str) -> Prize:
        """Find a prize in the agencies where the user has a permission; a foreign one is not there."""
        ids = allowed_agency_ids(request, permission)
        if not ids:
            raise PermissionDenied
        prizes = Prize.objects.filter(course__campaign__agency__in=ids).exclude(kind__in=GOODS)
        found: Prize = get_object_or_404(prizes.select_related("course__campaign", "gift_brand"), pk=prize_id)
        return found


def _line(stock: PrizeStock, now: Any) -> dict[str, Any]:
    outlook = forecast(stock=stock, now=now)
    return {
        "prize": stock.prize,
        "left": stock.left,
        "worth_jpy": stock.worth_jpy,
        "bar": state_bar(stock.states),
        "outlook": outlook,
        "next_expiry": until(stock.next_expiry),
        "staged": stock.states["staged"],
        "reserved": stock.states["reserved"],
    }


def _campaigns(request: HttpRequest) -> Any:
    ids = allowed_agency_ids(request, VIEW)
    if not ids:
        raise PermissionDenied
    rows = Campaign.objects.filter(agency__in=ids).exclude(status=CampaignStatus.ARCHIVED)
    return rows.order_by("-entry_opens_at", "-pk")


def _chart(days: list[Any]) -> dict[str, Any]:
    sets = [
        {
            "type": "line" if name == "left" else "bar",
            "label": str(HEADS[name]),
            "data": [getattr(row, name) for row in days],
            "backgroundColor": colour,
            "borderColor": colour,
        }
        for name, colour in COLOURS.items()
    ]
    return {"labels": [f"{row.day:%m/%d}" for row in days], "datasets": sets}


def _chart_options() -> dict[str, Any]:
    """Axes and legend in full: the theme's own defaults hide them."""
    return {
        "maintainAspectRatio": False,
        "animation": False,
        "plugins": {"legend": {"display": True, "position": "bottom"}, "tooltip": {"enabled": True}},
        "scales": {"x": {"grid": {"display": False}}, "y": {"beginAtZero": True, "ticks": {"precision": 0}}},
    }


def _number(text: str | None) -> int:
    """Read a key out of an address; 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0


def _note_trail(counts: Iterable[StockCount]) -> None:
    """Let each count know what the trail says came in."""
    counts = list(counts)
    told = codes_by_trail({count.batch_id for count in counts})
    for count in counts:
        vars(count)["told"] = told.get(str(count.batch.public_id))
