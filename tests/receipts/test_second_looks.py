"""What is read a second time, and at what cost: only what is in doubt, and never where the paper lies."""

import cv2
import numpy as np
import pytest

from receipts.ocr import page as pages
from receipts.ocr import screen
from receipts.ocr.base import Quad
from receipts.ocr.page import Page
from receipts.ocr.reading import PageText, read_receipt
from tests.receipts.printed import lines_of
from tests.receipts.test_rapidocr import sloping_quads

PHOTO = cv2.imencode(".jpg", np.full((80, 60, 3), 200, np.uint8))[1].tobytes()
SURE = """花結びマート 桜台店
TEL 03-0946-2817
2026/11/20(金)11:42
緑茶        ¥1,000
小計        ¥1,000
外税8%      ¥80
合計        ¥1,080"""
UNPROVEN = SURE.replace("¥80", "¥30").replace("小計        ¥1,000\n", "")


class Scripted:
    """An engine that reads what it is told, one text a photograph and reading."""

    name, version = "scripted", "1"

    def __init__(self, *texts: str, misread: str = "") -> None:
        self.texts = list(texts)
        self.misread = misread
        self.asked: list[tuple[int, Page | None]] = []
        self.looked_at: list[Quad] = []
        self.printed: dict[Quad, str] = {}

    def page_text(self, photo, *, text_height, known=None):
        self.asked.append((text_height, known))
        lines = tuple(lines_of(self.texts.pop(0)))
        self.printed |= {line.quad: line.text for line in lines}
        return PageText(Page(photo, np.eye(2, 3), text_height), lines)

    def second_look(self, page, quads):
        self.looked_at += quads
        return [self.misread or self.printed[quad] for quad in quads]


def test_a_sure_receipt_is_read_once_and_each_key_text_looked_at_once():
    engine = Scripted(SURE)

    found = read_receipt(engine, [PHOTO])

    assert (found.needs_review, engine.asked) == (False, [(44, None)])
    assert [engine.printed[quad] for quad in engine.looked_at] == ["TEL 03-0946-2817", "2026/11/20(金)11:42", "¥1,080"]


def test_a_doubt_is_read_again_at_another_scale_on_the_page_already_found():
    engine = Scripted(UNPROVEN, SURE)

    found = read_receipt(engine, [PHOTO])

    (first, nothing), (second, known) = engine.asked
    assert (first, nothing, second, known.text_height) == (44, None, 34, 44)
    assert (found.needs_review, found.value("total")) == (False, "1080")


def test_a_doubt_that_stays_asks_for_a_person():
    found = read_receipt(Scripted(UNPROVEN, UNPROVEN), [PHOTO])

    assert found.review_reasons == ("total_unproven",)


def test_a_figure_that_no_second_look_confirms_asks_for_a_person():
    found = read_receipt(Scripted(SURE, SURE.replace("2817", "2877"), misread="TEL 03-0946-2877"), [PHOTO])

    assert "unsure_tel" in found.review_reasons


@pytest.mark.parametrize(("again", "reasons"), [("2817", ()), ("2877", ("unsure_tel",))])
def test_an_engine_without_second_looks_must_read_the_whole_photograph_alike_twice(monkeypatch, again, reasons):
    monkeypatch.setattr(Scripted, "second_look", lambda self, page, quads: [])
    engine = Scripted(SURE, SURE.replace("2817", again))

    assert read_receipt(engine, [PHOTO]).review_reasons == reasons
    assert len(engine.asked) == 2


def test_a_photograph_of_a_display_is_searched_anew_without_its_grid(monkeypatch):
    monkeypatch.setattr(screen, "score", lambda image: screen.DOUBTFUL)
    engine = Scripted(UNPROVEN, SURE)

    read_receipt(engine, [PHOTO])

    assert engine.asked == [(44, None), (44, None)]


def test_an_empty_photograph_beside_a_read_one_is_searched_anew():
    engine = Scripted(UNPROVEN, "", SURE, "")

    read_receipt(engine, [PHOTO, PHOTO])

    assert [known is None for _, known in engine.asked] == [True, True, False, True]


@pytest.mark.parametrize("height", [34, 60])
def test_a_page_at_another_height_shows_the_same_place(height):
    image = np.full((1200, 1000, 3), 255, np.uint8)
    cv2.circle(image, (420, 640), 6, (0, 0, 0), -1)
    first = pages.upside_down(pages.straighten(image, sloping_quads(5.0), text_height=44))

    page = pages.at_height(image, first, text_height=height)

    assert page.image.shape[0] == pytest.approx(first.image.shape[0] * height / 44, abs=2)
    spot = np.argwhere(page.image[:, :, 0] < 100).mean(axis=0)[::-1]
    ((x, y),) = page.on_photo(spot)
    assert (x, y) == (pytest.approx(420, abs=1.0), pytest.approx(640, abs=1.0))
