"""What is nobody's business is found by labels and shapes of numbers, and the figures of the purchase stay readable."""

import pytest

from receipts.ocr.masking import covered_text, private_quads
from receipts.ocr.parsing.receipt import parse
from receipts.ocr.parsing.rows import rows_of
from tests.receipts.printed import COLUMN_PX, HEIGHT_PX, lines_of, sample, sample_names

KNOWN = ["03-1234-5678", "1980", "2026-11-20"]


@pytest.mark.parametrize(
    ("printed", "covered"),
    [
        ("カード番号 4111-1111-1111-1111", "カード番号 " + "＊" * 19),
        ("4111 1111 1111 1111", "＊" * 19),
        ("3782 822463 10005", "＊" * 17),
        ("VISA ************4242", "VISA " + "＊" * 16),
        ("XXXX-XXXX-XXXX-1234", "＊" * 19),
        ("411111******1111 有効期限", "＊" * 16 + " 有効期限"),
        ("会員番号:1234567", "会員番号:＊＊＊＊＊＊＊"),
        ("ポイントカード AB-00123", "ポイントカード ＊＊＊＊＊＊＊＊"),
        ("ポイント残高 1,234P", "ポイント残高 ＊＊＊＊＊＊"),
        ("累計ポイント 560", "累計ポイント ＊＊＊"),
        ("電子マネー残高 ¥3,210", "電子マネー残高 ¥＊＊＊＊＊"),
        ("レジ担当:山田太郎", "レジ担当:＊＊＊＊"),
        ("担当 No.0012 佐藤 花子", "担当 No.0012 ＊＊＊＊＊"),
        ("担当:スズキ No:7716", "担当:＊＊＊ No:7716"),
        ("責No0021 高橋", "責No0021 ＊＊"),
        ("Cashier: Mary Jane", "Cashier: ＊＊＊＊＊＊＊＊＊"),
        ("お届け先 090-1234-5678", "お届け先 " + "＊" * 13),
        ("FAX 03-1234-5679", "FAX " + "＊" * 12),
    ],
)
def test_private_numbers_and_names_are_covered(printed, covered):
    assert covered_text(printed, KNOWN) == covered


@pytest.mark.parametrize(
    "printed",
    [
        "TEL 03-1234-5678",
        "登録番号 T5011101050002",
        "4901234567894",
        "4111 1111 1111 1112",
        "伝票番号 0042-3187",
        "合計 ¥1,980",
        "**合計** ¥1,980",
        "ポイント利用 -100",
        "担当:0123",
        "担当者までお申し付けください",
        "レジ0003 取引No 5678",
        "2026年11月20日 11:42",
    ],
)
def test_what_proves_the_purchase_stays_readable(printed):
    assert covered_text(printed, KNOWN) == printed


@pytest.mark.parametrize("name", sample_names())
def test_no_figure_of_a_printed_receipt_is_covered(name):
    printed = sample(name)
    found = parse(rows_of(lines_of(printed.text)))
    known = [field.value for field in found.fields.values()]

    rows = "\n".join(row.text for row in rows_of(lines_of(printed.text)))
    hidden = "\n".join(covered_text(row, known) for row in rows.split("\n"))
    assert parse(rows_of(lines_of(hidden.replace("＊", "*")))).fields.keys() >= found.fields.keys() - {"branch"}


def test_the_place_of_a_name_is_the_part_of_its_row_that_bears_it():
    rows = rows_of(lines_of("レジ担当:山田太郎"))

    [(photo, quad)] = private_quads(rows, [])

    start = 9 * COLUMN_PX  # four wide letters and a narrow one before it
    assert photo == 0
    assert start - COLUMN_PX <= quad[0][0] <= start
    assert quad[1][0] >= 17 * COLUMN_PX
    assert quad[3][1] - quad[0][1] >= HEIGHT_PX


def test_a_number_under_its_label_is_covered():
    rows = rows_of(lines_of("会員番号\n2900112233445"))

    assert len(list(private_quads(rows, []))) == 1
