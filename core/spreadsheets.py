"""Text for spreadsheets: no cell may begin a formula, and Excel opens the file as UTF-8."""

import csv
import io
import re
from collections.abc import Iterable, Iterator

BYTE_ORDER_MARK = "\ufeff"
# The first visible character of any line of a cell decides; full-width forms are formulas in Japanese Excel.
FORMULA = re.compile(r"^([\s\u3000]*)([=+\-@＝＋－＠])", re.MULTILINE)
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def safe_cell(value: object) -> str:
    """Give the text of a cell, with an apostrophe where a spreadsheet would begin a formula."""
    text = "" if value is None else str(value).replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\t", " ")
    if NUMBER.fullmatch(text):
        return text
    return FORMULA.sub(r"\1'\2", text)


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Write rows as CSV lines, one at a time, beginning with the mark by which Excel knows UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield BYTE_ORDER_MARK
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
