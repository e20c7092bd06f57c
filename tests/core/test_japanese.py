from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from core.japanese import format_date, format_datetime, format_deadline, format_yen


def jst(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=timezone(timedelta(hours=9)))  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("exclusive_end", "words"),
    [
        (jst(2026, 11, 23), "2026年11月22日(日) 23:59まで"),
        (jst(2026, 12, 1), "2026年11月30日(月) 23:59まで"),
        (jst(2027, 1, 1), "2026年12月31日(木) 23:59まで"),
        (jst(2028, 3, 1), "2028年2月29日(火) 23:59まで"),
        (jst(2027, 3, 1), "2027年2月28日(日) 23:59まで"),
        (jst(2026, 11, 22, 18, 0, 1), "2026年11月22日(日) 18:00まで"),
        (jst(2026, 11, 22, 18), "2026年11月22日(日) 17:59まで"),
        (jst(2026, 11, 22, 9, 6), "2026年11月22日(日) 9:05まで"),
    ],
)
def test_a_deadline_names_the_last_minute_that_still_counts(exclusive_end: datetime, words: str) -> None:
    assert format_deadline(exclusive_end) == words
    assert format_deadline(exclusive_end.astimezone(UTC)) == words


def test_the_day_of_an_instant_is_the_day_in_japan() -> None:
    new_year = datetime(2026, 12, 31, 15, 0, tzinfo=UTC)
    assert format_datetime(new_year) == "2027年1月1日(金) 0:00"
    assert format_date(new_year) == "2027年1月1日(金)"
    assert format_date(date(2026, 5, 3)) == "2026年5月3日(日)"


@pytest.mark.parametrize(("amount", "words"), [(0, "0円"), (500, "500円"), (1500, "1,500円"), (-300, "-300円")])
def test_money_is_whole_yen_with_commas(amount: int, words: str) -> None:
    assert format_yen(amount) == words
