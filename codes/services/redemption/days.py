"""On which business day a line is booked: never on one that is settled."""

from datetime import date, datetime, timedelta

from campaigns.models import Store
from codes.business_day import business_day
from codes.models import Settlement
from core import rows
from core.named_locks import hold


def day_of_booking(store: Store, now: datetime) -> date:
    """Give the open business day, and keep it open until the transaction ends."""
    hold(day_lock(store.pk), shared=True)
    return open_day(store, now)


def open_day(store: Store, now: datetime) -> date:
    """Give the open business day; whoever books on it holds `day_lock`."""
    day = business_day(store, now)
    settled = rows.first(Settlement, "store_id = %s ORDER BY business_day DESC", [store.pk])
    return day if settled is None or settled.business_day < day else settled.business_day + timedelta(days=1)


def day_lock(store_id: int) -> str:
    """Name what lines hold together and a settlement holds alone."""
    return f"business-day:{store_id}"
