"""The day's result of each store, fixed once its business day is over."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, Sum

from accounts import audit
from campaigns.models import Store
from codes.business_day import end_of_business_day
from codes.models import Redemption, RedemptionKind, Settlement
from codes.selectors import days_to_settle
from codes.services.redemption.days import day_lock
from core.named_locks import hold


def settle_days(*, now: datetime) -> int:
    """Settle every business day that is over and has lines; returns how many. A repeat settles nothing."""
    settled = 0
    for store in Store.objects.order_by("pk").iterator():
        for day in days_to_settle(store.pk):
            if end_of_business_day(store.closes_at, day) <= now:
                settled += _settle(store, day, now)
    return settled


@transaction.atomic
def _settle(store: Store, day: date, now: datetime) -> bool:
    """Alone with the store's day: lines that were being written are in, later ones belong to the next day."""
    hold(day_lock(store.pk))
    if Settlement.objects.filter(store=store, business_day=day).exists():
        return False
    sums = _sums(store, day)
    settlement = Settlement.objects.create(
        agency_id=store.agency_id,
        store=store,
        business_day=day,
        closed_at=now,
        net_jpy=sums["redeemed_jpy"] - sums["reversed_jpy"] - sums["refunded_jpy"],
        **sums,
    )
    audit.record("store.settled", subject=settlement, day=day.isoformat(), net_jpy=settlement.net_jpy)
    return True


def _sums(store: Store, day: date) -> dict[str, int]:
    names = {
        "redeemed": RedemptionKind.REDEEM,
        "reversed": RedemptionKind.REVERSAL,
        "refunded": RedemptionKind.REFUND,
    }
    asked: dict[str, Any] = {}
    for name, kind in names.items():
        asked[f"{name}_count"] = Count("pk", filter=Q(kind=kind))
        asked[f"{name}_jpy"] = Sum("amount_jpy", filter=Q(kind=kind), default=0)
    return Redemption.objects.filter(store=store, business_day=day).order_by().aggregate(**asked)
