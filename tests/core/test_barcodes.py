"""Barcodes are drawn so that a scanner reads back what went in, quiet zones included."""

import re

import numpy as np
import pytest
import zxingcpp

from core.barcodes import HEIGHT_MODULES, QUIET_MODULES, barcode_svg, jan_check_digit


def scanned(svg: str, *, margin: int = QUIET_MODULES) -> list[tuple[str, str]]:
    """Read a drawing as a camera would: its bars as pixels, with only so much white beside them as it brought."""
    across = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])
    row = np.full(across, 255, dtype=np.uint8)
    bars = [(int(at), int(width)) for at, width in re.findall(r"M(\d+) 0h(\d+)v", svg.split("<path d=")[1])]
    for at, width in bars:
        row[at : at + width] = 0
    row = row[QUIET_MODULES - margin : across - QUIET_MODULES + margin]
    image = np.repeat(np.tile(row, (HEIGHT_MODULES, 1)), 3, axis=1)
    # On a dark table: the quiet zone is what the drawing itself brings.
    framed = np.pad(image, ((40, 40), (60, 60)), constant_values=90)
    return [(str(found.format).removeprefix("BarcodeFormat."), found.text) for found in zxingcpp.read_barcodes(framed)]


@pytest.mark.parametrize(
    ("symbology", "content", "read"),
    [
        ("code128", "290000012345678901234567", "290000012345678901234567"),
        ("code128", "ABCD-efgh 0123~!", "ABCD-efgh 0123~!"),
        ("nw7", "290000012345678901234567", "A290000012345678901234567B"),
        ("nw7", "C12-34$5:6/7.8+9D", "C12-34$5:6/7.8+9D"),
        ("jan13", "290123456789", "2901234567896"),
        ("gs1_128", "(92)290000012345678901234567", "(92)290000012345678901234567"),
    ],
)
def test_a_scanner_reads_back_what_was_drawn(symbology, content, read):
    found = scanned(barcode_svg(symbology, content))

    assert [text for _format, text in found] == [read]


def test_every_symbol_of_code_128_and_every_first_digit_of_a_jan_is_drawn_right():
    pairs = "".join(f"{value:02}" for value in range(100))
    letters = "".join(chr(value) for value in range(32, 127))
    for content in (pairs[:100], pairs[100:], letters[:48], letters[48:]):
        assert [text for _format, text in scanned(barcode_svg("code128", content))] == [content]
    for first in range(10):
        jan = f"{first}12345678903"[:12]
        jan += jan_check_digit(jan)
        assert [text.zfill(13) for _format, text in scanned(barcode_svg("jan13", jan))] == [jan]


@pytest.mark.parametrize(
    ("symbology", "content"),
    [
        ("code128", "日本"),
        ("code128", ""),
        ("jan13", "2901234567890"),
        ("jan13", "29"),
        ("nw7", "E12"),
        ("nw7", ""),
        ("itf", "1"),
    ],
)
def test_what_a_barcode_cannot_hold_is_refused(symbology, content):
    with pytest.raises(ValueError, match=r"[a-z]"):
        barcode_svg(symbology, content)
