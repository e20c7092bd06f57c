"""The issue journal: what was handed out and used, written once, outside of the database (F27).

A database restored to an earlier time has forgotten what it gave away since; the journal has not. It holds ids and
keyed hashes only. A line is `crc32 json`, so that one torn by a power failure is known as such.
"""

import json
import os
import re
import socket
import threading
import time
import uuid
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from django.conf import settings

from codes.errors import JournalUnavailable
from core.clients.object_lock import BucketUnavailable, LockedBucket
from core.clock import jst_day
from core.crypto import IndexHasher, blind_index
from core.index_keys import current_key_id, key_ids

Line = dict[str, Any]
RETAIN_DAYS = 2555  # seven years, as long as the audit trail
FIRST_KEY = "0"  # of the index keys: lines of the time before there were others do not name it
POS_INDEX = re.compile(r"#(?:[!-~]{1,8}:)?[0-9a-f]{50,62}")
PAUSE_SECONDS = 5.0  # for which a bucket that failed is not asked again


@dataclass(frozen=True)
class Call:
    """A call that moves value, as its caller would repeat it: to an endpoint, under an Idempotency-Key, with a body."""

    agency_id: int
    endpoint: str
    key: str
    body_sha256: str

    def hashes(self, key_id: str = "") -> str:
        """Give what the journal may hold of it: an index key's id, and under that the hashes of key and of body."""
        key_id = key_id or current_key_id()
        hasher = IndexHasher(field="idempotency_key", tenant=self.agency_id, key_id=key_id)
        return ":".join([key_id, hasher.index(f"{self.endpoint} {self.key}")[:32], hasher.index(self.body_sha256)[:32]])


class Journal(Protocol):
    """Where lines go; `append` returns when they are safe."""

    def append(self, lines: Sequence[Line], now: datetime) -> None:
        """Write lines, or raise JournalUnavailable."""

    def pieces(self, since: date | None = None) -> Iterator[bytes]:
        """Give what was written from a day of Japan on, piece by piece."""


@dataclass
class FolderJournal:
    """Files in a folder on another disk or host than the database: one a process and day, only ever appended to."""

    folder: Path
    _open: dict[str, int] = field(default_factory=dict, repr=False)  # by day, host and process
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _token: str = field(default_factory=lambda: uuid.uuid4().hex[:8], repr=False)

    def append(self, lines: Sequence[Line], now: datetime) -> None:
        """Write lines in one piece and wait until the disk has them."""
        data = encoded(lines)
        place = f"{jst_day(now)}.{socket.gethostname()}.{os.getpid()}"
        with self._lock:
            try:
                handle = self._handle(place)
                if os.write(handle, data) != len(data):
                    raise OSError("disk full")
                os.fsync(handle)
            except OSError as error:
                self._close()  # what was torn stays the end of its file; the next line begins another
                raise JournalUnavailable(reason=type(error).__name__) from error

    def pieces(self, since: date | None = None) -> Iterator[bytes]:
        """Give the files, oldest day first."""
        for path in sorted(self.folder.glob("*.jsonl")):
            if since is None or path.name >= since.isoformat():
                yield path.read_bytes()

    def _handle(self, place: str) -> int:
        if place in self._open:
            return self._open[place]
        self._close()
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder / f"{place}.{self._token}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._open[place] = handle
        directory = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(directory)  # the name of a new file is a line of its folder
        finally:
            os.close(directory)
        return handle

    def _close(self) -> None:
        for handle in self._open.values():
            os.close(handle)
        self._open.clear()
        self._token = uuid.uuid4().hex[:8]


@dataclass
class BucketJournal:
    """Objects under Object Lock, one for each writing."""

    bucket: LockedBucket
    retain: timedelta
    _silent_until: float = 0.0

    def append(self, lines: Sequence[Line], now: datetime) -> None:
        """Write lines as one object; a bucket that has just failed is left in peace for some seconds."""
        if time.monotonic() < self._silent_until:
            raise JournalUnavailable(reason="paused")
        name = f"{jst_day(now)}/{now:%H%M%S.%f}-{uuid.uuid4().hex}.jsonl"
        try:
            self.bucket.put(name, encoded(lines), retain_until=now + self.retain)
        except BucketUnavailable as error:
            self._silent_until = time.monotonic() + PAUSE_SECONDS
            raise JournalUnavailable(reason=type(error.__cause__).__name__) from error

    def pieces(self, since: date | None = None) -> Iterator[bytes]:
        """Give the objects, oldest first."""
        try:
            yield from self.bucket.read(behind=since.isoformat() if since else "")
        except BucketUnavailable as error:
            raise JournalUnavailable(reason=type(error.__cause__).__name__) from error


def open_journal() -> Journal:
    """Give the journal of the settings: `folder:PATH` or `s3://bucket/prefix?region=…&days=…`."""
    return _opened(settings.JOURNAL)


@lru_cache(maxsize=8)
def _opened(where: str) -> Journal:
    parts = urlsplit(where)
    if parts.scheme == "folder":
        return FolderJournal(Path(where.removeprefix("folder:")))
    if parts.scheme != "s3":
        raise JournalUnavailable(reason="JOURNAL is neither folder: nor s3:")
    options = parse_qs(parts.query)
    prefix = parts.path.strip("/")
    bucket = LockedBucket(
        parts.netloc, f"{prefix}/" if prefix else "", options.get("region", [settings.JOURNAL_REGION])[0]
    )
    return BucketJournal(bucket, timedelta(days=int(options.get("days", [str(RETAIN_DAYS)])[0])))


def encoded(lines: Iterable[Line]) -> bytes:
    """Write lines, each with its check sum."""
    texts = [json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() for line in lines]
    return b"".join(b"%08x %b\n" % (zlib.crc32(text), text) for text in texts)


def read_lines(journal: Journal, since: date | None = None) -> tuple[list[Line], int]:
    """Read a journal, or what it holds from a day on; returns its lines, each once, and how many were altered.

    A last line without its end was torn while it was written: nobody was shown what it would have told.
    """
    lines: dict[str, Line] = {}
    altered = 0
    for piece in journal.pieces(since):
        *rows, _torn = piece.split(b"\n")
        for row in rows:
            checksum, _blank, text = row.partition(b" ")
            if checksum != b"%08x" % zlib.crc32(text):
                altered += 1
                continue
            line = json.loads(text)
            # An award whose code was replaced has a line for each code that it had.
            lines.setdefault(f"{line['what']}:{line['id']}:{line.get('code')}", line)
    return list(lines.values()), altered


def is_pos_index(pos_transaction_id: str) -> bool:
    """Tell whether a line came back from the journal, which does not know the till's own number."""
    return POS_INDEX.fullmatch(pos_transaction_id) is not None


def pos_index(store_id: int, pos_transaction_id: str, key_id: str = "") -> str:
    """Give the keyed hash of a till's own number, in 64 letters behind a sign that no till sends; empty stays empty.

    The id of its index key stands before it, except that of the first one.
    """
    if not pos_transaction_id or pos_transaction_id.startswith("#"):
        return pos_transaction_id
    key_id = key_id or current_key_id()
    named = "" if key_id == FIRST_KEY else f"{key_id}:"
    hashed = blind_index(pos_transaction_id, field="pos_transaction", tenant=store_id, key_id=key_id)
    return f"#{named}{hashed[:62]}"[:64]


def pos_indexes(store_id: int, pos_transaction_id: str) -> list[str]:
    """Give the hashes under all loaded index keys by which a sale is known that came back from the journal."""
    return [pos_index(store_id, pos_transaction_id, key_id) for key_id in key_ids()]


def pos_names(store_id: int, pos_transaction_id: str) -> list[str]:
    """Give all under which a till's number may stand: itself, or a hash of it where it came back from the journal."""
    return [pos_transaction_id, *pos_indexes(store_id, pos_transaction_id)]
