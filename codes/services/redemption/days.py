"""On which business day a line is booked: never on one that is settled."""

from datetime import date, datetime, timedelta

from django.db.models import Max

from campaigns.models import Store
from codes.business_day import business_day
from codes.models import Settlement
from core.named_locks import hold


def day_of_booking(store: Store, now: datetime) -> date:
    """Give the open business day, and keep it open until the transaction ends."""
    hold(day_lock(store.pk), shared=True)
    day = business_day(store, now)
    settled: date | None = Settlement.objects.filter(store=store).aggregate(last=Max("business_day"))["last"]
    return day if settled is None or settled < day else settled + timedelta(days=1)


def day_lock(store_id: int) -> str:
    """Name what lines hold together and a settlement holds alone."""
    return f"business-day:{store_id}"
