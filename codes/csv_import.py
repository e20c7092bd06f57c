"""Code files as suppliers send them: any usual Japanese encoding, checked strictly, never mended silently."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from codes.errors import FileNotAccepted, RowProblem
from core import csv_files
from core.csv_files import CsvUnreadable, FileFacts

MAX_BYTES = 300 * 1024 * 1024
MAX_ROWS = 10_000_000
HEADERS = {
    "code": {"code", "コード", "ギフトコード", "シリアル", "番号", "gift_code"},
    "pin": {"pin", "pinコード", "暗証番号"},
    "url": {"url", "リンク", "受取url"},
    "number": {"number", "card_number", "カード番号"},
    "expiry": {"expiry", "expires_on", "有効期限"},
}
CODE = re.compile(r"[!-~]{4,200}")  # printable ASCII without blanks
PART = re.compile(r"[!-~]{1,200}")  # a PIN, a card number
URL = re.compile(r"https?://[!-~]{1,2000}", re.IGNORECASE)  # nothing else may become a link on a winner's page
DAY = re.compile(r"([0-9]{4})(?:[-/]([0-9]{1,2})[-/]([0-9]{1,2})|([0-9]{2})([0-9]{2})|年([0-9]{1,2})月([0-9]{1,2})日)")
# What spreadsheets make of long numbers, of cells that are too narrow, and of what they take for a formula.
DAMAGED = re.compile(
    r"-?[0-9](\.[0-9]+)?E(\+[0-9]+|-[0-9]{2,3})|-?[0-9]+\.0+|#+|"
    r"#(NAME\?|VALUE!|REF!|N/A|DIV/0!|NUM!|NULL!|SPILL!|CALC!)",
    re.IGNORECASE,
)


class CodeRow(NamedTuple):
    """One code of a file; `row` counts from 1 and includes the header.

    Where the link is all there is (`QUOカードPay`), it is the code as well. `expiry` is the last day as it was written.
    """

    row: int
    code: str
    pin: str = ""
    url: str = ""
    number: str = ""
    expiry: str = ""


@dataclass
class CodeFile:
    """A parsed file: the rows that can be used and the problems of the others."""

    encoding: str
    rows: list[CodeRow] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)


def parse_code_file(data: bytes) -> CodeFile:
    """Read a small CSV of codes as a whole; see `code_rows`.

    Raises:
        FileNotAccepted: too large, unknown encoding, open quote, no code column or no row (`reason` tells which).
    """
    parsed = CodeFile(look_over([data]).encoding)
    seen: set[str] = set()
    for found in code_rows([data], parsed.encoding):
        if isinstance(found, RowProblem):
            parsed.problems.append(found)
        elif found.code in seen:
            parsed.problems.append(RowProblem(found.row, "duplicate_in_file", found.code[-4:]))
        else:
            seen.add(found.code)
            parsed.rows.append(found)
    return parsed


def look_over(pieces: Iterable[bytes]) -> FileFacts:
    """Find the encoding of a whole file, strictly, and its digest, in one pass.

    Raises:
        FileNotAccepted: an archive, too large, or text in none of the encodings (`offset` names the byte).
    """
    with _refused():
        return csv_files.look_over(pieces, max_bytes=MAX_BYTES)


def code_rows(pieces: Iterable[bytes], encoding: str) -> Iterator[CodeRow | RowProblem]:
    """Read a CSV whose header names at least the code or the link, row by row and in flat memory.

    Raises:
        FileNotAccepted: open quote, no code column or two, no row, or too many rows (`reason` tells which).
    """
    header: list[str] | None = None
    columns: dict[str, int] = {}
    count = 0
    for number, cells in _rows(pieces, encoding):
        if header is None:
            header, columns = cells, _columns(cells)
            continue
        count += 1
        if count > MAX_ROWS:
            raise FileNotAccepted(reason="too_many_rows")
        if len(cells) != len(header):
            yield RowProblem(number, "columns_differ")
            continue
        given = {name: cells[at] for name, at in columns.items()}
        if problem := _problem(given):
            yield RowProblem(number, problem)
        else:
            yield CodeRow(number, **given if "code" in given else {"code": given["url"]} | given)
    if not count:
        raise FileNotAccepted(reason="file_empty")


def _rows(pieces: Iterable[bytes], encoding: str) -> Iterator[tuple[int, list[str]]]:
    with _refused():
        yield from csv_files.rows_of(pieces, encoding)


@contextmanager
def _refused() -> Iterator[None]:
    """Say as this app's refusal why a file cannot be read."""
    try:
        yield
    except CsvUnreadable as error:
        problems = [] if error.row is None else [RowProblem(error.row, error.reason)]
        raise FileNotAccepted(problems, reason=error.reason, offset=error.offset) from error


def _columns(header: list[str]) -> dict[str, int]:
    names = [cell.strip().lower() for cell in header]
    places = {column: [at for at, name in enumerate(names) if name in known] for column, known in HEADERS.items()}
    if not places["code"] and not places["url"]:
        raise FileNotAccepted([RowProblem(1, "no_code_column")], reason="no_code_column")
    if any(len(found) > 1 for found in places.values()):  # which one is meant nobody but the sender knows
        raise FileNotAccepted([RowProblem(1, "column_twice")], reason="column_twice")
    return {column: found[0] for column, found in places.items() if found}


def _problem(given: dict[str, str]) -> str | None:
    if any(DAMAGED.fullmatch(value) for value in given.values()):
        return "damaged_by_spreadsheet"
    if not CODE.fullmatch(given["code"]) if "code" in given else not given["url"]:
        return "code_malformed"
    wrong = (name for name, fits in FORMS.items() if given.get(name) and not fits(given[name]))
    return next((f"{name}_malformed" for name in wrong), None)


def last_day(text: str) -> date | None:
    """Read a day as suppliers write it; None for what is no day."""
    found = DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups() if part)
    try:
        return date(year, month, day)
    except ValueError:
        return None


FORMS: dict[str, Callable[[str], object]] = {
    "pin": PART.fullmatch,
    "url": URL.fullmatch,
    "number": PART.fullmatch,
    "expiry": last_day,
}
