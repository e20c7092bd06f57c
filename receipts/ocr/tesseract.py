"""The light engine: Tesseract with its Japanese model, for machines without onnxruntime."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import groupby
from typing import Any

import cv2
import numpy as np
import pytesseract

from receipts.ocr import page as pages
from receipts.ocr.base import Quad, ReaderUnavailable, ReceiptReading, TextLine
from receipts.ocr.page import Image, Page
from receipts.ocr.reading import PageText, read_receipt

LONG_SIDE_PER_TEXT_PX = 60  # a receipt is some sixty lines long where its texts are not known yet
LANGUAGES = "jpn+eng"
ONE_BLOCK = "--psm 6"
TIMEOUT_SECONDS = 40


class TesseractReader:
    """Far less sure than the default: it misreads figures alike at two scales, so a person sees all that it reads."""

    name = "tesseract"

    @cached_property
    def version(self) -> str:
        if shutil.which("tesseract") is None or "jpn" not in pytesseract.get_languages():
            raise ReaderUnavailable("tesseract with its Japanese model is not installed")
        return str(pytesseract.get_tesseract_version())

    def read(self, photos: Sequence[bytes]) -> ReceiptReading:
        """Read a receipt; raises ReaderUnavailable where the program or its model is missing."""
        _ = self.version
        os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # its threads wait for each other by spinning
        reading = read_receipt(self, photos)
        return replace(reading, needs_review=True, review_reasons=(*reading.review_reasons, "light_engine"))

    def page_text(self, photo: Image, *, text_height: int, known: Page | None = None) -> PageText:
        """Turn by Tesseract's own page orientation, rescale, and read as one block."""
        turned, matrix = _upright(photo)
        scale = LONG_SIDE_PER_TEXT_PX * text_height / max(turned.shape[:2])
        page = np.asarray(cv2.resize(turned, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)
        matrix = np.hstack([matrix[:, :2] / scale, matrix[:, 2:]])
        words = pytesseract.image_to_data(
            _flat(page), lang=LANGUAGES, config=ONE_BLOCK, timeout=TIMEOUT_SECONDS, output_type=pytesseract.Output.DICT
        )
        return PageText(Page(page, matrix), tuple(_lines(words)))

    def second_look(self, page: Page, quads: Sequence[Quad]) -> list[str]:
        """None: what this engine reads is confirmed only by a second reading of the whole photograph."""
        return []


def _upright(photo: Image) -> tuple[Image, pages.Matrix]:
    height, width = photo.shape[:2]
    try:
        turn = int(
            pytesseract.image_to_osd(photo, output_type=pytesseract.Output.DICT, timeout=TIMEOUT_SECONDS)["rotate"]
        )
    except pytesseract.TesseractError:
        turn = 0
    back = {
        0: [[1, 0, 0], [0, 1, 0]],
        90: [[0, 1, 0], [-1, 0, height - 1]],
        180: [[-1, 0, width - 1], [0, -1, height - 1]],
        270: [[0, -1, width - 1], [1, 0, 0]],
    }[turn]
    return np.ascontiguousarray(np.rot90(photo, -turn // 90)), np.array(back, float)


def _flat(page: Image) -> Image:
    """Divide the light of the scene out, which Tesseract's thresholds need."""
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    light = cv2.medianBlur(cv2.dilate(grey, np.ones((15, 15), np.uint8)), 31)
    return np.asarray(cv2.divide(grey, light, scale=255), np.uint8)


def _lines(words: dict[str, list[Any]]) -> list[TextLine]:
    """Words close to each other as one text; a wide gap begins a new column."""
    places = [
        place for place, text in enumerate(words["text"]) if str(text).strip() and float(words["conf"][place]) >= 0
    ]
    found = []
    for _, group in groupby(
        places, key=lambda place: (words["block_num"][place], words["par_num"][place], words["line_num"][place])
    ):
        part: list[int] = []
        for place in group:
            if part and words["left"][place] - _right(words, part[-1]) > 1.5 * words["height"][part[-1]]:
                found.append(_line(words, part))
                part = []
            part.append(place)
        found.append(_line(words, part))
    return found


def _right(words: dict[str, list[Any]], place: int) -> float:
    return float(words["left"][place] + words["width"][place])


def _line(words: dict[str, list[Any]], part: list[int]) -> TextLine:
    left, right = float(words["left"][part[0]]), _right(words, part[-1])
    top = float(min(words["top"][place] for place in part))
    bottom = float(max(words["top"][place] + words["height"][place] for place in part))
    text = "".join(str(words["text"][place]) for place in part)
    score = sum(float(words["conf"][place]) for place in part) / len(part) / 100
    return TextLine(((left, top), (right, top), (right, bottom), (left, bottom)), text, score)
