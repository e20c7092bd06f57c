"""Which reader this installation uses; the only place of the reader that knows the settings."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from receipts.ocr.base import ReceiptReader
from receipts.ocr.fake import FakeReader
from receipts.ocr.process import IsolatedReader


def reader_from_settings() -> ReceiptReader:
    """The reader of RECEIPT_READER; engines run in a process of their own, one for each of ours."""
    return _reader(settings.RECEIPT_READER)


@cache
def _reader(path: str) -> ReceiptReader:
    if path == f"{FakeReader.__module__}.{FakeReader.__qualname__}":
        reader: ReceiptReader = import_string(path)()
        return reader
    return IsolatedReader(path)
