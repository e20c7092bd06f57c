"""Habits of tills that were met on paper unlike any that the rules were written against."""

import pytest

from tests.receipts.printed import parsed


def goods(text):
    return [(item.name, item.quantity, item.price) for item in parsed(text).items]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("2 x GREEN TEA  452", ("GREEN TEA", 2, 452)),
        ("せっけん1点  231円", ("せっけん", 1, 231)),
        ("乾電池単3 4本 2点  1,146円", ("乾電池単3 4本", 2, 1146)),
        ("こだまパン  ¥1,104\n 33 X 368", ("こだまパン", 3, 1104)),  # 3ｺ with its sign read as a digit
        ("こだまパン  ¥816\n 3. X 272", ("こだまパン", 3, 816)),
        ("こだまパン  3二X単379  1,137", ("こだまパン", 3, 1137)),
    ],
)
def test_counts_stand_in_many_places(rows, expected):
    assert goods(f"こもれび商店\n{rows}\n合計  ¥9,999") == [expected]


@pytest.mark.parametrize(
    ("printed", "day", "time"),
    [
        ("Jul 13, 2026  11:18 AM", "2026-07-13", "11:18"),
        ("13 July 2026  12:05 am", "2026-07-13", "00:05"),
        ("Date: Sept. 3rd 2026 12:30PM", "2026-09-03", "12:30"),
    ],
)
def test_english_dates_and_clocks_of_twelve_hours(printed, day, time):
    found = parsed(printed).fields

    assert (found["date"].value, found["time"].value) == (day, time)


def test_no_day_that_does_not_exist_is_read():
    assert "date" not in parsed("Feb 30, 2026").fields


@pytest.mark.parametrize(
    "rows",
    [
        "(外税8% 1,217)  97\n(外税10% 432)  43",
        "外税8/対象額1,217  税額97\n外税10%対象額432  税額43",  # a small % is read as a stroke
        "8%対象 1,217 税  97\n10%対象 432 税  43",
        "Tax 8%  97\nTax 10%  43",
    ],
)
def test_taxes_are_told_from_what_is_taxed(rows):
    found = parsed(f"お茶  ¥1,217\nせっけん  ¥432\n小計  1,649\n{rows}\n合計  ¥1,789").fields

    assert (found["tax"].value, found["total"].value) == ("140", "1789")


def test_a_form_of_receipt_has_its_shop_at_the_foot():
    goods_rows = "\n".join(f"お茶{sign}  100円" for sign in "あいうえ")
    found = parsed(
        f"領収証\n上様  No.1467-2317\n2026年3月19日(木) 14時53分\n{goods_rows}\n税抜金額  400円\n消費税等  32円\n"
        "合計金額  432円\nこもれび桜堤店  領収印\n電話052-017-9337"
    ).fields

    assert (found["store_name"].value, found["branch"].value) == ("こもれび", "桜堤店")
    assert found["subtotal"].value == "400"


def test_a_branch_before_its_telephone_is_read():
    found = parsed("こもれび商店\n白鷺台店 電話:052-069-3722\n2026/05/12 15:07\nお茶  ¥100\n合計  ¥100").fields

    assert found["branch"].value == "白鷺台店"


def test_a_registration_number_is_no_receipt_number():
    assert "receipt_no" not in parsed("トウクNoT1999915244960").fields
