"""The command line over a folder, with readers that answer at once."""

import json
import os
import subprocess
import sys

import pytest
from PIL import Image

from folders.__main__ import main
from folders.photographs import cpu_seconds

TEA = "tests.receipts.misbehaving.TeaReader"
LOST = "tests.receipts.misbehaving.LostReader"


@pytest.fixture
def folder(tmp_path):
    for number in (1, 2, 3):
        Image.new("RGB", (40, 30 + number), (9, 9, 9)).save(tmp_path / f"{number}.png")
    index = {
        "receipts": [{"id": "r1", "images": ["1.png", "2.png"]}],
        "fraud": [{"id": "f1", "image": "3.png"}],
        "other": [{"id": "o1", "images": ["1.png"]}],
    }
    write(tmp_path / "index.json", index)
    tea = {"id": "tea", "printed_forms": ["ミズヒキ緑茶"], "from": "2026-11-01", "to": "2026-11-30", "min_amount": 300}
    write(tmp_path / "campaigns.json", [tea, {**tea, "id": "dear", "min_amount": 317}])
    return tmp_path


def write(path, data):
    path.write_text(json.dumps(data), "utf-8")


def read(folder, reader=TEA):
    assert main([str(folder), str(folder / "out.json"), "--engine", reader]) == 0
    return json.loads((folder / "out.json").read_text("utf-8"))


def test_each_section_is_answered_in_its_own_form(folder):
    out = read(folder)

    assert list(out) == ["receipts", "fraud", "other"]
    assert out["receipts"]["r1"]["total"] == 3442
    assert out["receipts"]["r1"]["subtotal"] is None
    assert out["receipts"]["r1"]["items"] == [{"name": "ミズヒキ緑茶", "qty": 2, "price": 316, "discount": 0}]
    assert out["receipts"]["r1"]["duplicate_of"] is None
    assert out["fraud"]["f1"] == {
        "duplicate_of": "r1",
        "tampered": False,
        "is_receipt": True,
        "complete": True,
        "screen": False,
    }
    assert out["other"]["o1"]["duplicate_of"] == "r1"


def test_campaigns_are_judged_by_the_rule_of_the_service(folder):
    assert read(folder)["receipts"]["r1"]["campaigns"] == {
        "tea": {"eligible": True, "needs_review": False, "reasons": []},
        "dear": {"eligible": False, "needs_review": False, "reasons": ["spend_too_small"]},
    }


def test_two_runs_write_the_same_bytes_and_leave_nothing_else(folder):
    read(folder)
    first = (folder / "out.json").read_bytes()
    read(folder)

    assert (folder / "out.json").read_bytes() == first
    assert not list(folder.glob(".out.json*"))


def test_missing_and_damaged_photographs_are_nulls_and_a_line_each(folder, capsys):
    (folder / "1.png").unlink()
    (folder / "3.png").write_bytes(b"no photograph")

    out = read(folder)

    assert out["receipts"]["r1"]["tel"] is None
    assert out["receipts"]["r1"]["needs_review"] is True
    assert set(out["fraud"]["f1"].values()) == {None}
    said = capsys.readouterr().err
    assert "receipts r1: 1.png: No such file or directory" in said
    assert "fraud f1: 3.png: image_damaged" in said


def test_photographs_that_kill_the_reader_do_not_stop_the_rest(folder, capsys):
    out = read(folder, LOST)

    assert out["other"]["o1"]["total"] is None
    assert "other o1: the process died" in capsys.readouterr().err


@pytest.mark.parametrize("index", [None, "{", "[1]", '{"receipts": [{"images": ["1.png"]}]}'])
def test_a_folder_without_a_usable_index_is_told_so(folder, capsys, index):
    (folder / "index.json").unlink()
    if index is not None:
        (folder / "index.json").write_text(index)

    assert main([str(folder), str(folder / "out.json"), "--engine", TEA]) == 2
    assert "index.json" in capsys.readouterr().err
    assert not (folder / "out.json").exists()


def test_the_programs_that_a_process_ran_count_with_it():
    before = cpu_seconds(os.getpid())
    subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)

    assert cpu_seconds(os.getpid()) - before > 0.05
    assert cpu_seconds(None) == 0.0
