"""Dates, money and codes as people read them."""

from datetime import date, datetime, timedelta

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from codes.models import Award
from core.clock import JST

register = template.Library()


@register.filter
def jst(at: datetime | None) -> str:
    """Show an instant in Japanese time: 2026年11月22日(日) 23:59."""
    if at is None:
        return ""
    local = at.astimezone(JST)
    return f"{jst_date(local.date())} {local:%H:%M}"


@register.filter
def jst_seconds(at: datetime | None) -> str:
    """Show an instant in Japanese time with its seconds."""
    return "" if at is None else f"{jst(at)}:{at.astimezone(JST):%S}"


@register.filter
def jst_until(end: datetime | None) -> str:
    """Show an exclusive end as the last minute that still counts: midnight becomes 23:59 of the day before."""
    return "" if end is None else jst(end - timedelta(seconds=1))


@register.filter
def about(seconds: int) -> str:
    """Show how long something still takes, in seconds or whole minutes."""
    if seconds < 60:
        return _("about %(count)d seconds") % {"count": seconds}
    return _("about %(count)d minutes") % {"count": round(seconds / 60)}


@register.filter
def jst_date(day: date | None) -> str:
    """Show a day with its weekday."""
    if day is None:
        return ""
    weekdays = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
    return _("%(year)d-%(month)02d-%(day)02d (%(weekday)s)") % {
        "year": day.year,
        "month": day.month,
        "day": day.day,
        "weekday": weekdays[day.weekday()],
    }


@register.filter
def yen(amount: int | None) -> str:
    """Show whole yen: 1,500円."""
    return "" if amount is None else _("%(amount)s yen") % {"amount": format(amount, ",d")}


@register.filter
def times(count: int) -> str:
    """Show how often: 2回."""
    return ngettext("%(count)d time", "%(count)d times", count) % {"count": count}


@register.filter
def fours(code: str) -> str:
    """Group a code by four, as people read it aloud; a code that brings its own groups keeps them."""
    if "-" in code or " " in code:
        return code
    return " ".join(code[i : i + 4] for i in range(0, len(code), 4))


@register.filter
def notice(award: Award) -> str:
    """Show the number by which 本物確認 finds an award."""
    return award.notice_number
