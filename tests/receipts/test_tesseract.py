import os
import shutil
from datetime import datetime

import pytest

from demo.make_receipts import JST, as_jpeg, draw_receipt, first_shop, photograph
from receipts.ocr import tesseract
from receipts.ocr.base import ReaderUnavailable, ReceiptReading
from receipts.ocr.tesseract import TesseractReader


def test_without_the_program_the_reader_is_unavailable(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)

    with pytest.raises(ReaderUnavailable):
        TesseractReader().read([b""])


def test_a_person_sees_even_what_it_is_sure_of(monkeypatch):
    sure = ReceiptReading("tesseract", "5", needs_review=False)
    monkeypatch.setattr(TesseractReader, "version", "5")
    monkeypatch.setattr(tesseract, "read_receipt", lambda engine, photos: sure)

    found = TesseractReader().read([b""])

    assert (found.needs_review, found.review_reasons) == (True, ("light_engine",))


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("tesseract") is None and "CI" not in os.environ, reason="tesseract is not installed; CI fails instead"
)
def test_the_light_engine_finds_the_shop_and_the_day():
    shot = photograph(draw_receipt(first_shop(datetime(2026, 11, 20, 11, 42, tzinfo=JST))), seed=21, degrees=0.4)

    found = TesseractReader().read([as_jpeg(shot)])
    assert found.engine == "tesseract"
    assert found.is_receipt
    assert (found.value("date"), found.value("tel")) == ("2026-11-20", "03-0946-2817")
