import pytest

from receipts.ocr.parsing.items import clean_name, find_items, quantity_in
from receipts.ocr.parsing.rows import rows_of
from tests.receipts.printed import lines_of

HEAD = "花結びマート                    \n2026/11/03 15:22\n"
SUMS = "\n合計                    ¥9,999"


def items(text: str):
    return [(item.name, item.quantity, item.price) for item in find_items(rows_of(lines_of(HEAD + text + SUMS)))]


@pytest.mark.parametrize(
    ("printed", "item"),
    [
        ("緑茶              ¥158", ("緑茶", 1, 158)),
        ("緑茶               158", ("緑茶", 1, 158)),
        ("緑茶 525ml        158※", ("緑茶 525ml", 1, 158)),
        ("軽 緑茶           158円", ("緑茶", 1, 158)),
        ("緑茶              158P", ("緑茶", 1, 158)),  # 円 of a blurred print
        ("緑茶4P            ¥158", ("緑茶4P", 1, 158)),
        ("緑茶 軽           ¥158", ("緑茶", 1, 158)),
        ("緑茶              ¥158\n  ×2        ¥316", ("緑茶", 2, 316)),
        ("緑茶              ¥158\n  @158 × 2個        ¥316", ("緑茶", 2, 316)),
        ("緑茶軽            ¥158", ("緑茶", 1, 158)),
        ("緑茶軽2個          316", ("緑茶", 2, 316)),
        ("緑茶\n  @158 2点         316", ("緑茶", 2, 316)),
        ("257891 緑茶       ¥158", ("緑茶", 1, 158)),
        ("緑茶            *158", ("緑茶", 1, 158)),
        ("緑茶           135外8", ("緑茶", 1, 135)),
        ("餃子5個      4     1,440円", ("餃子5個", 4, 1440)),
        ("緑茶              ¥316\n   2コ × 単158", ("緑茶", 2, 316)),
        ("緑茶              ¥316\n(2点×158円)", ("緑茶", 2, 316)),
        ("緑茶              ¥316\n  2点 @158", ("緑茶", 2, 316)),
        ("緑茶              ¥316\n数量 2 単価 158", ("緑茶", 2, 316)),
        ("緑茶              ¥316\n(2個 X 単158)", ("緑茶", 2, 316)),
        ("緑茶\n158×2           ¥316", ("緑茶", 2, 316)),
        ("緑茶\n1,288×2         ¥2,576", ("緑茶", 2, 2576)),
        ("緑茶\n2個×@158         316外8", ("緑茶", 2, 316)),
        ("緑茶\n@158×2          ¥316", ("緑茶", 2, 316)),
        ("緑茶\n2 x ¥158         ¥316", ("緑茶", 2, 316)),
        ("緑茶\n1点x¥158         ¥158", ("緑茶", 1, 158)),
        ("緑茶\n2コX単158        316", ("緑茶", 2, 316)),
        ("緑茶\n2個×6158          316", ("緑茶", 2, 316)),
        ("緑茶    2個×158     ¥316", ("緑茶", 2, 316)),
        ("緑茶              ¥632\n4点  158", ("緑茶", 4, 632)),
        ("緑茶\n                   ¥158", ("緑茶", 1, 158)),
        ("4901234567894\n緑茶            ¥158", ("緑茶", 1, 158)),
        ("ポストカード      ¥158", ("ポストカード", 1, 158)),
        ("糖質オフビール    ¥158", ("糖質オフビール", 1, 158)),
    ],
)
def test_one_item_is_read_in_every_usual_layout(printed, item):
    assert items(printed) == [item]


@pytest.mark.parametrize(
    "name",
    ["新玉ねぎ3個", "ラップ30cm×20m", "マスク 50枚", "リングノートA5", "付箋75×25", "ウイスキー700ML", "きゅうり 3本"],
)
def test_the_size_of_a_pack_is_no_quantity(name):
    assert items(f"{name}              ¥299") == [(name, 1, 299)]


def test_a_discount_belongs_to_the_item_above():
    found = find_items(rows_of(lines_of(HEAD + "緑茶            ¥158\n値引             -20\n米           ¥980" + SUMS)))

    assert [(item.name, item.discount) for item in found] == [("緑茶", -20), ("米", 0)]


def test_a_barcode_goes_with_the_item_below():
    found = find_items(rows_of(lines_of(HEAD + "4901234567894\n緑茶            ¥158\n米           ¥980" + SUMS)))

    assert [(item.name, item.jan) for item in found] == [("緑茶", "4901234567894"), ("米", None)]


def test_heading_and_sums_are_no_items():
    assert items("TEL 03-0946-2817\nレジ 3     担当 12\n領収書\n小計           ¥1,234") == []


def test_the_product_beats_a_price_with_a_misread_yen_sign():
    assert items("緑茶\n2個×@158          1316") == [("緑茶", 2, 316)]


@pytest.mark.parametrize(
    ("printed", "count", "unit_price"),
    [
        ("98×3", 3, 98),
        ("3×98", 3, 98),
        ("1,288×2", 2, 1288),
        ("2x¥1,138", 2, 1138),
        ("単価 98 数量 3", 3, 98),
        ("@98x3個", 3, 98),
    ],
)
def test_a_quantity_is_told_from_a_unit_price(printed, count, unit_price):
    found = quantity_in(printed)

    assert (found.count, found.unit_price) == (count, unit_price)


def test_marks_and_codes_are_cleaned_off_names():
    assert clean_name("* 0021 きゅうり(軽)") == "きゅうり"


def test_what_members_get_off_belongs_to_the_item_above():
    printed = "緑茶              ¥158\n会員割引           -17\n会員ポイント  12"
    found = find_items(rows_of(lines_of(HEAD + printed + SUMS)))

    assert [(item.name, item.price, item.discount) for item in found] == [("緑茶", 158, -17)]
