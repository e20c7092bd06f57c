"""Rows of CSV files for the shop master and the dictionary: found by their headers, checked cell by cell."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from stdnum import ean

from core.csv_files import CsvUnreadable, look_over, rows_of
from core.text import has_controls
from receipts.errors import MasterNotAccepted
from receipts.ocr.parsing.identity import has_valid_check_digit

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 50_000
LONGEST_CELL = 100
DAMAGED = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]+|[0-9]+\.0", re.IGNORECASE)  # what a spreadsheet makes of long numbers
GUARD = re.compile(r"^'(?=[=+\-@＝＋－＠])")  # what our own export writes before a cell that would be a formula
SEPARATOR = re.compile(r"[|｜\n]")
TELEPHONE = re.compile(r"0[0-9]{9,10}")
REGISTRATION = re.compile(r"T[0-9]{13}")


@dataclass
class Table:
    """The rows of a file by the names of their columns, and what is wrong with others."""

    columns: set[str]
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


def read_table(data: bytes, headers: Mapping[str, set[str]], required: str) -> Table:
    """Read a CSV by its header; columns that nobody asks for are left out.

    Raises:
        MasterNotAccepted: unreadable as a whole, or without the required column or any row (`reason` tells which).
    """
    try:
        encoding = look_over([data], max_bytes=MAX_BYTES).encoding
        table = _table(list(rows_of([data], encoding)), headers, required)
    except CsvUnreadable as error:
        raise MasterNotAccepted([(error.row, error.reason)] if error.row else (), reason=error.reason) from error
    if not (table.rows or table.problems):
        raise MasterNotAccepted(reason="file_empty")
    return table


def listed(cell: str) -> list[str]:
    """Give the several texts of a cell, parted by | or lines."""
    return list(dict.fromkeys(text.strip() for text in SEPARATOR.split(cell) if text.strip()))


def telephone_of(cell: str) -> tuple[str, str | None]:
    """Give a telephone number as digits, and what is wrong with it."""
    if DAMAGED.fullmatch(cell):
        return "", "damaged_by_spreadsheet"
    digits = re.sub(r"[\s()ー‐−–—-]", "", unicodedata.normalize("NFKC", cell))
    return digits, None if not digits or TELEPHONE.fullmatch(digits) else "telephone_malformed"


def registration_of(cell: str) -> tuple[str, str | None]:
    """Give a registration number as T and thirteen digits, and what is wrong with it."""
    if DAMAGED.fullmatch(cell):
        return "", "damaged_by_spreadsheet"
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", cell)).upper()
    if not number:
        return "", None
    if not REGISTRATION.fullmatch(number):
        return "", "registration_malformed"
    return number, None if has_valid_check_digit(number) else "registration_check_digit"


def jan_of(cell: str) -> tuple[str, str | None]:
    """Give a JAN code of 8 or 13 digits, and what is wrong with it."""
    if DAMAGED.fullmatch(cell):
        return "", "damaged_by_spreadsheet"
    digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", cell))
    if digits and not (digits.isascii() and digits.isdigit() and len(digits) in (8, 13)):
        return "", "jan_malformed"
    return digits, None if not digits or ean.is_valid(digits) else "jan_check_digit"


def _table(lines: list[tuple[int, list[str]]], headers: Mapping[str, set[str]], required: str) -> Table:
    if not lines:
        raise MasterNotAccepted(reason="file_empty")
    (_first, header), *rest = lines
    names = [unicodedata.normalize("NFKC", cell).strip().lower() for cell in header]
    columns = {key: place for key, known in headers.items() for place, name in enumerate(names) if name in known}
    if required not in columns:
        raise MasterNotAccepted([(1, f"no_{required}_column")], reason=f"no_{required}_column")
    if len(rest) > MAX_ROWS:
        raise MasterNotAccepted(reason="too_many_rows")
    table = Table(set(columns))
    for row, cells in rest:
        if not any(cell.strip() for cell in cells):
            continue
        if problem := _problem(cells, len(header), columns, required):
            table.problems.append((row, problem))
        else:
            table.rows.append((row, {key: _clean(cells[place]) for key, place in columns.items()}))
    return table


def _problem(cells: list[str], width: int, columns: Mapping[str, int], required: str) -> str | None:
    if len(cells) != width:
        return "columns_differ"
    own = [cells[place] for place in columns.values()]
    if any(has_controls(part) for cell in own for part in cell.splitlines()):
        return "has_controls"
    if any(len(part.strip()) > LONGEST_CELL for cell in own for part in SEPARATOR.split(cell)):
        return "cell_too_long"
    return None if _clean(cells[columns[required]]) else f"{required}_missing"


def _clean(cell: str) -> str:
    return GUARD.sub("", unicodedata.normalize("NFC", cell).strip())
