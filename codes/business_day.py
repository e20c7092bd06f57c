"""To which day of business an instant belongs: a bar's Friday ends on Saturday morning."""

from datetime import date, datetime, time, timedelta

from campaigns.models import Store
from core.clock import JST, end_of_jst_day, jst_day

NOON = time(12)


def end_of_business_day(closes_at: time | None, day: date) -> datetime:
    """Give the exclusive end of a business day; a closing time before noon is that of the next morning."""
    if closes_at is None or closes_at == time.min:
        return end_of_jst_day(day)
    last_day = day + timedelta(days=1) if closes_at < NOON else day
    return datetime.combine(last_day, closes_at, tzinfo=JST)


def business_day(store: Store, at: datetime) -> date:
    """Give the business day of a store that an instant belongs to; what comes after the close belongs to the next."""
    today = jst_day(at)
    days = (today + timedelta(days=shift) for shift in (-1, 0, 1))
    return next(day for day in days if at < end_of_business_day(store.closes_at, day))
