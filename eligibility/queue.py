"""The queue as a reviewer works it: chosen and ordered by what stands in the address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Q, QuerySet

from accounts.models import Agency, User
from eligibility.models import ReviewCase, ReviewStatus
from eligibility.risk import HIGH_RISK

ORDERS: dict[str, list[Any]] = {
    "age": ["created_at", "pk"],
    "due": [F("due_at").asc(nulls_last=True), "pk"],
    "value": ["-value_jpy", "pk"],
    "risk": ["-risk", "pk"],
}
HIGH_VALUE_JPY = 5_000


@dataclass(frozen=True)
class Wish:
    """Which cases somebody wants to work, in which order."""

    order: str = "age"
    campaign_id: int | None = None
    only: str = ""  # overdue, risk, value, disputed

    @classmethod
    def from_query(cls, query: Any) -> Wish:
        """Read it from an address; what makes no sense is left out."""
        order, campaign = query.get("by", ""), query.get("campaign", "")
        return cls(
            order=order if order in ORDERS else "age",
            campaign_id=int(campaign) if campaign.isascii() and campaign.isdigit() and len(campaign) < 12 else None,
            only=query.get("only", "") if query.get("only") in NARROWED else "",
        )

    @property
    def query(self) -> str:
        """Write it for an address."""
        asked = {"by": self.order, "campaign": self.campaign_id or "", "only": self.only}
        return urlencode({key: value for key, value in asked.items() if value and value != "age"})


NARROWED = ("overdue", "risk", "value", "disputed")


def narrowed(cases: QuerySet[ReviewCase], only: str, now: datetime) -> QuerySet[ReviewCase]:
    """Keep the cases that are overdue, risky, worth much, or disputed between two reviewers."""
    if only == "disputed":
        return cases.alias(given=Count("opinions")).filter(given=2)
    wanted = {
        "overdue": Q(due_at__lt=now),
        "risk": Q(risk__gte=HIGH_RISK),
        "value": Q(value_jpy__gte=HIGH_VALUE_JPY),
    }
    return cases.filter(wanted[only]) if only in wanted else cases


def workable_cases(
    user: User, agencies: QuerySet[Agency], senior_in: QuerySet[Agency], now: datetime
) -> QuerySet[ReviewCase]:
    """Give the open cases that this person may take in hand now: not another's, not one with the person's own say."""
    cases = ReviewCase.objects.filter(agency__in=agencies, status=ReviewStatus.OPEN)
    is_free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now) | Q(claimed_by=user)
    said = ReviewCase.objects.filter(opinions__reviewer=user, status=ReviewStatus.OPEN)
    cases = cases.filter(is_free).exclude(pk__in=said.values("pk"))
    return cases.alias(opinion_count=Count("opinions", distinct=True)).filter(
        Q(opinion_count__lt=2) | Q(agency__in=senior_in)
    )


def following_case(cases: QuerySet[ReviewCase], wish: Wish, *, after: ReviewCase | None, now: datetime) -> Any:
    """Give the case to work next: in the wished order, by age going on after the one in hand, then from the start."""
    if wish.campaign_id:
        cases = cases.filter(campaign_id=wish.campaign_id)
    cases = narrowed(cases, wish.only, now).order_by(*ORDERS[wish.order])
    if after is None:
        return cases.first()
    keys = list(cases.exclude(pk=after.pk).values_list("pk", flat=True)[:500])
    if wish.order == "age":
        keys = [pk for pk in keys if pk > after.pk] or keys
    return cases.model.objects.filter(pk=keys[0]).first() if keys else None


def counts_of(cases: QuerySet[ReviewCase], now: datetime) -> dict[str, int]:
    """Count the open cases in sight: all, and each kind that can be chosen."""
    counted = cases.aggregate(
        all=Count("pk"),
        overdue=Count("pk", filter=Q(due_at__lt=now)),
        risk=Count("pk", filter=Q(risk__gte=HIGH_RISK)),
        value=Count("pk", filter=Q(value_jpy__gte=HIGH_VALUE_JPY)),
    )
    return counted | {"disputed": narrowed(cases, "disputed", now).count()}
