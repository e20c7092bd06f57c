"""The process that reads: `python -m receipts.ocr.child READER PARENT`."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from functools import cache

from receipts.ocr.base import Json, ReaderUnavailable, ReceiptReader
from receipts.serving import serve

ADDRESS_SPACE_BYTES = 6 * 1024 * 1024 * 1024  # models map far more than they hold; the parent watches what is held
CPU_SECONDS = (
    120  # a reading takes a few; more than the wall limit lets one thread take, so it stops engines that spin in many
)


def answering(path: str) -> Callable[[list[bytes]], bytes]:
    """Answer photographs with a reading, or with what kept us from it."""

    def answer(photos: list[bytes]) -> bytes:
        try:
            said: Json = {"reading": reader_at(path).read(photos).to_json()}
        except (ReaderUnavailable, ImportError) as error:
            said = {"error": "unavailable", "detail": str(error)}
        except Exception as error:  # noqa: BLE001 whatever a hostile photograph raises is an answer, not an end
            said = {"error": "failed", "detail": type(error).__name__}
        return json.dumps(said, ensure_ascii=False).encode()

    return answer


@cache
def reader_at(path: str) -> ReceiptReader:
    """The reader of a dotted path, made once: it keeps its models."""
    module, _, name = path.rpartition(".")
    reader: ReceiptReader = getattr(importlib.import_module(module), name)()
    return reader


if __name__ == "__main__":
    serve(
        answering(sys.argv[1]),
        parent=int(sys.argv[2]),
        address_space_bytes=ADDRESS_SPACE_BYTES,
        cpu_seconds=CPU_SECONDS,
    )
