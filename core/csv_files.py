"""CSV files as Japanese offices send them: any usual encoding, read strictly, in flat memory, never mended silently."""

import codecs
import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

MAX_BYTES = 300 * 1024 * 1024
LINE_LIMIT = 1_000_000  # characters; a longer line is a quotation mark left open, or no CSV at all
ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")


class CsvUnreadable(Exception):
    """The file as a whole cannot be read: why, and at which row (from 1) or byte."""

    def __init__(self, reason: str, *, row: int | None = None, offset: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.row, self.offset = reason, row, offset


@dataclass(frozen=True)
class FileFacts:
    """What one pass over the bytes tells."""

    encoding: str
    sha256: str
    size: int


def look_over(pieces: Iterable[bytes], *, max_bytes: int = MAX_BYTES) -> FileFacts:
    """Find the encoding of a whole file, strictly, and its digest, in one pass.

    Raises:
        CsvUnreadable: an archive, empty, too large, or text in none of the encodings (`offset` names the byte).
    """
    digest, size = hashlib.sha256(), 0
    decoders: dict[str, codecs.IncrementalDecoder] = {}
    for piece in pieces:
        if not size:
            decoders = _candidates(piece)
        digest.update(piece)
        _try_all(decoders, piece, size)
        size += len(piece)
        if size > max_bytes:
            raise CsvUnreadable("file_too_large")
    if not size:
        raise CsvUnreadable("file_empty")
    _try_all(decoders, b"", size, is_last=True)
    return FileFacts(next(iter(decoders)), digest.hexdigest(), size)


def rows_of(pieces: Iterable[bytes], encoding: str) -> Iterator[tuple[int, list[str]]]:
    """Give the cells of each row that is not blank, with the line of the file in which the row begins.

    Raises:
        CsvUnreadable: a quotation mark left open, or a line without end (`row` tells where it began).
    """
    text = io.TextIOWrapper(io.BufferedReader(_Pieces(pieces), 1 << 18), encoding=encoding, errors="strict", newline="")
    begins = 1
    reader = csv.reader(_lines(text.readline, lambda: begins), strict=True)
    try:
        for cells in reader:
            if cells:
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise CsvUnreadable("row_broken", row=begins) from error


def _candidates(first: bytes) -> dict[str, codecs.IncrementalDecoder]:
    if first.startswith(ARCHIVES):
        raise CsvUnreadable("file_is_archive")
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
                raise CsvUnreadable("encoding_unknown", offset=begins + wrong)


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


def _lines(readline: Callable[[int], str], begins: Callable[[], int]) -> Iterator[str]:
    while line := readline(LINE_LIMIT):
        if len(line) == LINE_LIMIT:
            raise CsvUnreadable("row_broken", row=begins())
        yield line
