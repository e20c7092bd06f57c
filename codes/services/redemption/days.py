"""On which business day a line is booked: never on one that is settled."""

from datetime import date, datetime, timedelta

from campaigns.models import Store
from codes.business_day import business_day


def open_day(store: Store, settled_day: date | None, now: datetime) -> date:
    """Give the open business day; whoever books on it holds `day_lock`, and read under it what is settled."""
    day = business_day(store, now)
    return day if settled_day is None or settled_day < day else settled_day + timedelta(days=1)


def day_lock(store_id: int) -> str:
    """Name what lines hold together and a settlement holds alone."""
    return f"business-day:{store_id}"
