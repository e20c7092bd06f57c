from receipts.ocr.join import join
from receipts.ocr.parsing.rows import rows_of
from tests.receipts.printed import lines_of, sample

LONG = [row for row in sample("drugstore_jan").text.splitlines() if row.strip()]


def rows(lines: list[str], photo: int):
    return rows_of(lines_of("\n".join(lines)), photo=photo)


def texts(parts):
    return [row.text for row in join(parts)]


def test_the_overlap_of_two_photographs_is_kept_once():
    whole = texts([rows(LONG, 0)])

    assert texts([rows(LONG[:18], 0), rows(LONG[12:], 1)]) == whole


def test_rows_know_their_photograph():
    photos = [row.photo for row in join([rows(LONG[:18], 0), rows(LONG[12:], 1)])]

    assert photos == sorted(photos)
    assert set(photos) == {0, 1}


def test_three_photographs_are_joined_in_order():
    assert texts([rows(LONG[:12], 0), rows(LONG[8:20], 1), rows(LONG[16:], 2)]) == texts([rows(LONG, 0)])


def test_parts_without_overlap_stand_below_each_other():
    assert texts([rows(LONG[:10], 0), rows(LONG[10:], 1)]) == texts([rows(LONG, 0)])


def test_a_photograph_without_text_adds_nothing():
    assert texts([rows(LONG, 0), []]) == texts([rows(LONG, 0)])
