"""A file between its check and its import: sealed frame by frame in the file store, gone after use or after a day.

Each frame is bound to its ticket, its place and whether it is the last, so that none can be moved, left out or cut off.
"""

import struct
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from core.crypto import decrypt_bytes, encrypt_bytes, key_id_of
from core.errors import SecretDamaged

FOLDER = "held"
KEPT = timedelta(days=1)
FRAME = 256 * 1024  # plain bytes in one frame, which is all that is ever in memory
LENGTH = struct.Struct(">I")
HEAD = 100  # bytes of a frame in which its key is named
LARGEST = FRAME * 2  # sealed and in base64


def hold(data: bytes | Iterable[bytes]) -> str:
    """Seal and keep a file, given whole or in pieces; returns the ticket by which it is taken back."""
    holding = Holding()
    for piece in [data] if isinstance(data, bytes) else data:
        holding.add(piece)
    return holding.finish()


class Holding:
    """A file that comes in piece by piece and is sealed at once; at most one frame of it is in memory."""

    def __init__(self) -> None:
        drop_old()
        self.ticket = uuid.uuid4().hex
        self._waiting = bytearray()
        self._number = 0
        default_storage.save(f"{FOLDER}/{self.ticket}", ContentFile(b""))  # makes the folder where the store has one
        self._file = default_storage.open(f"{FOLDER}/{self.ticket}", "wb")

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        self._waiting += piece
        while len(self._waiting) > FRAME:
            self._seal(bytes(self._waiting[:FRAME]), is_last=False)
            del self._waiting[:FRAME]

    def finish(self) -> str:
        """Seal what is left as the last frame; returns the ticket."""
        self._seal(bytes(self._waiting), is_last=True)
        self._file.close()
        return self.ticket

    def give_up(self) -> None:
        """Delete what has come in so far."""
        self._file.close()
        let_go(self.ticket)

    def _seal(self, plain: bytes, *, is_last: bool) -> None:
        row = f"{self.ticket}|{self._number}"
        sealed = encrypt_bytes(plain, table="held_file", column=_place(is_last), row=row)
        self._file.write(LENGTH.pack(len(sealed)) + sealed)
        self._number += 1


def look_into(ticket: str) -> bytes | None:
    """Open a held file as a whole; None when the ticket is wrong or the day is over."""
    return b"".join(chunks_of(ticket)) if exists(ticket) else None


def exists(ticket: str) -> bool:
    """Tell whether a file is held under this ticket."""
    name = _name(ticket)
    return name is not None and default_storage.exists(name)


def chunks_of(ticket: str) -> Iterator[bytes]:
    """Open a held file piece by piece.

    Raises:
        FileNotFoundError: nothing is held under this ticket.
        SecretDamaged: a frame was altered, moved or cut off; what came before it was sound.
    """
    name = _name(ticket)
    if name is None:
        raise FileNotFoundError
    with default_storage.open(name) as file:
        number, is_last = 0, False
        following = file.read(LENGTH.size)
        while not is_last:
            if len(following) != LENGTH.size or not 0 < (size := LENGTH.unpack(following)[0]) <= LARGEST:
                raise SecretDamaged
            sealed = file.read(size)
            following = file.read(LENGTH.size)
            is_last = following == b""
            yield decrypt_bytes(sealed, table="held_file", column=_place(is_last), row=f"{ticket}|{number}")
            number += 1


def let_go(ticket: str) -> None:
    """Delete a held file."""
    if name := _name(ticket):
        default_storage.delete(name)


def drop_old() -> int:
    """Delete what has been held for a day; returns how many files."""
    if not default_storage.exists(FOLDER):
        return 0
    oldest, dropped = timezone.now() - KEPT, 0
    for name in default_storage.listdir(FOLDER)[1]:
        with suppress(FileNotFoundError):  # another process drops it at this moment
            if default_storage.get_modified_time(f"{FOLDER}/{name}") < oldest:
                default_storage.delete(f"{FOLDER}/{name}")
                dropped += 1
    return dropped


def files_by_key() -> Counter[str]:
    """Count the held files by the master key that sealed their first frame; they are never sealed anew, but go."""
    if not default_storage.exists(FOLDER):
        return Counter()
    counts: Counter[str] = Counter()
    for name in default_storage.listdir(FOLDER)[1]:
        with suppress(FileNotFoundError), default_storage.open(f"{FOLDER}/{name}") as file:
            counts[key_id_of(file.read(LENGTH.size + HEAD)[LENGTH.size :])] += 1
    return counts


def _place(is_last: bool) -> str:  # noqa: FBT001
    return "last_frame" if is_last else "frame"


def _name(ticket: str) -> str | None:
    is_ticket = len(ticket) == 32 and ticket.isascii() and ticket.isalnum()
    return f"{FOLDER}/{ticket}" if is_ticket else None
