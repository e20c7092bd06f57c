"""Code files as suppliers send them: any usual Japanese encoding, checked strictly, never mended silently."""

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from codes.errors import FileNotAccepted, RowProblem

MAX_BYTES = 300 * 1024 * 1024
MAX_ROWS = 10_000_000
LINE_LIMIT = 1_000_000  # characters; a longer line is a quotation mark left open, or no CSV at all
HEADERS = {
    "code": {"code", "コード", "ギフトコード", "シリアル", "番号", "gift_code"},
    "pin": {"pin", "pinコード", "暗証番号"},
    "url": {"url", "リンク"},
}
CODE = re.compile(r"[!-~]{4,200}")  # printable ASCII without blanks
DAMAGED = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]+|[0-9]+\.0", re.IGNORECASE)  # what a spreadsheet makes of long numbers
ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")


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


@dataclass(frozen=True)
class FileFacts:
    """What one pass over the bytes tells."""

    encoding: str
    sha256: str
    size: int


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
    digest, size = hashlib.sha256(), 0
    decoders: dict[str, codecs.IncrementalDecoder] = {}
    for piece in pieces:
        if not size:
            decoders = _candidates(piece)
        digest.update(piece)
        _try_all(decoders, piece, size)
        size += len(piece)
        if size > MAX_BYTES:
            raise FileNotAccepted(reason="file_too_large")
    if not size:
        raise FileNotAccepted(reason="file_empty")
    _try_all(decoders, b"", size, is_last=True)
    return FileFacts(next(iter(decoders)), digest.hexdigest(), size)


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


def _candidates(first: bytes) -> dict[str, codecs.IncrementalDecoder]:
    if first.startswith(ARCHIVES):
        raise FileNotAccepted(reason="file_is_archive")
    has_utf16_mark = first[:2] in (b"\xff\xfe", b"\xfe\xff")
    # cp932 reads all that Shift_JIS does, and what Windows adds to it.
    names = ["utf-16"] if has_utf16_mark else ["utf-8-sig", "cp932"]
    return {name: codecs.getincrementaldecoder(name)("strict") for name in names}


def _try_all(
    decoders: dict[str, codecs.IncrementalDecoder],
    piece: bytes,
    size: int,
    *,
    is_last: bool = False,
) -> None:
    """Drop the encodings in which the text cannot be; the last of them refuses the file."""
    for name, decoder in list(decoders.items()):
        begins = size - len(decoder.getstate()[0])
        try:
            wrong = decoder.decode(piece, is_last).find("\0")
        except UnicodeDecodeError as error:
            wrong = error.start
        if wrong >= 0:
            del decoders[name]
            if not decoders:
                raise FileNotAccepted(reason="encoding_unknown", offset=begins + wrong)


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a file that is read once."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def _rows(pieces: Iterable[bytes], encoding: str) -> Iterator[tuple[int, list[str]]]:
    text = io.TextIOWrapper(io.BufferedReader(_Pieces(pieces), 1 << 18), encoding=encoding, errors="strict", newline="")
    begins = 1
    reader = csv.reader(_lines(text.readline, lambda: begins), strict=True)
    try:
        for cells in reader:
            if cells:
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise FileNotAccepted([RowProblem(begins, "row_broken")], reason="row_broken") from error


def _lines(readline: Callable[[int], str], begins: Callable[[], int]) -> Iterator[str]:
    while line := readline(LINE_LIMIT):
        if len(line) == LINE_LIMIT:
            raise FileNotAccepted([RowProblem(begins(), "row_broken")], reason="row_broken")
        yield line


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
