"""What on a receipt is nobody's business: card and member numbers, balances, cashiers' names, other telephones.

Found by labels and by the shapes of numbers, so that it holds for shops never seen; figures that prove the
purchase are never covered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from stdnum import ean, luhn

from receipts.ocr.base import Quad
from receipts.ocr.parsing.rows import Cell, Row

COVER = "＊"
NEARLY_ALL = 0.7  # of a text: then all of it is covered
MARGIN_ACROSS = 0.8  # of a narrow letter
MARGIN_DOWN = 0.04  # of the text's height: the places that engines give are wider than the print
LEAST_HIDDEN, LEAST_OF_CARD = 4, 8

Span = tuple[int, int]

_LONG_NUMBER = re.compile(r"(?<![\dT-])\d(?:[ -]{0,2}\d){12,18}(?![\d-])")
_PARTLY_HIDDEN = re.compile(r"(?<![\w*●•#])(?:[\d*●•#Xx]{1,16}[ -]{0,2}){1,5}[\d*●•#Xx]+")
_HIDDEN = re.compile(r"[*●•#Xx]")
_REGISTRATION = re.compile("登録番号|事業者|インボイス")
_MEMBER_LABEL = re.compile(
    r"(?:会員|組合員|お客様|お客さま|顧客|メンバーズ?|カード|クレジット|アプリ)\s*(?:カード)?\s*(?:番号|No\.?|ID|コード)"
    r"|(?:ポイント|メンバーズ?|会員)\s*カード|(?:MEMBER|CARD|CUSTOMER)\s*(?:NO\.?|ID|NUMBER|#)",
    re.IGNORECASE,
)
_MEMBER_VALUE = re.compile(r"[\dA-Z*●•#][\dA-Zx*●•# -]{2,}[\dA-Z*●•#]")
_BALANCE_LABEL = re.compile(
    r"残高|残額|残り?ポイント|ポイント残|(?:累計|累積|保有|現在|利用可能|使用可能|有効|合計|前回|今回|次回).{0,6}(?:ポイント|マイル|pt|P\b)"
    r"|(?:ポイント|マイル|pt).{0,4}(?:累計|残|合計|現在)|POINTS?\s*(?:BALANCE|TOTAL)|BALANCE",
    re.IGNORECASE,
)
_BALANCE_VALUE = re.compile(r"\d[\d,.]*(?:\s*(?:ポイント|マイル|pt|P|円))?", re.IGNORECASE)
_SPENT = re.compile(r"利用(?!可能)|使用(?!可能)|値引|割引|支払|充当")
_STAFF_LABEL = re.compile(
    r"レジ担当者?|担当者?|取?扱い?者|責任者|責(?=\s*[:.N#\d])|スタッフ(?=\s*[:.N#\d])|キャッシャー|係(?:員|(?=\s*[:]))|店長"
    r"|CASHIER|CLERK|STAFF(?=\s*[:#])|SERVED BY|SERVER(?=\s*[:#])",
    re.IGNORECASE,
)
_STAFF_NAME = re.compile(
    r"[\s:.]*(?:(?:No|番号|コード)[.:]?\s*)?[\d#-]*[\s:.]*(?P<name>[^\W\d_]{1,16}"
    r"(?:[ ・.]{1,2}(?!No|レジ|ID)[^\W\d_]{1,12})?)",
    re.IGNORECASE,
)
_NO_NAME = re.compile(r"レジ|No\b|番号|伝票|取引|精算|領収|店\b|日時|時刻|REG|POS|TEL|電話|者?です|まで", re.IGNORECASE)
_TELEPHONE = re.compile(r"(?<![\d-])\(?0\d{1,4}\)?[-. (]{0,2}\d{1,4}[-. )]{0,2}\d{3,4}(?![\d-])")
_MOBILE = re.compile("0[789]0")


def private_quads(rows: Sequence[Row], known: Collection[str]) -> Iterator[tuple[int, Quad]]:
    """Give photograph and place of what has to be covered; `known` are the values that prove the purchase."""
    texts = [row.text for row in rows]
    for row, spans in zip(rows, private_spans(texts, known), strict=True):
        for cell, covered in _by_cell(row, spans):
            yield cell.photo, _part(cell, covered)


def private_spans(texts: Sequence[str], known: Collection[str] = ()) -> list[list[Span]]:
    """Give for each printed row, from where to where it must not be shown; `known` values stay readable."""
    digits = {re.sub(r"\D", "", value) for value in known}
    found = []
    for index, text in enumerate(texts):
        before = texts[index - 1] if index else ""
        spans = [*_numbers(text, digits), *_members(text, before), *_balances(text), *_staff(text)]
        found.append([span for span in spans if not _proves(text, span, known)])
    return found


def covered_text(text: str, known: Collection[str] = ()) -> str:
    """Give a text with what is private in it covered by asterisks."""
    letters = list(text)
    for start, end in private_spans([text], known)[0]:
        letters[start:end] = COVER * (end - start)
    return "".join(letters)


def _numbers(text: str, known: Collection[str]) -> Iterator[Span]:
    for match in _LONG_NUMBER.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        is_goods = len(digits) == 13 and digits[:2] in ("45", "49") and ean.is_valid(digits)
        if luhn.is_valid(digits) and digits not in known and not is_goods and not _REGISTRATION.search(text):
            yield match.span()
    for match in _PARTLY_HIDDEN.finditer(text):
        is_long = len(re.sub(r"[ -]", "", match[0])) >= LEAST_OF_CARD
        if is_long and len(_HIDDEN.findall(match[0])) >= LEAST_HIDDEN and re.search(r"\d", match[0]):
            yield match.span()
    shop_is_known = any(len(value) in (10, 11) and value[0] == "0" for value in known)
    for match in _TELEPHONE.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        is_telephone = len(digits) in (10, 11) and digits not in known
        if is_telephone and (shop_is_known or (_MOBILE.match(digits) and len(digits) == 11)):
            yield match.span()


def _members(text: str, before: str) -> Iterator[Span]:
    label = _MEMBER_LABEL.search(text)
    if label is None and (above := _MEMBER_LABEL.search(before)) and not re.search(r"[\d*]", before[above.end() :]):
        start = 0  # the number stands under its label
    elif label is None:
        return
    else:
        start = label.end()
    if (value := _MEMBER_VALUE.search(text, start)) and len(re.findall(r"[\d*]", value[0])) >= LEAST_HIDDEN:
        yield value.span()


def _balances(text: str) -> Iterator[Span]:
    label = _BALANCE_LABEL.search(text)
    if label and not _SPENT.search(text):
        yield from (value.span() for value in _BALANCE_VALUE.finditer(text, label.start()))


def _staff(text: str) -> Iterator[Span]:
    for label in _STAFF_LABEL.finditer(text):
        name = _STAFF_NAME.match(text, label.end())
        if name and not _NO_NAME.match(name["name"]):
            yield name.span("name")


def _proves(text: str, span: Span, known: Collection[str]) -> bool:
    """Whether the place bears one of the values that prove the purchase."""
    covered = text[slice(*span)]
    digits = re.sub(r"\D", "", covered)
    return any(value == covered or (len(digits) > 2 and re.sub(r"\D", "", value) == digits) for value in known)


def _by_cell(row: Row, spans: Sequence[Span]) -> Iterator[tuple[Cell, Span]]:
    start = 0
    for cell in row.cells:
        end = start + len(cell.text)
        for first, last in spans:
            if first < end and last > start:
                yield cell, (max(first, start) - start, min(last, end) - start)
        start = end + 1  # the blank between two cells


def _part(cell: Cell, span: Span) -> Quad:
    """Give the part of a text's place that some of its letters take, wide ones twice as much as narrow ones."""
    widths = [2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in cell.text]
    whole = sum(widths)
    first, last = sum(widths[: span[0]]) - MARGIN_ACROSS, sum(widths[: span[1]]) + MARGIN_ACROSS
    if last - first >= NEARLY_ALL * whole:
        first, last = -MARGIN_ACROSS, whole + MARGIN_ACROSS
    left_top, right_top, right_low, left_low = np.array(cell.quad, float)
    across_top, across_low = (right_top - left_top) / whole, (right_low - left_low) / whole
    corners = [
        left_top + first * across_top,
        left_top + last * across_top,
        left_low + last * across_low,
        left_low + first * across_low,
    ]
    down = MARGIN_DOWN * (left_low - left_top)
    spread = [corners[0] - down, corners[1] - down, corners[2] + down, corners[3] + down]
    first_point, second, third, fourth = ((float(x), float(y)) for x, y in spread)
    return first_point, second, third, fourth
