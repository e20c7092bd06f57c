"""配分: a prize's shares as a grid of places and days, and moves between them with a look ahead."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.desk import Question
from accounts.desk.tenancy import allowed_agency_ids
from campaigns.models import Prize, Store
from codes.admin.forms import MoveForm, ShareForm
from codes.errors import ShareTooLarge
from codes.models import Allocation, CodeBatch
from codes.selectors import available_count
from codes.services import Place, allocate_stock, move_allocation, settle_rest
from core import clock
from core.errors import DomainError

VIEW = "codes.view_codebatch"
CHANGE = "codes.change_codebatch"


class PlacePages:
    """Pages of a prize's shares, under the stock page."""

    def get_urls(self: Any) -> Any:
        view = self.admin_site.admin_view
        pages = [
            path("stock/<int:prize_id>/places/", view(self.places), name="codes_places"),
            path("stock/<int:prize_id>/places/share/", view(self.share), name="codes_places_share"),
            path("stock/<int:prize_id>/places/move/", view(self.move), name="codes_places_move"),
        ]
        return [*pages, *super().get_urls()]  # type: ignore[misc]

    def places(self: Any, request: HttpRequest, prize_id: int) -> HttpResponse:
        """Show what each place has and has given out, by day."""
        prize = self.prize_or_404(request, prize_id, VIEW)
        shares = list(Allocation.objects.filter(prize=prize).select_related("store").order_by("day", "place"))
        days = sorted({share.day for share in shares if share.day})
        grid: dict[str, dict[date | None, Allocation]] = {}
        for share in shares:
            grid.setdefault(_without_day(share), {})[share.day] = share
        rest = gettext("everybody else")
        grid = dict(sorted(grid.items(), key=lambda row: row[0] == rest))  # what is for everybody else comes last
        columns: list[date | None] = [None, *days]
        context = {
            **self.admin_site.each_context(request),
            "opts": CodeBatch._meta,
            "title": gettext("Shares of stock"),
            "prize": prize,
            "days": days,
            "rows": [(name, [cells.get(day) for day in columns]) for name, cells in grid.items()],
            "in_stock": available_count(prize.pk),
            "left_in_shares": sum(share.quota - share.used for share in shares),
            "can_change": prize.course.campaign.agency_id in allowed_agency_ids(request, CHANGE),
        }
        return TemplateResponse(request, "admin/codes/stock/places.html", context)

    def share(self: Any, request: HttpRequest, prize_id: int) -> HttpResponse:
        """Ask how many codes a place gets."""
        prize = self.prize_or_404(request, prize_id, CHANGE)
        stores = Store.objects.filter(agency_id=prize.course.campaign.agency_id, is_active=True).order_by("code")
        form = ShareForm(request.POST or None, stores=stores)
        if form.is_valid():
            given = form.cleaned_data
            store = given["store"]
            place = Place(store_id=store.pk if store else None, channel=given["channel"], day=given["day"])
            if _done(request, lambda: _allocate(request, prize, place, given["quota"]), _("The share is set.")):
                return redirect("admin:codes_places", prize.pk)
        question = Question(
            title=_("Give a place its share"),
            button=_("Set the share"),
            sentences=[
                _("Entries over the place's link receive codes out of its share, and none once it is used up."),
                _("What is promised to no place is for everybody else."),
            ],
            figures=[(_("prize"), prize.name), (_("for everybody else"), f"{_free(prize):,}")],
            form=form,
        )
        return _asked(self, request, question, prize)

    def move(self: Any, request: HttpRequest, prize_id: int) -> HttpResponse:
        """Ask what to move where; first show what both places would have."""
        prize = self.prize_or_404(request, prize_id, CHANGE)
        shares = Allocation.objects.filter(prize=prize).select_related("store").order_by("place")
        form = MoveForm(request.POST or None, shares=shares)
        figures: list[tuple[Any, Any]] = [(_("prize"), prize.name)]
        if form.is_valid():
            source, target, count = (form.cleaned_data[name] for name in ("source", "target", "count"))
            if form.is_sure and _done(
                request,
                lambda: move_allocation(
                    from_id=source.pk, to_id=target.pk, count=count, now=clock.now(), actor_id=request.user.pk
                ),
                _("The codes are moved."),
            ):
                return redirect("admin:codes_places", prize.pk)
            figures += [
                (place_name(source), f"{source.quota - source.used:,} → {source.quota - source.used - count:,}"),
                (place_name(target), f"{target.quota - target.used:,} → {target.quota - target.used + count:,}"),
            ]
            form.ask_whether_sure()
        question = Question(
            title=_("Move codes between places"),
            button=_("Move the codes") if len(figures) > 1 else _("See what would happen"),
            sentences=[_("The sum stays the same. What a place has given out stays with it.")],
            figures=figures,
            form=form,
        )
        return _asked(self, request, question, prize)


def place_name(share: Allocation) -> str:
    """Name the place of a share, its day included."""
    name = _without_day(share)
    return f"{name} {share.day:%m/%d}" if share.day else name


def _without_day(share: Allocation) -> str:
    parts = [str(share.store)] if share.store else []
    parts += [share.get_channel_display()] if share.channel else []
    if parts:
        return " × ".join(parts)
    return gettext("everywhere") if share.day else gettext("everybody else")


def _free(prize: Prize) -> int:
    rest = settle_rest(prize_id=prize.pk, now=clock.now())
    return rest.quota - rest.used if rest else available_count(prize.pk)


def _allocate(request: HttpRequest, prize: Prize, place: Place, quota: int) -> None:
    allocate_stock(prize_id=prize.pk, place=place, quota=quota, now=clock.now(), actor_id=request.user.pk)


def _done(request: HttpRequest, act: Callable[[], object], done: Any) -> bool:
    """Do something; a refusal for want of codes says how many there are."""
    try:
        act()
    except ShareTooLarge as refusal:
        left = gettext("Left there: %(left)s.") % {"left": f"{refusal.left_count:,}"}
        messages.error(request, f"{refusal} {left}")
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, str(done))
        return True
    return False


def _asked(page: Any, request: HttpRequest, question: Question, prize: Prize) -> TemplateResponse:
    answer: TemplateResponse = page.ask(request, question)
    if answer.context_data is not None:
        answer.context_data["back_url"] = reverse("admin:codes_places", args=[prize.pk])
    return answer
