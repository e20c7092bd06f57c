"""Whole receipts in layouts of many trades, all invented."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receipts.ocr.parsing.receipt import ParsedReceipt
from tests.receipts.printed import parsed, sample, sample_names


def spelled(found: ParsedReceipt, key: str) -> str:
    if key == "items":
        return ";".join(
            f"{item.name}:{item.quantity}:{item.price}" + (f":{item.discount}" if item.discount else "")
            for item in found.items
        )
    value = found.fields[key].value
    return re.sub(r"\D", "", value) if key == "tel" else value


@pytest.mark.parametrize("slope", [0.0, 0.03, -0.03])
@pytest.mark.parametrize("name", sample_names())
def test_a_receipt_is_read_whole(name, slope):
    wanted = sample(name)
    found = parsed(wanted.text, slope=slope)

    assert {key: spelled(found, key) for key in wanted.expected} == wanted.expected


@pytest.mark.parametrize("name", sample_names())
def test_a_well_read_receipt_needs_nobody(name):
    found = parsed(sample(name).text)

    assert found.reasons == []
    assert found.fields["total"].proofs != ()
    assert found.fields["registration_no"].proofs == ("check_digit",)


def test_a_total_that_is_overruled_is_told():
    text = sample("home_center_codes").text.replace("¥3,814", "¥8,814")

    found = parsed(text)
    assert found.fields["total"].value == "3814"
    assert found.reasons == ["figures_disagree"]


def test_a_weekday_that_does_not_fit_is_told():
    found = parsed(sample("drugstore_jan").text.replace("18日(金)", "18日(水)"))

    assert found.reasons == ["weekday_mismatch"]


@pytest.mark.parametrize(
    ("key", "pattern"), [("tel", "TEL.*"), ("date", r"20\d\d/.*"), ("total", r"(合計|現金|お釣|小計|内税|  \().*")]
)
def test_what_is_missing_is_told(key, pattern):
    found = parsed(re.sub(pattern, "", sample("supermarket_inline_quantity").text))

    assert f"missing_{key}" in found.reasons


GAP = " " * 20
PRICES = st.lists(st.tuples(st.integers(1, 9), st.integers(11, 2980)), min_size=1, max_size=12)


@settings(deadline=None, max_examples=60)
@given(goods=PRICES, rate=st.sampled_from([8, 10]), is_added=st.booleans())
def test_any_purchase_adds_up(goods, rate, is_added):
    subtotal = sum(count * price for count, price in goods)
    tax = subtotal * rate // (100 if is_added else 100 + rate)
    total = subtotal + tax if is_added else subtotal
    names = iter("あかさたなはまやらわがざ")
    rows = [f"品物{next(names)}\n  {count}個×@{price}{GAP}{count * price:,}" for count, price in goods]
    kind = "外税" if is_added else "内税"
    head = ["花結びマート 桜台店", "TEL 03-0946-2817", "2026/11/03(火) 15:22"]
    sums = [f"小計{GAP}¥{subtotal:,}", f"{kind}{rate}%{GAP}¥{tax:,}", f"合計{GAP}¥{total:,}"]
    text = "\n".join([*head, *rows, *sums])

    found = parsed(text)
    assert found.fields["total"].value == str(total)
    assert [(item.quantity, item.price) for item in found.items] == [(count, count * price) for count, price in goods]
    assert "items" in found.fields["total"].proofs


ROW = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=24) | st.sampled_from(
    [
        "合計 ¥1,234",
        "小計",
        "消費税 10% 対象 ¥",
        "2026/11/03 15:22",
        "TEL 03-0946-2817",
        "2個×@158 316",
        "値引 -20",
        "お釣り 9",
    ]
)


@settings(deadline=None, max_examples=150)
@given(st.lists(ROW, max_size=20))
def test_no_text_breaks_the_parser(rows):
    found = parsed("\n".join(rows))

    assert all(found.fields[key].value for key in found.fields)
    assert all(item.quantity > 0 for item in found.items)
