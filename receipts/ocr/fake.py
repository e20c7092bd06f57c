"""A reader for tests: it answers with what the test prepared and looks at no photograph."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from receipts.ocr.base import FieldReading, ItemReading, ReaderCrashed, ReceiptReading

NAME = "fake"


def prepared_reading(*, items: Sequence[ItemReading] = (), **values: Any) -> ReceiptReading:
    """A whole receipt with these field values (`tel="03-…"`); other arguments set the reading's own attributes."""
    attributes = {key: values.pop(key) for key in list(values) if key in ReceiptReading.__dataclass_fields__}
    fields = {key: FieldReading(str(value), 0.99, proofs=("prepared",)) for key, value in values.items()}
    whole = {"is_receipt": True, "is_complete": True, "needs_review": False, **attributes}
    return ReceiptReading(NAME, "1", fields=fields, items=tuple(items), **whole)


class FakeReader:
    """Answers by the SHA-256 of the first photograph, else with the default; unprepared, it fails."""

    name = NAME
    version = "1"
    default: ClassVar[ReceiptReading | None] = None
    by_digest: ClassVar[dict[str, ReceiptReading]] = {}

    @classmethod
    def prepare(cls, reading: ReceiptReading, *, photo: bytes | None = None) -> None:
        """Set the answer for one photograph, or for all others."""
        if photo is None:
            cls.default = reading
        else:
            cls.by_digest[hashlib.sha256(photo).hexdigest()] = reading

    @classmethod
    def load(cls, path: Path) -> None:
        """Prepare from a JSON file: an object of readings by digest, `*` for all others."""
        for digest, data in json.loads(path.read_text("utf-8")).items():
            reading = ReceiptReading.from_json(data)
            if digest == "*":
                cls.default = reading
            else:
                cls.by_digest[digest] = reading

    @classmethod
    def forget(cls) -> None:
        """Drop all prepared answers."""
        cls.default = None
        cls.by_digest = {}

    def read(self, photos: Sequence[bytes]) -> ReceiptReading:
        reading = self.by_digest.get(hashlib.sha256(photos[0]).hexdigest(), self.default)
        if reading is None:
            raise ReaderCrashed("no reading was prepared")
        return reading
