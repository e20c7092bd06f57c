"""Code files as suppliers send them: any usual Japanese encoding, checked strictly, never mended silently."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from codes.errors import FileNotAccepted, RowProblem
from core import csv_files
from core.csv_files import CsvUnreadable, FileFacts

MAX_BYTES = 300 * 1024 * 1024
MAX_ROWS = 10_000_000
HEADERS = {
    "code": {"code", "コード", "ギフトコード", "シリアル", "番号", "gift_code"},
    "pin": {"pin", "pinコード", "暗証番号"},
    "url": {"url", "リンク"},
}
CODE = re.compile(r"[!-~]{4,200}")  # printable ASCII without blanks
DAMAGED = re.compile(  # what a spreadsheet makes of long numbers, of formulas that fail, and of narrow columns
    r"[0-9](\.[0-9]+)?E\+[0-9]+|[0-9]+\.0|#(REF!|N/A|VALUE!|NAME\?|NUM!|NULL!|DIV/0!|SPILL!|CALC!)|#+", re.IGNORECASE
)


@dataclass(frozen=True)
class CodeRow:
    """One code of a file; `row` counts from 1 and includes the header."""

    row: int
    code: str
    pin: str = ""
    url: str = ""


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
    """Read a CSV whose header names at least the code column, row by row and in flat memory.

    Raises:
        FileNotAccepted: open quote, no code column, no row, or too many rows (`reason` tells which).
    """
    columns: dict[str, int] | None = None
    count = 0
    for number, cells in _rows(pieces, encoding):
        if columns is None:
            columns = _columns(cells)
            continue
        count += 1
        if count > MAX_ROWS:
            raise FileNotAccepted(reason="too_many_rows")
        if problem := _problem(cells, columns):
            yield RowProblem(number, problem)
        else:
            yield CodeRow(number, **{name: cells[columns[name]] for name in ("code", "pin", "url") if name in columns})
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
    columns = {
        column: position for column, known in HEADERS.items() for position, name in enumerate(names) if name in known
    }
    if "code" not in columns:
        raise FileNotAccepted([RowProblem(1, "no_code_column")], reason="no_code_column")
    return columns | {"width": len(header)}


def _problem(cells: list[str], columns: dict[str, int]) -> str | None:
    if len(cells) != columns["width"]:
        return "columns_differ"
    code = cells[columns["code"]]
    if DAMAGED.fullmatch(code):
        return "damaged_by_spreadsheet"
    return None if CODE.fullmatch(code) else "code_malformed"
