"""By which words a receipt is known, in Japanese and in English."""

import pytest

from receipts.ocr.parsing.labels import LEAST_CUES, receipt_cues


@pytest.mark.parametrize(
    "text",
    [
        "合計 ¥1,080\n領収書\n内消費税 ¥80",
        "Receipt No: 12\nSubtotal 1,000\nTax 8% 80\nTOTAL JPY 1,080",
        "Tel: 03-0946-2817\nDate: Nov 20, 2026 11:42\nTotal 1,080\nCash 2,000",
        "20 November 2026\nTAX INVOICE\nChange 920",
    ],
)
def test_a_receipt_is_known_by_three_of_its_marks(text):
    assert receipt_cues(text) >= LEAST_CUES


@pytest.mark.parametrize(
    "text",
    [
        "Grand opening on Nov 20, 2026!\nCall Tel 03-0946-2817",
        "An exchange of totals and taxes is received",
        "落ち葉掃きを行います。\n令和8年11月20日\n電話 03-0946-2817",
        "",
    ],
)
def test_a_leaflet_is_not(text):
    assert receipt_cues(text) < LEAST_CUES
