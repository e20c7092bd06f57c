import json

import pytest

from receipts.ocr.base import FieldReading, ItemReading, ReaderCrashed, ReceiptReading, Region
from receipts.ocr.factory import reader_from_settings
from receipts.ocr.fake import FakeReader, prepared_reading
from receipts.ocr.merging import merged
from receipts.ocr.process import IsolatedReader

REGION = Region(1, ((0.0, 1.5), (9.5, 1.5), (9.5, 4.0), (0.0, 4.0)))
READING = ReceiptReading(
    engine="rapidocr",
    engine_version="3",
    fields={"total": FieldReading("3442", 0.99, REGION, ("items", "bases")), "tel": FieldReading("03-0946-2817", 0.9)},
    items=(ItemReading("ミズヒキ緑茶 525ml", 2, 316, -20, 0.9, REGION, "4901234567894"), ItemReading("バナナ", 1, 198)),
    is_receipt=True,
    is_complete=True,
    needs_review=False,
    review_reasons=("screen",),
    screen_score=2.3,
    text="合計 ¥3,442",
    seconds=1.25,
)


def test_a_reading_survives_json():
    assert ReceiptReading.from_json(json.loads(json.dumps(READING.to_json()))) == READING


def test_a_value_that_was_not_read_is_none():
    assert (READING.value("total"), READING.value("date")) == ("3442", None)


@pytest.fixture
def fake():
    yield FakeReader()
    FakeReader.forget()


def test_the_fake_answers_by_photograph_and_else_by_default(fake):
    FakeReader.prepare(prepared_reading(total="100"))
    FakeReader.prepare(prepared_reading(total="200"), photo=b"two hundred")

    assert (fake.read([b"any"]).value("total"), fake.read([b"two hundred"]).value("total")) == ("100", "200")


def test_the_fake_reads_prepared_json(fake, tmp_path):
    path = tmp_path / "readings.json"
    path.write_text(json.dumps({"*": READING.to_json()}), "utf-8")
    FakeReader.load(path)

    assert fake.read([b"any"]) == READING


def test_an_unprepared_fake_fails(fake):
    with pytest.raises(ReaderCrashed):
        fake.read([b"any"])


def test_the_settings_name_the_reader(settings):
    settings.RECEIPT_READER = "receipts.ocr.fake.FakeReader"
    assert isinstance(reader_from_settings(), FakeReader)

    settings.RECEIPT_READER = "receipts.ocr.rapidocr.RapidOcrReader"
    isolated = reader_from_settings()
    assert isinstance(isolated, IsolatedReader)
    assert isolated is reader_from_settings()
    assert isolated.child.pid is None  # no process before the first reading


def reading(*reasons: str, **fields: str) -> ReceiptReading:
    return prepared_reading(review_reasons=reasons, needs_review=bool(reasons), **fields)


def test_a_second_reading_fills_gaps():
    both = merged(reading("missing_date", tel="1", total="5"), reading("missing_tel", date="2026-11-03", total="5"))

    assert {key: found.value for key, found in both.fields.items()} == {"tel": "1", "date": "2026-11-03", "total": "5"}
    assert (both.review_reasons, both.needs_review, both.is_complete) == ((), False, True)


def test_two_readings_that_agree_end_a_doubt():
    both = merged(
        reading("unsure_tel", tel="1", date="d", total="5"), reading("missing_time", tel="1", date="d", total="5")
    )

    assert "unsure_tel" not in both.review_reasons


def test_two_readings_that_differ_raise_a_doubt():
    both = merged(reading("total_unproven", tel="1", date="d", total="5"), reading(tel="7", date="d", total="5"))

    assert both.review_reasons == ("unsure_tel",)
    assert both.fields["tel"].confidence < 0.5


def test_a_doubted_value_gives_way_to_one_that_is_not():
    both = merged(reading("unsure_tel", tel="7", total="5"), reading("missing_time", "screen", tel="1", total="5"))

    assert both.value("tel") == "1"
    assert both.needs_review
