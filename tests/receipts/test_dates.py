from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receipts.ocr.parsing.dates import WEEKDAYS, dates_in, find_moment, time_in
from receipts.ocr.parsing.rows import rows_of
from tests.receipts.printed import lines_of

DAY = date(2026, 11, 3)
DAYS = st.dates(date(2019, 5, 1), date(2035, 12, 31))


def moment_of(text: str):
    return find_moment(rows_of(lines_of(text)))


@pytest.mark.parametrize(
    "printed",
    [
        "2026年11月3日",
        "2026年11月03日(火)",
        "2026/11/03",
        "2026-11-3",
        "2026.11.03",
        "2026年 11月 3日",
        "'26/11/03",
        "26/11/03",
        "令和8年11月3日",
        "合和8年11月3日",
        "令和 8年11月03日",
        "R8.11.3",
        "R8/11/03",
        "2O26/11/O3",
    ],
)
def test_a_date_is_read_in_every_usual_spelling(printed):
    assert next(day for day, _ in dates_in(printed)) == DAY


@pytest.mark.parametrize(
    ("printed", "day"),
    [
        ("25/12/2026 18:04", date(2026, 12, 25)),
        ("12/25/2026", date(2026, 12, 25)),
        ("05.05.2026", date(2026, 5, 5)),
        ("26/05/2015:07", date(2026, 5, 20)),
    ],
)
def test_a_date_that_ends_in_its_year_is_read_where_its_order_is_sure(printed, day):
    assert [found for found, _ in dates_in(printed)] == [day]


def test_the_first_year_of_an_era_is_gannen():
    assert next(dates_in("令和元年5月1日"))[0] == date(2019, 5, 1)


@pytest.mark.parametrize(
    "printed", ["2026/13/03", "2026/02/30", "T2026110312345", "03-1234-5678", "12/03", "1,980", "03/04/2026"]
)
def test_what_is_no_date_is_not_read_as_one(printed):
    assert list(dates_in(printed)) == []


@given(
    day=DAYS,
    form=st.sampled_from(["{0}年{1}月{2}日", "{0}/{1:02}/{2:02}", "{0}-{1}-{2}"]),
)
def test_any_day_survives_printing(day, form):
    assert next(dates_in(form.format(day.year, day.month, day.day)))[0] == day


@given(day=DAYS)
def test_the_right_weekday_and_only_that_fits(day):
    fits = [moment_of(f"{day.year}年{day.month}月{day.day}日({sign}) 10:00").weekday_fits for sign in WEEKDAYS]

    assert fits == [sign == WEEKDAYS[day.weekday()] for sign in WEEKDAYS]


def test_without_a_weekday_nothing_is_said_about_it():
    assert moment_of("2026/11/03 15:22").weekday_fits is None


@pytest.mark.parametrize(
    ("printed", "time"),
    [
        ("15:22", "15:22"),
        ("9:05", "09:05"),
        ("07時01分", "07:01"),
        ("15:22:31", "15:22"),
        ("15：22", "15:22"),
        ("24:10", None),
        ("1:99", None),
        ("¥12:300", None),
    ],
)
def test_a_time_is_read_or_refused(printed, time):
    assert time_in(printed) == time


def test_the_time_may_touch_the_date():
    moment = moment_of("2026/11/0315:22")

    assert (moment.day, moment.time) == (DAY, "15:22")


def test_the_time_may_stand_in_the_next_row():
    moment = moment_of("2026/11/03\n時刻  15:22")

    assert (moment.time, moment.time_row) == ("15:22", 1)


def test_opening_hours_are_no_time_of_purchase():
    assert moment_of("営業時間 9:00\n2026/11/03\n営業時間 10:00").time is None


def test_the_date_of_purchase_wins_over_a_coupon_s_last_day():
    moment = moment_of("有効期限 2026/12/31 まで\n2026/11/03 15:22")

    assert moment.day == DAY
