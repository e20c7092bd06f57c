"""The way from photographs to a reading, the same for every engine."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Protocol

import numpy as np

from receipts.ocr import page as pages
from receipts.ocr import screen
from receipts.ocr.base import KEY_FIELDS, FieldReading, ItemReading, Quad, ReceiptReading, Region, TextLine
from receipts.ocr.join import join
from receipts.ocr.masking import private_quads
from receipts.ocr.merging import merged
from receipts.ocr.page import Image, Page
from receipts.ocr.parsing import dates, identity, labels
from receipts.ocr.parsing.items import Item
from receipts.ocr.parsing.receipt import Parsed, ParsedReceipt, parse
from receipts.ocr.parsing.rows import Cell, Row, rows_of
from receipts.ocr.parsing.yen import amounts_in, mended_digits

TEXT_HEIGHTS_PX = (44, 34)
LEAST_CUES_FOR_MORE = 2
UNFITTING_ITEMS = 0.6
UNFITTING_QUANTITY = 0.7


@dataclass(frozen=True, slots=True)
class PageText:
    """The straightened page of one photograph and the texts on it."""

    page: Page
    lines: tuple[TextLine, ...]

    @classmethod
    def empty(cls, photo: Image) -> PageText:
        return cls(Page(photo, np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])), ())


class Engine(Protocol):
    """What turns a photograph into text."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def page_text(self, photo: Image, *, text_height: int, known: Page | None = None) -> PageText:
        """Straighten a photograph and read it; `known` is the page that an earlier reading of it found."""
        ...

    def second_look(self, page: Page, quads: Sequence[Quad]) -> list[str]: ...


def read_receipt(engine: Engine, photos: Sequence[bytes]) -> ReceiptReading:
    """Read one receipt; what leaves doubts is read once more at another scale."""
    begun = time.monotonic()
    images = [pages.decode(photo) for photo in photos]
    screen_score = max(map(screen.score, images))
    texts = [engine.page_text(image, text_height=TEXT_HEIGHTS_PX[0]) for image in images]
    reading = _parsed(engine, texts, screen_score)
    if _asks_for_more(reading):
        texts = _texts_anew(engine, images, texts, is_screen=screen_score >= screen.DOUBTFUL)
        reading = merged(reading, _parsed(engine, texts, screen_score))
    return replace(reading, seconds=round(time.monotonic() - begun, 3))


def _texts_anew(
    engine: Engine, images: Sequence[Image], texts: Sequence[PageText], *, is_screen: bool
) -> list[PageText]:
    """Read at another scale where the paper is known to lie, or a display without the grid that hid its text."""
    if is_screen:
        return [engine.page_text(screen.without_grid(image), text_height=TEXT_HEIGHTS_PX[0]) for image in images]
    return [
        engine.page_text(image, text_height=TEXT_HEIGHTS_PX[1], known=text.page if text.lines else None)
        for image, text in zip(images, texts, strict=True)
    ]


def _parsed(engine: Engine, texts: Sequence[PageText], screen_score: float) -> ReceiptReading:
    rows = join([rows_of(text.lines, photo=number) for number, text in enumerate(texts)])
    parsed = parse(rows)
    _look_again_at_registration(engine, texts, rows, parsed)
    parsed.reasons.extend(_doubts_after_second_look(engine, texts, rows, parsed))
    return _assembled(engine, texts, rows, parsed, screen_score)


def _asks_for_more(reading: ReceiptReading) -> bool:
    """Whether there is text worth a second reading, and doubt that it could end."""
    worth_it = labels.receipt_cues(reading.text) >= LEAST_CUES_FOR_MORE
    return worth_it and any(reason != "screen" for reason in reading.review_reasons)


def _assembled(
    engine: Engine,
    texts: Sequence[PageText],
    rows: Sequence[Row],
    parsed: ParsedReceipt,
    screen_score: float,
) -> ReceiptReading:
    text = "\n".join(row.text for row in rows)
    is_receipt = labels.receipt_cues(text) >= labels.LEAST_CUES
    reasons = list(parsed.reasons)
    if not is_receipt:
        reasons.insert(0, "not_a_receipt")
    if screen_score >= screen.DOUBTFUL:
        reasons.append("screen")
    return ReceiptReading(
        engine=engine.name,
        engine_version=engine.version,
        fields={key: _field(texts, rows, found) for key, found in parsed.fields.items()},
        items=tuple(_items(texts, rows, parsed)),
        is_receipt=is_receipt,
        is_complete=is_receipt and all(key in parsed.fields for key in ("tel", "date", "total")),
        is_return=parsed.is_return,
        needs_review=bool(reasons),
        review_reasons=tuple(dict.fromkeys(reasons)),
        screen_score=round(screen_score, 3),
        text=text,
        masks=_masks(texts, rows, parsed),
    )


def _masks(texts: Sequence[PageText], rows: Sequence[Row], parsed: ParsedReceipt) -> tuple[Region, ...]:
    """Places that must be covered before anybody else looks at the photographs."""
    known = [found.value for found in parsed.fields.values()]
    places = private_quads(rows, known)
    return tuple(Region(photo, texts[photo].page.on_photo(np.array(quad))) for photo, quad in places)


def _field(texts: Sequence[PageText], rows: Sequence[Row], found: Parsed) -> FieldReading:
    cells = _bearing(rows[found.row], found.value)
    return FieldReading(found.value, found.confidence, _region(texts, cells), found.proofs)


def _bearing(row: Row, value: str) -> list[Cell]:
    """The texts of a row that bear a value; all of them where it is spread over several."""
    return [cell for cell in row.cells if _bears(cell.text, value)] or list(row.cells)


def _items(texts: Sequence[PageText], rows: Sequence[Row], parsed: ParsedReceipt) -> list[ItemReading]:
    return [
        ItemReading(
            name=item.name,
            quantity=item.quantity,
            price_jpy=item.price,
            discount_jpy=item.discount,
            confidence=_item_confidence(rows, parsed, item),
            region=_region(texts, rows[item.row].cells),
            jan=item.jan,
        )
        for item in parsed.items
    ]


def _item_confidence(rows: Sequence[Row], parsed: ParsedReceipt, item: Item) -> float:
    """High only where all goods together make a printed sum."""
    confidence = rows[item.row].score
    confidence *= 1.0 if parsed.has_fitting_items else UNFITTING_ITEMS
    confidence *= 1.0 if item.has_fitting_quantity else UNFITTING_QUANTITY
    return round(confidence, 3)


def _region(texts: Sequence[PageText], cells: Sequence[Cell]) -> Region:
    first, last = cells[0], cells[-1]
    corners = np.array([first.quad[0], last.quad[1], last.quad[2], first.quad[3]])
    return Region(first.photo, texts[first.photo].page.on_photo(corners))


def _bears(text: str, value: str) -> bool:
    digits = re.sub(r"\D", "", value)
    if len(digits) > 1:
        return digits in re.sub(r"\D", "", text)
    return value in text


def _doubts_after_second_look(
    engine: Engine, texts: Sequence[PageText], rows: Sequence[Row], parsed: ParsedReceipt
) -> list[str]:
    """Fields that a second reading of the same texts does not confirm, be it that there is none."""
    found = {key: parsed.fields[key] for key in KEY_FIELDS if key in parsed.fields}
    bearing = {key: _bearing(rows[field.row], field.value) for key, field in found.items()}
    again = _read_again(engine, texts, dict.fromkeys(cell for cells in bearing.values() for cell in cells))
    said = {key: " ".join(again[cell] for cell in cells if cell in again) for key, cells in bearing.items()}
    return [f"unsure_{key}" for key, field in found.items() if not confirms(key, field.value, said[key])]


def _look_again_at_registration(
    engine: Engine, texts: Sequence[PageText], rows: Sequence[Row], parsed: ParsedReceipt
) -> None:
    """A number with a wrong check digit is misread or forged: only what a second look reads may take its place."""
    found = parsed.fields.get("registration_no")
    if found is None or found.proofs:
        return
    again = _read_again(engine, texts, _bearing(rows[found.row], found.value)).values()
    if value := identity.proven_registration_in(" ".join(again)):
        parsed.fields["registration_no"] = replace(found, value=value, confidence=0.8, proofs=("check_digit",))


def _read_again(engine: Engine, texts: Sequence[PageText], cells: Iterable[Cell]) -> dict[Cell, str]:
    """What a second look at each text says; nothing of an engine that gives no second look."""
    again: dict[Cell, str] = {}
    for photo, there in groupby(sorted(cells, key=lambda cell: cell.photo), key=lambda cell: cell.photo):
        group = list(there)
        again.update(zip(group, engine.second_look(texts[photo].page, [cell.quad for cell in group]), strict=False))
    return again


def confirms(key: str, value: str, text: str) -> bool:
    """Whether a second reading of a row bears the same value."""
    text = mended_digits(text)
    if key == "date":
        return any(day.isoformat() == value for day, _ in dates.dates_in(text))
    if key == "time":
        return dates.time_in(text) == value or any(dates.time_in(rest) == value for _, rest in dates.dates_in(text))
    if key == "total":
        return any(int(value) in (amount.value, *amount.others) for amount in amounts_in(text))
    return re.sub(r"\D", "", value) in re.sub(r"\D", "", text)
