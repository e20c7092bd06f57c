"""Receipts as plain text for tests of the parser: what a perfect recogniser would hand over."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from receipts.ocr.base import TextLine
from receipts.ocr.parsing.receipt import ParsedReceipt, parse
from receipts.ocr.parsing.rows import rows_of

SAMPLES = Path(__file__).parent / "samples"
COLUMN_PX, PITCH_PX, HEIGHT_PX = 22, 56, 44


@dataclass(frozen=True)
class Sample:
    """A printed receipt and what a reader should find on it."""

    text: str
    expected: dict[str, str]


def sample(name: str) -> Sample:
    text, _, expected = (SAMPLES / f"{name}.txt").read_text("utf-8").partition("\n===\n")
    pairs = (line.partition("=") for line in expected.splitlines())
    return Sample(text, {key: value for key, _, value in pairs})


def sample_names() -> list[str]:
    return sorted(path.stem for path in SAMPLES.glob("*.txt"))


def lines_of(text: str, *, slope: float = 0.0) -> list[TextLine]:
    """Set a text in fixed pitch; two spaces part the texts of a row; the page may slope."""
    return [
        _line(match[0], _columns(row[: match.start()]) * COLUMN_PX, place * PITCH_PX, slope)
        for place, row in enumerate(text.splitlines())
        for match in re.finditer(r"\S+(?: \S+)*", row)
    ]


def parsed(text: str, *, slope: float = 0.0) -> ParsedReceipt:
    return parse(rows_of(lines_of(text, slope=slope)))


def _line(text: str, left: float, top: float, slope: float) -> TextLine:
    right = left + _columns(text) * COLUMN_PX
    start, end = top + slope * left, top + slope * right
    return TextLine(((left, start), (right, end), (right, end + HEIGHT_PX), (left, start + HEIGHT_PX)), text, 0.98)


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "FWA" else 1 for sign in text)
