"""What every suite shares."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from receipts.ocr.fake import FakeReader

pytest_plugins = ["tests.contracts.fixtures"]


@pytest.fixture(autouse=True)
def prepared_reader(settings: Settings) -> Iterator[type[FakeReader]]:
    """Read receipts as each test prepares them; suites of the reader itself set RECEIPT_READER back."""
    settings.RECEIPT_READER = "receipts.ocr.fake.FakeReader"
    FakeReader.forget()
    yield FakeReader
    FakeReader.forget()
