"""A campaign's budget beside what was given: how much is left, how fast it goes, and until when it lasts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, F, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from campaigns.budgets import is_budget_spent
from campaigns.models import GOODS, Budget, Campaign, Prize
from codes.figures import DAY, FARTHEST, HOUR_SECONDS, WEEK, stock_of_prizes
from codes.models import Award, Reservation, ReservationStatus, ShipmentStatus

LOW_PERCENT = 80
# What was withdrawn unseen, or before it was handed to the shipper, was not given.
COUNTS = Q(voided_at__isnull=True) | Q(revealed_at__isnull=False) | Q(shipment__status=ShipmentStatus.HANDED_OVER)


@dataclass(frozen=True)
class BudgetOutlook:
    """How far a budget is used; `stock_jpy` is the worth of the codes that wait in stock."""

    budget: Budget
    per_hour_jpy: float
    runs_out_at: datetime | None
    stock_jpy: int
    is_spent: bool

    @property
    def level_percent(self) -> int:
        """What somebody has to be told: 100 when no prize fits into what is left, 80 from there on, else 0."""
        if self.is_spent:
            return 100
        return LOW_PERCENT if self.budget.used_percent >= LOW_PERCENT else 0

    @property
    def left_percent(self) -> int:
        """The rest of the bar."""
        return 100 - self.budget.used_percent

    @property
    def stock_beyond_jpy(self) -> int:
        """The worth of the codes in stock that the budget does not allow to be given."""
        return max(0, self.stock_jpy - self.budget.left_jpy)


def given_jpy(campaign: Campaign) -> int:
    """Add up what counts towards a campaign's budget: what was given, and codes kept for somebody, in yen."""
    awards = awards_of(campaign).filter(COUNTS)
    kept = Reservation.objects.filter(prize__course__campaign=campaign, status=ReservationStatus.HELD)
    return sum(rows.aggregate(jpy=Sum("value_jpy", default=0))["jpy"] for rows in (awards, kept))


def awards_of(campaign: Campaign) -> QuerySet[Award]:
    """Give a campaign's awards by the index on prize and time."""
    prizes = Prize.objects.filter(course__campaign=campaign).values_list("pk", flat=True)
    return Award.objects.filter(prize__in=list(prizes)).order_by()


def budget_outlook(campaign: Campaign, now: datetime) -> BudgetOutlook | None:
    """Tell how a campaign's budget goes, at the rate of the last 24 hours or 7 days, whichever is higher."""
    budget = Budget.objects.filter(campaign=campaign).first()
    if budget is None:
        return None
    rate = max(_per_hour(campaign, window, now) for window in (DAY, WEEK))
    lasts = timedelta(hours=budget.left_jpy / rate) if rate else None
    prizes = Prize.objects.filter(course__campaign=campaign).exclude(kind__in=GOODS)
    return BudgetOutlook(
        budget=budget,
        per_hour_jpy=rate,
        runs_out_at=now + lasts if lasts is not None and lasts < FARTHEST else None,
        stock_jpy=sum(line.worth_jpy for line in stock_of_prizes(prizes)),
        is_spent=is_budget_spent(campaign),
    )


def miscounted_budgets() -> list[int]:
    """Give the budgets that hold another sum than what was given, or are overspent (I04)."""
    campaign = {"prize__course__campaign": OuterRef("campaign")}
    kept = Reservation.objects.filter(status=ReservationStatus.HELD, **campaign)
    budgets = Budget.objects.annotate(given=_sum_of(Award.objects.filter(COUNTS, **campaign)) + _sum_of(kept))
    wrong = budgets.filter(~Q(used_jpy=F("given")) | Q(used_jpy__gt=F("total_jpy")))  # one statement, one moment
    return list(wrong.values_list("pk", flat=True))


def _sum_of(rows: QuerySet[Any]) -> Combinable:
    sums = rows.order_by().values("prize__course__campaign").annotate(jpy=Sum("value_jpy")).values("jpy")
    return Coalesce(Subquery(sums), 0, output_field=BigIntegerField())


def _per_hour(campaign: Campaign, window: timedelta, now: datetime) -> float:
    """The yen an hour within a window; one that began within it is not thinned out by the time before."""
    given = awards_of(campaign).filter(COUNTS, created_at__gt=now - window, created_at__lte=now)
    found: dict[str, Any] = given.aggregate(jpy=Sum("value_jpy", default=0), first=Min("created_at"))
    if not found["jpy"]:
        return 0.0
    seconds = max((now - found["first"]).total_seconds(), HOUR_SECONDS)
    return int(found["jpy"]) * HOUR_SECONDS / float(seconds)
