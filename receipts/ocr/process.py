"""A reader behind a process wall: hostile photographs and hungry models cannot hurt the worker."""

from __future__ import annotations

import json
from collections.abc import Sequence

from receipts.isolation import Child, ChildFailed
from receipts.ocr.base import ReaderCrashed, ReaderUnavailable, ReceiptReading

WALL_SECONDS = 60.0
MEMORY_BYTES = 1536 * 1024 * 1024  # resident
MOST_PHOTOS = 4


class IsolatedReader:
    """Keeps one child that holds the model; a child that dies, swells or dawdles is replaced."""

    version = "isolated"

    def __init__(self, path: str, *, wall_seconds: float = WALL_SECONDS, memory_bytes: int = MEMORY_BYTES) -> None:
        self.name = path
        self.child = Child("receipts.ocr.child", path, wall_seconds=wall_seconds, memory_bytes=memory_bytes)

    def read(self, photos: Sequence[bytes]) -> ReceiptReading:
        """Read one receipt in the child; threads queue.

        Raises:
            ReaderCrashed: the child died, or took too long or too much memory, on these photographs.
            ReaderUnavailable: the engine is not installed here.
            ValueError: no photograph, or more than a receipt may have.
        """
        if not 1 <= len(photos) <= MOST_PHOTOS:
            raise ValueError("a receipt has one to four photographs")
        try:
            answer = json.loads(self.child.ask(photos))
        except ChildFailed as error:
            raise ReaderCrashed(str(error)) from error
        if "reading" in answer:
            return ReceiptReading.from_json(answer["reading"])
        if answer["error"] == "unavailable":
            raise ReaderUnavailable(answer["detail"])
        raise ReaderCrashed(answer["detail"])

    def close(self) -> None:
        """End the child; the next reading starts a new one."""
        self.child.close()
