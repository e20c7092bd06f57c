"""What is said of a photograph before anybody leaves the shop; drawn receipts, whole and spoilt."""

import io
import random
import re
from dataclasses import asdict
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench import first_look as spoiling
from bench.receipt_samples.camera import SHOTS, photograph
from bench.receipt_samples.layouts import LAYOUTS
from bench.receipt_samples.paper import draw_paper
from bench.receipt_samples.purchases import draw_purchase
from receipts.first_look import trouble_of
from receipts.models import PhotoTrouble
from receipts.photo_limits import LIMITS
from receipts.selectors import first_look_limits

SCRIPT = Path(__file__).parents[2] / "portal" / "static" / "portal" / "first_look.js"
NAMES = [layout.name for layout in LAYOUTS]


def receipt(name: str, difficulty: str = "easy") -> Image.Image:
    """A photograph of a drawn receipt."""
    layout = next(layout for layout in LAYOUTS if layout.name == name)
    purchase = draw_purchase(random.Random(7), lines=layout.lines[0], is_tax_added=layout.is_tax_added)
    paper = draw_paper(list(layout.rows(purchase)), style=layout.style, width=layout.width)
    data = photograph(np.asarray(paper, np.uint8), SHOTS[difficulty], seed=7)
    return Image.open(io.BytesIO(data)).convert("RGB")


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return receipt("bakery")


@pytest.mark.parametrize(
    ("name", "difficulty"), list(zip(NAMES, cycle(["clean", "medium", "hard", "lowres"]), strict=False))
)
def test_a_whole_receipt_is_not_warned_of(name, difficulty):
    assert trouble_of(receipt(name, difficulty)) == ""


def test_it_may_lie_in_any_direction_and_far_away(photo):
    turned = [photo.rotate(90 * turns, expand=True) for turns in (1, 2, 3)]

    assert [trouble_of(picture) for picture in [*turned, spoiling.far(photo)]] == [""] * 4


@pytest.mark.parametrize("name", ["bakery", "long"])
def test_a_receipt_that_goes_on_beyond_the_frame_is_told(name):
    whole = receipt(name)

    assert [trouble_of(spoiling.cut(whole, side)) for side in range(4)] == ["cut_off"] * 4


def test_paper_that_goes_on_is_told_even_where_the_frame_ends_between_two_lines():
    paper = np.full((500, 400), 240, np.uint8)
    rng = np.random.default_rng(2)
    for top in range(20, 460, 40):
        for left in range(20, 360, 20):
            paper[top : top + 22, left : left + 14] = rng.choice((30, 240), (11, 7)).repeat(2, 0).repeat(2, 1)
    scene = np.full((900, 800), 90, np.uint8)
    scene[200:700, 200:600] = paper

    whole = Image.fromarray(scene).convert("RGB")
    assert trouble_of(whole) == ""
    assert trouble_of(whole.crop((0, 213, 800, 900))) == "cut_off"  # seven pixels above the first line


def test_where_nothing_is_printed_that_is_told():
    assert {trouble_of(spoiling.blank(seed)) for seed in range(3)} == {"no_print"}
    assert trouble_of(spoiling.table(1, grain=60)) == "no_print"


@pytest.mark.parametrize(
    ("spoil", "trouble"),
    [
        (spoiling.out_of_focus, "blurred"),
        (spoiling.underexposed, "too_dark"),
        (spoiling.washed_out, "glare"),
        (lambda picture: picture.resize((239, 400)), "too_small"),
    ],
)
def test_the_photograph_itself_may_be_hopeless(photo, spoil, trouble):
    assert trouble_of(spoil(photo)) == trouble


def test_every_trouble_has_its_sentence():
    script = SCRIPT.read_text(encoding="utf-8")
    told = set(re.findall(r'return "(\w+)"|\? "(\w+)" : ""', script))

    assert {first or second for first, second in told} == set(PhotoTrouble.values)


def test_server_and_browser_take_the_same_limits():
    used = set(re.findall(r"limits\.(\w+)", SCRIPT.read_text(encoding="utf-8")))

    assert first_look_limits() == asdict(LIMITS)
    assert used == set(asdict(LIMITS))
