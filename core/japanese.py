"""Dates and money as people in Japan read them, the same words in page, mail, LINE and terms."""

from datetime import date, datetime, timedelta

from core.clock import JST

WEEKDAYS = "月火水木金土日"


def format_date(day: date) -> str:
    """Write a calendar day: 2026年11月22日(日). Of an instant, its day in Japan."""
    if isinstance(day, datetime):
        day = day.astimezone(JST).date()
    return f"{day.year}年{day.month}月{day.day}日({WEEKDAYS[day.weekday()]})"


def format_datetime(at: datetime) -> str:
    """Write an instant to the minute, in Japan's time: 2026年11月22日(日) 9:05."""
    local = at.astimezone(JST)
    return f"{format_date(local.date())} {local.hour}:{local.minute:02}"


def format_deadline(exclusive_end: datetime) -> str:
    """Write an end with its last second included: midnight is 「2026年11月22日(日) 23:59まで」 of the day before.

    Seconds are cut, so that the words never promise more than the stored end does.
    """
    return f"{format_datetime(exclusive_end - timedelta(seconds=1))}まで"


def format_yen(amount_jpy: int) -> str:
    """Write whole yen: 1,500円."""
    return f"{amount_jpy:,}円"
