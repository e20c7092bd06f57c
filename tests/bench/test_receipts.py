"""The benchmark of the reader: its scores on answers we know, its own sample set, its report."""

import json
import random
from hashlib import sha256

import pytest

from bench import receipts, scoring
from bench.receipt_samples.camera import SHOTS
from bench.receipt_samples.layouts import LAYOUTS
from bench.receipt_samples.making import make_samples, true_figures
from bench.receipt_samples.purchases import draw_purchase
from receipts.ocr.base import ReceiptReading

TRUTH = {
    "id": "a",
    "difficulty": "easy",
    "store_name": "花結び",
    "store_aliases": ["HANAMUSUBI"],
    "branch": "南町店",
    "tel": "03-0946-2817",
    "date": "2026-11-20",
    "time": "11:42",
    "receipt_no": "0042-3187",
    "subtotal": None,
    "tax": 23,
    "total": 316,
    "items": [{"name": "ﾐｽﾞﾋｷ緑茶", "qty": 2, "price": 316}, {"name": "りんご", "qty": 1, "price": 98}],
}


@pytest.mark.parametrize(
    ("key", "value", "right"),
    [
        ("store_name", "Hanamusubi南町店", True),
        ("branch", "花結び 南町店", True),
        ("branch", "南町", False),
        ("tel", "０３(0946)2817", True),
        ("date", "2026-11-21", False),
        ("time", "11:42:09", True),
        ("receipt_no", "00423187", True),
        ("tax", "¥23", True),
        ("total", None, False),
    ],
)
def test_a_field_is_right_in_any_spelling_of_the_same(key, value, right):
    assert scoring.is_right(key, TRUTH, {key: value}) is right


def test_what_the_truth_leaves_out_is_not_scored_and_a_missing_answer_is_wrong():
    scores = scoring.score([TRUTH, {**TRUTH, "id": "b"}], {"a": {"total": 316}})

    assert scores["total"]["easy"] == [1, 2]
    assert scores["subtotal"]["easy"] == [0, 0]
    assert scores["all_four"][scoring.ALL] == [0, 2]


def test_a_line_read_twice_counts_once():
    read = [{"name": "ミズヒキ緑茶", "qty": 2, "price": 316}, {"name": "ミズヒキ茶", "qty": 2, "price": 316}]

    assert scoring.paired_items(TRUTH["items"], read) == (1, 1, 1)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_what_a_layout_prints_bears_what_its_truth_says(layout):
    purchase = draw_purchase(random.Random(7), lines=layout.lines[0], is_tax_added=layout.is_tax_added)
    printed = "\n".join(f"{row.left} {row.centre} {row.right}" for row in layout.rows(purchase))
    true = true_figures(layout, purchase)

    assert f"{true['total']:,}" in printed
    assert true["registration_no"] in printed
    assert true["receipt_no"] in printed
    assert (true["subtotal"] is None) or f"{true['subtotal']:,}" in printed
    assert all(item["name"] in printed for item in true["items"])


def test_the_sample_set_is_the_same_for_a_seed_and_tells_a_reader_no_answers(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.receipt_samples.making.LAYOUTS", LAYOUTS[:1])
    monkeypatch.setattr("bench.receipt_samples.making.SHOTS", {"clean": SHOTS["clean"]})
    first, second = (make_samples(tmp_path / name, seed=3) for name in "ab")
    image = first[0]["images"][0]

    assert first == second
    assert (
        sha256((tmp_path / "a" / image).read_bytes()).digest() == sha256((tmp_path / "b" / image).read_bytes()).digest()
    )
    index = json.loads((tmp_path / "a" / "index.json").read_text("utf-8"))
    assert index == {"receipts": [{"id": "narrow_58mm-clean-1", "images": [image]}]}


def test_the_report_has_accuracy_costs_and_a_row_for_each_layout(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("bench.receipt_samples.making.LAYOUTS", LAYOUTS[:2])
    monkeypatch.setattr("bench.receipt_samples.making.SHOTS", {"clean": SHOTS["clean"]})
    make_samples(tmp_path)

    assert receipts.main([str(tmp_path), "--engine", "tests.receipts.misbehaving.TeaReader"]) == 0

    said = capsys.readouterr().out
    assert "| by difficulty, % | clean (2) | all (2) |" in said
    assert "| narrow_58mm | 0.0 |" in said
    for cost in ("CPU seconds a photograph, median", "CPU seconds a photograph, p95", "peak memory", "cold start"):
        assert f"| {cost}" in said


def test_an_engine_that_is_not_installed_is_left_out_with_a_word(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("bench.receipt_samples.making.LAYOUTS", LAYOUTS[:1])
    monkeypatch.setattr("bench.receipt_samples.making.SHOTS", {"clean": SHOTS["clean"]})
    make_samples(tmp_path)

    assert receipts.main([str(tmp_path), "--engine", "tests.receipts.misbehaving.AbsentReader"]) == 0
    assert "left out: no engine here" in capsys.readouterr().out


def test_a_limit_draws_the_same_receipts_in_every_run_in_their_order():
    entries = [receipts.Entry("receipts", f"r{number:02}", ("a.jpg",)) for number in range(40)]
    drawn = [entry.name for entry in receipts.sample(entries, 6)]

    assert drawn == sorted(set(drawn))
    assert len(drawn) == 6
    assert drawn == [entry.name for entry in receipts.sample(entries, 6)]
    assert receipts.sample(entries, None) == entries


def test_the_report_says_for_what_a_person_is_asked():
    readings = [
        ReceiptReading("e", "1", review_reasons=reasons) for reasons in (("screen", "missing_tel"), ("screen",))
    ]

    said = list(receipts.doubts([*map(receipts.Result, readings), receipts.Result(None, "died")]))

    assert said[0] == "asked a person for: screen (2), missing_tel (1)"
    assert list(receipts.doubts([receipts.Result(None, "died")])) == []
