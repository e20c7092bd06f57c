import pytest
from hypothesis import given
from hypothesis import strategies as st

from receipts.ocr.parsing.yen import amounts_in, last_amount, mended_digits


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("合計 ¥1,234", 1234),
        ("合計 1,234円", 1234),
        ("合計 #3,740", 3740),
        ("合計 +1,098", 1098),
        ("合計 ¥1.234", 1234),
        ("合計 ¥1, 234", 1234),
        ("うどん 198※", 198),
        ("うどん 198軽", 198),
        ("しめじ 135外8", 135),
        ("お茶 ¥108内", 108),
        ("値引 -50", -50),
        ("値引 ▲216", -216),
        ("クーポン ¥-100", -100),
        ("クーポン -¥10", -10),
    ],
)
def test_the_amount_that_ends_a_row_is_read(printed, value):
    assert last_amount(printed).value == value


@pytest.mark.parametrize("printed", ["牛乳500ml", "税率 8%", "小計 11点", "2026年", "15:22", "45L", "残り 3名様"])
def test_sizes_rates_counts_and_times_are_no_amounts(printed):
    assert last_amount(printed) is None


def test_a_first_digit_may_be_a_misread_yen_sign():
    assert last_amount("うどん 1374").others == (374,)
    assert last_amount("うどん 2374").others == ()
    assert last_amount("うどん ¥1374").others == ()


def test_letters_among_digits_are_digits():
    assert mended_digits("1O5 l2 TEL SALE") == "105 12 TEL SALE"


@given(st.integers(1, 9_999_999))
def test_any_amount_survives_printing(value):
    assert [amount.value for amount in amounts_in(f"合計 ¥{value:,}")] == [value]


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader_of_amounts(text):
    for amount in amounts_in(text):
        assert 0 <= amount.start < amount.end <= len(text)
