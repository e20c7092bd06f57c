import pytest

from receipts.ocr.parsing.rows import rows_of
from receipts.ocr.parsing.store import find_store
from tests.receipts.printed import lines_of

BELOW = "\nTEL 03-0946-2817\n2026/11/03 15:22\n緑茶        ¥158"


@pytest.mark.parametrize(
    ("printed", "name", "branch"),
    [
        ("花結びマート\n桜台店", "花結びマート", "桜台店"),
        ("花結びマート 桜台店", "花結びマート", "桜台店"),
        ("花結びマート桜台店", "花結びマート", "桜台店"),
        ("青空書房駅ビル店", "青空書房", "駅ビル店"),
        ("花結び雑貨アオバ駅ビル店", "花結び雑貨アオバ", "駅ビル店"),
        ("HANAMUSUBI MART\nすーぱーはなむすび桜台店", "HANAMUSUBI MART", "桜台店"),
        ("花結びマート\n桜台店 203-0946-2817", "花結びマート", "桜台店"),
        ("花結びマート 桜台店  額収", "花結びマート", "桜台店"),
        ("STAR24桜台店", "STAR24", "桜台店"),
        ("花結び百貨店\n本店", "花結び百貨店", "本店"),
        ("いらっしゃいませ\n花結びマート\n桜台三丁目店", "花結びマート", "桜台三丁目店"),
        ("株式会社花結び商事\n花結びマート\n桜台店", "花結びマート", "桜台店"),
        ("花結びマート\n水引県花結市桜台1-14-6\n三国ヶ丘店", "花結びマート", "三国ヶ丘店"),
        ("花結びマート\n桜台店 TEL(03)0946-2817", "花結びマート", "桜台店"),
        ("花結びマート", "花結びマート", None),
        ("ミナモ石油\nセルフ湖畔SS", "ミナモ石油", "セルフ湖畔SS"),
        ("", None, None),
    ],
)
def test_name_and_branch_are_read_from_the_heading(printed, name, branch):
    found = find_store(rows_of(lines_of(printed + BELOW)))

    assert (found.name, found.branch) == (name, branch)
