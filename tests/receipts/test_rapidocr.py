"""The default engine on real pixels: receipts drawn here, photographed, read end to end."""

import io
from dataclasses import replace
from datetime import datetime

import cv2
import numpy as np
import pytest
from PIL import Image

from demo.make_receipts import JST, as_jpeg, draw_leaflet, draw_receipt, first_shop, photograph
from receipts.imaging_child import rebuilt
from receipts.ocr import page as pages
from receipts.ocr import screen
from receipts.ocr.page import Page
from receipts.ocr.rapidocr import RapidOcrReader
from receipts.ocr.reading import confirms

pytestmark = pytest.mark.slow  # real reading


AT = datetime(2026, 11, 20, 11, 42, tzinfo=JST)
SMALL = replace(first_shop(AT), goods=first_shop(AT).goods[:3], address="", company="")


@pytest.fixture(scope="module")
def engine() -> RapidOcrReader:
    return RapidOcrReader()


def jpeg(image: Image.Image) -> bytes:
    return rebuilt(as_jpeg(image))[1]


@pytest.fixture(scope="module")
def reading(engine):
    shot = photograph(draw_receipt(SMALL), seed=11, degrees=3.0, width=900)
    return engine.read([jpeg(shot)])


def test_a_photographed_receipt_is_read_whole(reading):
    values = {key: found.value for key, found in reading.fields.items()}

    assert values == {
        "store_name": "スーパーはなむすび",
        "branch": "桜台店",
        "tel": "03-0946-2817",
        "date": "2026-11-20",
        "time": "11:42",
        "receipt_no": "0042-3187",
        "registration_no": "T2999912345678",
        "subtotal": str(SMALL.subtotal),
        "tax": str(SMALL.tax(8)),
        "total": str(SMALL.total),
    }


def test_its_goods_are_read(reading):
    goods = [(item.name.replace(" ", ""), item.quantity, item.price_jpy) for item in reading.items]

    assert goods == [("ミズヒキ緑茶525ml", 2, 316), ("国産若鶏もも肉", 1, 598), ("北海道牛乳1000ml", 1, 248)]


def test_it_is_accepted_with_proofs(reading):
    assert (reading.is_receipt, reading.is_complete, reading.needs_review) == (True, True, False)
    assert {"items", "subtotal_plus_tax"} <= set(reading.fields["total"].proofs)


def test_a_field_s_region_lies_where_it_was_printed(reading):
    """The telephone number stands in the upper third, the total in the lower half of the photograph."""
    height = Image.open(io.BytesIO(jpeg(photograph(draw_receipt(SMALL), seed=11, degrees=3.0, width=900)))).height

    tel, total = (reading.fields[key].region for key in ("tel", "total"))
    assert tel.photo == total.photo == 0
    assert max(y for _, y in tel.polygon) < height / 3
    assert min(y for _, y in total.polygon) > height / 2


@pytest.mark.parametrize("quarter", [90, 180])
def test_a_turned_photograph_is_read_alike(engine, quarter):
    shot = photograph(draw_receipt(SMALL), seed=12, width=900).rotate(quarter, expand=True)

    found = engine.read([jpeg(shot)])
    assert (found.value("tel"), found.value("total")) == ("03-0946-2817", str(SMALL.total))


def test_a_leaflet_is_no_receipt(engine):
    shot = photograph(
        draw_leaflet("お知らせ", ("落ち葉掃きを行います。", "軍手をお持ちください。") * 3), seed=13, width=700
    )

    found = engine.read([jpeg(shot)])
    assert (found.is_receipt, found.is_complete, found.needs_review) == (False, False, True)
    assert found.review_reasons[0] == "not_a_receipt"


def test_a_blank_photograph_is_no_receipt(engine):
    found = engine.read([jpeg(Image.new("RGB", (400, 600), (120, 110, 100)))])

    assert (found.is_receipt, found.text, found.items) == (False, "", ())


def test_a_long_receipt_in_two_photographs_is_joined(engine):
    paper = draw_receipt(first_shop(AT))
    upper = paper.crop((0, 0, paper.width, int(paper.height * 0.62)))
    lower = paper.crop((0, int(paper.height * 0.46), paper.width, paper.height))
    shots = [jpeg(photograph(part, seed=seed, degrees=1.0, width=900)) for seed, part in ((14, upper), (15, lower))]

    found = engine.read(shots)
    assert (found.value("tel"), found.value("total")) == ("03-0946-2817", str(first_shop(AT).total))
    assert len(found.items) == 8
    assert found.fields["total"].region.photo == 1


def test_only_characters_of_japan_can_be_read(engine):
    decoder = engine._engine.text_rec.postprocess_op
    letters = dict(zip(decoder.decode.character, decoder.allowed, strict=False))

    assert (letters["対"], letters["¥"], letters["对"], letters["额"]) == (True, True, False, False)


def sloping_quads(degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    flat = [[(200, y), (700, y), (700, y + 30), (200, y + 30)] for y in range(100, 900, 60)]
    return (np.array(flat, float) @ turn.T).astype(np.float32)


@pytest.mark.parametrize("degrees", [-14.0, -3.0, 0.0, 8.0])
def test_the_skew_of_a_page_is_measured(degrees):
    assert pages.skew_degrees(sloping_quads(degrees)) == pytest.approx(degrees, abs=0.2)


def test_texts_that_run_downwards_lie_sideways():
    assert pages.lies_sideways(sloping_quads(90.0))
    assert not pages.lies_sideways(sloping_quads(0.0))


def test_a_page_knows_its_way_back_to_the_photograph():
    image = np.full((1200, 1000, 3), 255, np.uint8)
    cv2.circle(image, (420, 640), 4, (0, 0, 0), -1)
    page = pages.straighten(image, sloping_quads(5.0), text_height=44)
    spot = np.argwhere(page.image[:, :, 0] < 100).mean(axis=0)[::-1]

    ((x, y),) = page.on_photo(spot)
    assert (x, y) == (pytest.approx(420, abs=1.0), pytest.approx(640, abs=1.0))
    turned = pages.upside_down(page)
    opposite = np.array([page.image.shape[1] - 1, page.image.shape[0] - 1]) - spot
    assert turned.on_photo(opposite) == page.on_photo(spot)


def test_a_page_is_never_larger_than_memory_allows():
    image = np.zeros((4000, 3000, 3), np.uint8)
    small_print = sloping_quads(0.0) * np.array([4.0, 0.4], np.float32)

    page = pages.straighten(image, small_print, text_height=44)
    assert page.image.shape[0] * page.image.shape[1] <= pages.PAGE_AREA_PX * 1.01


def test_the_grid_of_a_display_is_seen_and_softened():
    plain = np.random.default_rng(5).normal(128, 6, (900, 700, 1)).repeat(3, 2)
    columns, rows = np.meshgrid(np.arange(700), np.arange(900))
    grid = 18 * (np.sin(columns * 2 * np.pi / 3.1) + np.sin(rows * 2 * np.pi / 3.1))
    shown = np.clip(plain + grid[:, :, None], 0, 255).astype(np.uint8)

    assert screen.score(np.clip(plain, 0, 255).astype(np.uint8)) < screen.DOUBTFUL < screen.score(shown)
    assert screen.without_grid(shown).std() < 0.6 * shown.std()


def test_softening_a_grid_leaves_the_strokes_of_small_print():
    page = np.full((60, 60, 3), 255, np.uint8)
    page[:, 28:32] = 0

    assert screen.without_grid(page)[30, 29:31].max() < 20


@pytest.mark.parametrize(
    ("key", "value", "again", "is_confirmed"),
    [
        ("tel", "03-0946-2817", "TEL(03)0946 2817", True),
        ("tel", "03-0946-2817", "TEL 03-0946-2877", False),
        ("date", "2026-11-20", "2026年11月20日(金)", True),
        ("date", "2026-11-20", "2026年11月26日(金)", False),
        ("time", "11:42", "2026年11月20日(金)11:42", True),
        ("time", "11:42", "2026/11/2011:42", True),
        ("time", "11:42", "2026年11月20日(金) 11:47", False),
        ("total", "3442", "合計 ¥3.442", True),
        ("total", "442", "合計 1442", True),
        ("total", "3442", "合計 ¥3,447", False),
    ],
)
def test_a_second_look_confirms_a_value_or_does_not(key, value, again, is_confirmed):
    assert confirms(key, value, again) is is_confirmed


def test_a_second_look_at_nothing_reads_nothing(engine):
    page = Page(np.zeros((10, 10, 3), np.uint8), np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))

    assert engine.second_look(page, []) == []
