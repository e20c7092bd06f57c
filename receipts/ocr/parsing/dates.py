"""When the purchase was: dates of either calendar, their weekday as a check, and the time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from receipts.ocr.parsing.rows import Row
from receipts.ocr.parsing.yen import mended_digits

WEEKDAYS = "月火水木金土日"
_REIWA_BEGINS = 2018  # the year before 令和1
_YEAR = r"(?P<year>20[1-4]\d|'?[1-4]\d)"
_ERA = r"(?P<era>[令合分今][和利]|R)\s?(?P<era_year>\d{1,2}|元)"
_DATE = re.compile(
    rf"(?<![\d-])(?:{_ERA}|{_YEAR})\s?(?:年|[/.-])\s?"
    r"(?P<month>1[0-2]|0?[1-9])\s?(?:月|[/.-])\s?(?P<day>3[01]|[12]\d|0?[1-9])\s?日?"
    r"(?P<rest>.*)"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAME = rf"(?P<month>{'|'.join(_MONTHS)})[a-z]*\.?"
_NAMED_DATE = re.compile(
    rf"(?<![A-Za-z])(?:{_MONTH_NAME}\s?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s,.]*(?P<year>20[1-4]\d)(?P<rest>.*))"
    rf"|(?<!\d)(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?[\s-]?{_MONTH_NAME.replace('month', 'month2')}[\s,.-]*"
    r"(?P<year2>20[1-4]\d)(?P<rest2>.*)",
    re.IGNORECASE,
)
_YEAR_LAST = re.compile(r"(?<![\d/.-])(\d{1,2})[/.-](\d{1,2})[/.-](20[1-4]\d)(?![\d:])")
_WEEKDAY = re.compile(rf"^\s?(?:[(（\[]\s?)?([{WEEKDAYS}])(?:曜日?)?\s?(?:[)）\]]|\s|$|\d)")
_TIME = re.compile(
    r"(?<![\d:.,¥])(?P<hour>[01]?\d|2[0-3])\s?(?:[:;：時]|[日曰寺](?=\s?\d\d\s?分))\s?(?P<minute>[0-5]\d)(?!\d)(?:\s?[:;分]\s?(?:[0-5]\d)?\s?秒?)?"
    r"\s?(?P<half>[AaPp]\.?[Mm](?![A-Za-z]))?"
)
_OTHER_DATES = re.compile("期限|有効|営業|次回|まで|から|期間|開催|発売|賞味|消費期|印字|失効|返品|以内|~")
_OTHER_TIMES = re.compile("営業|受付|まで|から|~|お客様|時間")
_LABEL = re.compile("日付|日時|取引日|発行日|年月日|お買上")


@dataclass(frozen=True, slots=True)
class Moment:
    """The day and time of a purchase with the rows they stand in."""

    day: date
    row: int
    weekday_fits: bool | None  # None: not printed
    time: str | None = None
    time_row: int | None = None


def find_moment(rows: Sequence[Row]) -> Moment | None:
    """The best date of a receipt together with its time."""
    found = [moment for index, row in enumerate(rows) for moment in _moments_in(rows, index, row)]
    return max(found, key=lambda moment: _worth(rows, moment), default=None)


def find_time(rows: Sequence[Row]) -> tuple[str, int] | None:
    """A time that stands alone, where no date was read."""
    for index, row in enumerate(rows):
        if (time := time_in(row.text)) and not _OTHER_TIMES.search(row.squashed):
            return time, index
    return None


def dates_in(text: str) -> Iterator[tuple[date, str]]:
    """Every possible date of a text with what follows it."""
    text = _YEAR_LAST.sub(_year_first, mended_digits(text))
    start = 0
    while match := _DATE.search(text, start):
        if day := _day(match):
            yield day, match["rest"]
            start = match.start("rest")
        else:
            start = match.start() + 1
    yield from _named_dates(text)


def _year_first(match: re.Match[str]) -> str:
    """A date that ends in its year, in our order; day and month that could be either are left to a person."""
    first, second, year = int(match[1]), int(match[2]), match[3]
    if first > 12 or first == second:
        return f"{year}/{second}/{first}"
    return f"{year}/{first}/{second}" if second > 12 else " "


def _named_dates(text: str) -> Iterator[tuple[date, str]]:
    """English dates: the month by its name, before or behind the day."""
    for match in _NAMED_DATE.finditer(text):
        month = _MONTHS.index((match["month"] or match["month2"]).lower()) + 1
        try:
            yield (
                date(int(match["year"] or match["year2"]), month, int(match["day"] or match["day2"])),
                match["rest"] or match["rest2"] or "",
            )
        except ValueError:
            continue


def weekday_fits(day: date, rest: str) -> bool | None:
    """Whether the weekday printed after a date is that day's; None where none is printed."""
    if printed := _WEEKDAY.match(rest):
        return WEEKDAYS[day.weekday()] == printed[1]
    return None


def time_in(text: str) -> str | None:
    """The first time of day in a text, as HH:MM."""
    match = _TIME.search(mended_digits(text))
    if match is None:
        return None
    hour = int(match["hour"])
    if match["half"] and 1 <= hour <= 12:
        hour = hour % 12 + 12 * (match["half"][0] in "Pp")
    return f"{hour:02d}:{match['minute']}"


def _moments_in(rows: Sequence[Row], index: int, row: Row) -> Iterator[Moment]:
    for day, rest in dates_in(row.text):
        time, time_row = _time_near(rows, index, rest)
        yield Moment(day, index, weekday_fits(day, rest), time, time_row)


def _time_near(rows: Sequence[Row], index: int, rest: str) -> tuple[str | None, int | None]:
    """The rest of the date's row first, then the whole row, then its neighbours."""
    for text, where in ((rest, index), (rows[index].text[: -len(rest) or None], index)):
        if time := time_in(text):
            return time, where
    for where in (index + 1, index - 1, index + 2, index - 2):
        if not 0 <= where < len(rows) or _OTHER_TIMES.search(rows[where].squashed):
            continue
        if time := time_in(rows[where].text):
            return time, where
    return None, None


def _worth(rows: Sequence[Row], moment: Moment) -> float:
    row = rows[moment.row]
    worth = 2.0 if moment.time_row == moment.row else 1.0 if moment.time else 0.0
    worth += {True: 1.5, None: 0.0, False: -0.5}[moment.weekday_fits]
    worth += 0.5 if _LABEL.search(row.squashed) else 0.0
    worth -= 3.0 if _OTHER_DATES.search(row.squashed) else 0.0
    return worth - 0.01 * moment.row


def _day(match: re.Match[str]) -> date | None:
    if match["era"]:
        year = _REIWA_BEGINS + (1 if match["era_year"] == "元" else int(match["era_year"]))
    else:
        year = int(match["year"].lstrip("'"))
        year += 2000 if year < 100 else 0
    try:
        return date(year, int(match["month"]), int(match["day"]))
    except ValueError:
        return None
