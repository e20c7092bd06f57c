"""Code files as suppliers send them: any usual Japanese encoding, checked strictly, never mended silently."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from codes.errors import FileNotAccepted, RowProblem

MAX_BYTES = 300 * 1024 * 1024
HEADERS = {
    "code": {"code", "コード", "ギフトコード", "シリアル", "番号", "gift_code"},
    "pin": {"pin", "pinコード", "暗証番号"},
    "url": {"url", "リンク"},
}
CODE = re.compile(r"[!-~]{4,200}")  # printable ASCII without blanks
DAMAGED = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]+|[0-9]+\.0", re.IGNORECASE)  # what a spreadsheet makes of long numbers


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
    """Read a CSV of codes with a header that names at least the code column.

    Raises:
        FileNotAccepted: too large, unknown encoding, open quote, no code column or no row (`reason` tells which).
    """
    if len(data) > MAX_BYTES:
        raise FileNotAccepted(reason="file_too_large")
    encoding, text = _decoded(data)
    if "\0" in text:
        raise FileNotAccepted(reason="encoding_unknown")
    parsed = CodeFile(encoding)
    columns: dict[str, int] | None = None
    seen: set[str] = set()
    for number, cells in _rows(text):
        if columns is None:
            columns = _columns(cells)
            continue
        _take_row(parsed, number, cells, columns, seen)
    if columns is None or not (parsed.rows or parsed.problems):
        raise FileNotAccepted(reason="file_empty")
    return parsed


def _decoded(data: bytes) -> tuple[str, str]:
    has_utf16_mark = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    # cp932 reads all that Shift_JIS does, and what Windows adds to it.
    candidates = ["utf-16"] if has_utf16_mark else ["utf-8-sig", "cp932"]
    for encoding in candidates:
        try:
            return encoding, data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileNotAccepted(reason="encoding_unknown")


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        for cells in reader:
            if cells:
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise FileNotAccepted([RowProblem(begins, "row_broken")], reason="row_broken") from error


def _columns(header: list[str]) -> dict[str, int]:
    names = [cell.strip().lower() for cell in header]
    columns = {
        column: position for column, known in HEADERS.items() for position, name in enumerate(names) if name in known
    }
    if "code" not in columns:
        raise FileNotAccepted([RowProblem(1, "no_code_column")], reason="no_code_column")
    return columns | {"width": len(header)}


def _take_row(parsed: CodeFile, number: int, cells: list[str], columns: dict[str, int], seen: set[str]) -> None:
    if problem := _problem(cells, columns, seen):
        parsed.problems.append(RowProblem(number, problem))
        return
    values = {name: cells[columns[name]] for name in ("code", "pin", "url") if name in columns}
    seen.add(values["code"])
    parsed.rows.append(CodeRow(number, **values))


def _problem(cells: list[str], columns: dict[str, int], seen: set[str]) -> str | None:
    if len(cells) != columns["width"]:
        return "columns_differ"
    code = cells[columns["code"]]
    if DAMAGED.fullmatch(code):
        return "damaged_by_spreadsheet"
    if not CODE.fullmatch(code):
        return "code_malformed"
    return "duplicate_in_file" if code in seen else None
