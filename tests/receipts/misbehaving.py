"""Readers that do what hostile photographs make real ones do; they run in the child of an IsolatedReader."""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

from receipts.ocr.base import ItemReading, ReaderUnavailable, ReceiptReading
from receipts.ocr.fake import prepared_reading
from receipts.ocr.page import decode
from receipts.serving import serve

DARK = 60


class EchoReader:
    """Reads well, unless the first photograph is poison."""

    name = "echo"
    version = "1"

    def read(self, photos: Sequence[bytes]) -> ReceiptReading:
        match photos[0]:
            case b"segfault":
                ctypes.string_at(0)
            case b"hang":
                signal.pause()
            case b"swell":
                self.kept = bytearray(400 * 1024 * 1024)
                signal.pause()
            case b"raise":
                raise ValueError("secret of the photograph")
            case b"missing":
                raise ReaderUnavailable("no engine here")
            case b"chatter":
                print("a library prints to standard output")  # noqa: T201
        return prepared_reading(total=str(sum(map(len, photos))), store_name="花結び")


class TeaReader:
    """Reads the same purchase of tea on every photograph."""

    name = "tea"
    version = "1"

    def read(self, photos: Sequence[bytes]) -> ReceiptReading:
        tea = ItemReading("ミズヒキ緑茶", 2, 316)
        return prepared_reading(
            items=[tea], tel="03-0946-2817", date="2026-11-20", time="11:42", total="3442", receipt_no="0042-3187"
        )


class PoisonReader:
    """Reads tea on bright paper and is killed by the kernel on dark paper, as when memory has run out."""

    name = "poison"
    version = "1"

    def read(self, photos: Sequence[bytes]) -> ReceiptReading:
        if decode(photos[0])[0, 0].mean() < DARK:
            os.kill(os.getpid(), signal.SIGKILL)
        return TeaReader().read(photos)


class LostReader:
    """Dies on every photograph."""

    name = "lost"
    version = "1"

    def read(self, photos: Sequence[bytes]) -> ReceiptReading:
        os._exit(3)


class AbsentReader:
    """Is not installed."""

    name = "absent"
    version = "1"

    def read(self, photos: Sequence[bytes]) -> ReceiptReading:
        raise ReaderUnavailable("no engine here")


def spin_or_grow(messages: list[bytes]) -> bytes:
    """Compute for ever, or keep as many bytes as are asked for."""
    while messages == [b"spin"]:
        pass
    KEPT.append(bytearray(int(messages[0])))
    return b"answer"


KEPT: list[bytearray] = []

if __name__ == "__main__":
    serve(spin_or_grow, parent=int(sys.argv[1]), address_space_bytes=1 << 30, cpu_seconds=1)
