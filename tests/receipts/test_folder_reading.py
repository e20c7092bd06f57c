"""The command line over a folder, with a reader that answers at once."""

import json

import pytest
from PIL import Image

from receipts.ocr import cli


@pytest.fixture
def folder(tmp_path):
    for number in (1, 2, 3):
        Image.new("RGB", (40, 30 + number), (9, 9, 9)).save(tmp_path / f"{number}.png")
    index = {
        "receipts": [{"id": "r1", "images": ["1.png", "2.png"]}],
        "fraud": [{"id": "f1", "image": "3.png"}],
        "other": [{"id": "o1", "images": ["1.png"]}],
    }
    (tmp_path / "index.json").write_text(json.dumps(index))
    campaign = {
        "id": "tea",
        "printed_forms": ["ミズヒキ緑茶"],
        "from": "2026-11-01",
        "to": "2026-11-30",
        "min_amount": 300,
    }
    (tmp_path / "campaigns.json").write_text(json.dumps([campaign]), "utf-8")
    return tmp_path


def test_each_section_is_answered_in_its_own_form(folder):
    cli.read_folder(folder, folder / "out.json", reader="tests.receipts.misbehaving.TeaReader")
    out = json.loads((folder / "out.json").read_text("utf-8"))

    assert out["receipts"]["r1"]["total"] == 3442
    assert out["receipts"]["r1"]["items"] == [{"name": "ミズヒキ緑茶", "qty": 2, "price": 316, "discount": 0}]
    assert out["receipts"]["r1"]["campaigns"] == {"tea": {"eligible": True, "amount": 316}}
    assert out["receipts"]["r1"]["duplicate_of"] is None
    assert out["fraud"]["f1"] == {
        "duplicate_of": "r1",
        "tampered": False,
        "is_receipt": True,
        "complete": True,
        "screen": False,
    }
    assert out["other"]["o1"]["duplicate_of"] == "r1"


def test_photographs_that_kill_the_reader_do_not_stop_the_rest(folder):
    cli.read_folder(folder, folder / "out.json", reader="tests.receipts.misbehaving.LostReader")
    out = json.loads((folder / "out.json").read_text("utf-8"))

    assert out["receipts"]["r1"]["review_reasons"] == ["the process died"]
    assert set(out) == {"receipts", "fraud", "other"}
