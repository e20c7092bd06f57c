"""Prints rows on thermal paper."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

TEXT_PX = 28
PITCH_PX = 38
MARGIN_PX = 30
INK = 38
FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
# What is looked for, by style; the first that is installed is used. Debian's fonts-noto-cjk has one of each.
FONTS = {
    "gothic": ("ipag.ttf", "TakaoGothic.ttf", "NotoSansCJK-Regular.ttc"),
    "sans": ("NotoSansCJK-Regular.ttc", "ipagp.ttf", "TakaoPGothic.ttf"),
    "bold": ("NotoSansCJK-Bold.ttc", "migmix-1m-bold.ttf", "NotoSansCJK-Regular.ttc"),
    "serif": ("NotoSerifCJK-Regular.ttc", "ipam.ttf", "TakaoMincho.ttf", "NotoSansCJK-Regular.ttc"),
}


class FontMissing(RuntimeError):
    """No Japanese font is installed; the message says what to install."""


@dataclass(frozen=True)
class Print:
    """One row: what stands left, centred and right, and how large it is; `stamp` is a seal beside it."""

    left: str = ""
    right: str = ""
    centre: str = ""
    size: float = 1.0
    wide: bool = False
    stamp: str = ""


@cache
def font_file(style: str) -> Path:
    """The installed font of a style, or of any style where it has none."""
    names = [*FONTS[style], *(name for others in FONTS.values() for name in others)]
    for name in names:
        for folder in FOLDERS:
            if found := next(iter(sorted(folder.rglob(name))), None):
                return found
    raise FontMissing("no Japanese font is installed: sudo apt-get install fonts-noto-cjk")


def columns(text: str) -> int:
    """How many half-width columns a text takes on a till's printer."""
    return sum(2 if unicodedata.east_asian_width(sign) in "FWA" else 1 for sign in text)


def draw_paper(rows: Sequence[Print], *, style: str, width: int) -> Image.Image:
    """Print rows on paper of `width` half-width columns."""
    paper_width = width * TEXT_PX // 2 + 2 * MARGIN_PX
    height = sum(round(PITCH_PX * row.size) for row in rows) + 4 * MARGIN_PX
    paper = Image.new("L", (paper_width, height), 244)
    top = 2 * MARGIN_PX
    for row in rows:
        _draw_row(paper, row, top, style)
        top += round(PITCH_PX * row.size)
    return paper


def _draw_row(paper: Image.Image, row: Print, top: int, style: str) -> None:
    inner = paper.width - 2 * MARGIN_PX
    for text, place in ((row.left, 0.0), (row.centre, 0.5), (row.right, 1.0)):
        if text:
            strip = _strip(text, style, row)
            left = MARGIN_PX + round((inner - strip.width) * place)
            paper.paste(INK, (left, top), strip)
    if row.stamp:
        _draw_stamp(paper, row.stamp, top)


def _strip(text: str, style: str, row: Print) -> Image.Image:
    """A text as a mask, every sign in its columns, as tills set it."""
    size = round(TEXT_PX * row.size)
    font = ImageFont.truetype(str(font_file(style)), size)
    strip = Image.new("L", (columns(text) * size // 2 + size // 4, round(size * 1.4)), 0)
    draw = ImageDraw.Draw(strip)
    left = 0.0
    for sign in text:
        cell = columns(sign) * size / 2
        draw.text((left + (cell - draw.textlength(sign, font=font)) / 2, 0), sign, fill=255, font=font)
        left += cell
    return strip.resize((strip.width * 3 // 2, strip.height)) if row.wide else strip


def _draw_stamp(paper: Image.Image, text: str, top: int) -> None:
    draw = ImageDraw.Draw(paper)
    radius, x, y = 54, paper.width - MARGIN_PX - 70, top + 20
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=120, width=4)
    draw.text((x - 42, y - 16), text, fill=120, font=ImageFont.truetype(str(font_file("serif")), 28))
