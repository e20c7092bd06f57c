import pytest

from receipts.ocr.base import TextLine
from receipts.ocr.parsing.rows import rows_of
from tests.receipts.printed import COLUMN_PX, HEIGHT_PX, PITCH_PX, lines_of

GOODS = "\n".join(f"品物その{number}  ¥{number}00" for number in range(1, 10))
WANTED = [f"品物その{number} ¥{number}00" for number in range(1, 10)]


@pytest.mark.parametrize("slope", [-0.06, -0.02, 0.0, 0.02, 0.06])
def test_rows_are_found_on_a_sloping_page(slope):
    text = GOODS.replace("  ", " " * 14)

    assert [row.text for row in rows_of(lines_of(text, slope=slope))] == WANTED


def test_rows_are_found_on_curved_paper():
    """The names lean one way, the prices the other, and the prices stand lower than the names."""
    lines = []
    for number in range(1, 10):
        top = number * PITCH_PX
        lines += [
            leaning(f"品物その{number}", 0, top, -0.04),
            leaning(f"¥{number}00", 500, top + 22 - number * 2, 0.08),
        ]

    assert [row.text for row in rows_of(lines)] == WANTED


def leaning(text: str, left: float, top: float, slope: float) -> TextLine:
    right = left + 2 * len(text) * COLUMN_PX
    drop = slope * (right - left) / 2
    quad = ((left, top - drop), (right, top + drop), (right, top + drop + HEIGHT_PX), (left, top - drop + HEIGHT_PX))
    return TextLine(quad, text, 0.97)


def test_a_large_total_stays_with_its_label():
    big = TextLine(((300, 90), (480, 90), (480, 190), (300, 190)), "¥1,848", 0.99)
    label = TextLine(((0, 118), (160, 118), (160, 162), (0, 162)), "合計", 0.99)

    assert [row.text for row in rows_of([big, label])] == ["合計 ¥1,848"]


def test_what_the_recogniser_doubts_is_left_out():
    noise = TextLine(((0, 0), (90, 0), (90, 44), (0, 44)), "EcEaE", 0.18)

    assert rows_of([noise]) == []


def test_a_page_without_text_has_no_rows():
    assert rows_of([]) == []
