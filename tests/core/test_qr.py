"""Every QR code of ours is read back, whatever it says, and costs little enough to be drawn by the thousand."""

import random
import re

import numpy as np
import pytest
import zxingcpp

from core.qr import QUIET_ZONE, qr_svg

TEXTS = {
    "code": ("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 16),
    "digits": ("0123456789", 24),
    "token": ("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 47),
    "plain": ("A", 47),  # the worst that a fixed mask can get
}


def drawn(svg: str) -> np.ndarray:
    """The picture that the path of an SVG draws, four pixels a module."""
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', svg)[1])
    modules = np.full((side, side), 255, np.uint8)
    for x, y, width, back in re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", svg):
        assert width == back
        modules[int(y), int(x) : int(x) + int(width)] = 0
    return modules.repeat(4, 0).repeat(4, 1)


@pytest.mark.parametrize("kind", TEXTS)
def test_a_reader_finds_in_the_drawing_what_was_drawn(kind):
    letters, length = TEXTS[kind]
    chosen = random.Random(20261129)
    for _code in range(40):
        text = "".join(chosen.choices(letters, k=length))
        assert [found.text for found in zxingcpp.read_barcodes(drawn(qr_svg(text)))] == [text]


def test_the_quiet_zone_stays_white():
    picture = drawn(qr_svg("ABCD2345EFGH6789"))
    rim = 4 * QUIET_ZONE
    picture[rim:-rim, rim:-rim] = 255
    assert picture.min() == 255
