"""The default engine: PP-OCRv6 small out of the rapidocr wheel, on one processor, without network."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from rapidocr import RapidOCR

from receipts.ocr import page as pages
from receipts.ocr.base import Quad, ReceiptReading, TextLine
from receipts.ocr.page import Image, Page, Quads
from receipts.ocr.reading import PageText, read_receipt

DETECTION_SCALE = 0.62  # the detector needs smaller text than the recogniser, and its memory grows with the area
ORIENTATION_VOTES = 24
DOUBTFUL_VOTE = 0.15
SECOND_LOOK_STRETCH = 1.12
LEAST_STRIP_PX = 96  # width of the recogniser's input, 48 px high
PARAMETERS: dict[str, Any] = {
    "Global.log_level": "critical",
    "Global.use_preprocess_img": False,
    "Global.use_vertical_padding": False,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "Det.limit_type": "max",
    "Det.limit_side_len": pages.PAGE_SIDE_PX,
    # One text at a time and hardly padded: padding to the longest of six costs half of the time and reads no better.
    "Rec.rec_batch_num": 1,
    "Rec.rec_img_shape": [3, 48, LEAST_STRIP_PX],
}


class RapidOcrReader:
    """Loads its models at the first reading and keeps them."""

    name = "rapidocr"
    version = "3.10.0/PP-OCRv6-small"

    def read(self, photos: Sequence[bytes]) -> ReceiptReading:
        return read_receipt(self, photos)

    def page_text(self, photo: Image, *, text_height: int, known: Page | None = None) -> PageText:
        """Find, straighten and read all text of one photograph."""
        if known is None:
            page, quads = self._page(photo, text_height)
        else:
            page = pages.at_height(photo, known, text_height=text_height)
            quads = self._find_on_page(page)
        strips = [pages.cut_out(page.image, quad) for quad in quads]
        lines = [
            TextLine(_quad(quad), unicodedata.normalize("NFC", text), score)
            for quad, (text, score) in zip(quads, self._recognise(strips), strict=True)
            if text.strip()
        ]
        return PageText(page, tuple(lines))

    def second_look(self, page: Page, quads: Sequence[Quad]) -> list[str]:
        """Read some texts again, a little wider, to tell a sure reading from a lucky one."""
        strips = [pages.cut_out(page.image, np.array(quad), stretch=SECOND_LOOK_STRETCH) for quad in quads]
        return [text for text, _ in self._recognise(strips)]

    @cached_property
    def _engine(self) -> RapidOCR:
        engine = RapidOCR(params=dict(PARAMETERS))
        _forbid_foreign_characters(_part(engine, "rec"))
        return engine

    def _find(self, image: Image) -> Quads:
        found = _part(self._engine, "det")(image)
        if found.boxes is None:
            return np.zeros((0, 4, 2), np.float32)
        return np.asarray(found.boxes, np.float32).reshape(-1, 4, 2)

    def _page(self, photo: Image, text_height: int) -> tuple[Page, Quads]:
        """The upright page of a photograph and where its texts stand; nothing where there are too few."""
        search, scale = pages.shrink(photo, pages.SEARCH_SIDE_PX)
        quads = self._find(search)
        if len(quads) < pages.LEAST_TEXTS:
            return PageText.empty(photo).page, quads[:0]
        return self._upright(pages.straighten(photo, quads / np.float32(scale), text_height=text_height))

    def _upright(self, page: Page) -> tuple[Page, Quads]:
        """Turn the page if the texts stand on their heads, and find them in it."""
        quads = self._find_on_page(page)
        if len(quads) and self._stands_on_its_head(page, quads):
            page = pages.upside_down(page)
            quads = self._find_on_page(page)
        return page, quads

    def _find_on_page(self, page: Page) -> Quads:
        small, scale = pages.shrink(page.image, int(DETECTION_SCALE * max(page.image.shape[:2])))
        return self._find(small) / np.float32(scale)

    def _stands_on_its_head(self, page: Page, quads: Quads) -> bool:
        across, _ = pages.sides(quads)
        longest = np.argsort(-across)[:ORIENTATION_VOTES]
        strips = [pages.cut_out(page.image, quads[index]) for index in longest]
        votes = _part(self._engine, "cls")(strips).cls_res or []
        weights = [score if "180" in label else -score for label, score in votes]
        against = sum(weight for weight in weights if weight > 0) / (sum(map(abs, weights)) or 1.0)
        if DOUBTFUL_VOTE < against < 1 - DOUBTFUL_VOTE:
            return self._reads_better_turned(strips[:8])
        return bool(against > 0.5)

    def _reads_better_turned(self, strips: list[Image]) -> bool:
        as_is = self._recognise(strips)
        turned = self._recognise([np.ascontiguousarray(strip[::-1, ::-1]) for strip in strips])
        return sum(score for _, score in turned) > sum(score for _, score in as_is)

    def _recognise(self, strips: Sequence[Image]) -> list[tuple[str, float]]:
        if not strips:
            return []
        found = self._engine.recognize_txt(list(strips))
        return [(text, float(score)) for text, score in zip(found.txts or (), found.scores or (), strict=True)]


@dataclass(frozen=True, slots=True)
class _JapaneseOnly:
    """Wraps the engine's decoder: characters that Japanese tills cannot print get no chance."""

    decode: Any
    allowed: NDArray[np.bool_]

    def __call__(self, predictions: NDArray[np.float32], *rest: Any, **options: Any) -> Any:
        doubtful = ~self.allowed[predictions.argmax(axis=2)]  # the rest needs no mask: their best stays the best
        if doubtful.any():
            predictions = predictions.copy()
            predictions[doubtful] = np.where(self.allowed, predictions[doubtful], np.float32(0))
        return self.decode(predictions, *rest, **options)


def _part(engine: RapidOCR, name: str) -> Any:
    """One model of the engine, loaded when first needed; the public calls would crop and resize once more."""
    return getattr(engine, f"_load_{name}_model")()


def _forbid_foreign_characters(recogniser: Any) -> None:
    """Mask the decoder where this version lets us; the look-alike table serves where it does not."""
    decoder = getattr(recogniser, "postprocess_op", None)
    characters = getattr(decoder, "character", None)
    if characters and not isinstance(decoder, _JapaneseOnly):
        allowed = np.array([_is_printable_in_japan(character) for character in characters])
        recogniser.postprocess_op = _JapaneseOnly(decoder, allowed)


def _is_printable_in_japan(character: str) -> bool:
    if character == "blank" or len(character) != 1:
        return True
    try:
        character.encode("cp932")
    except UnicodeEncodeError:
        return character in "¥℡"
    return True


def _quad(quad: NDArray[np.float32]) -> Quad:
    return cast("Quad", tuple((float(x), float(y)) for x, y in quad))
