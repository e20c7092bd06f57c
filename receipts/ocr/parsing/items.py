"""The goods: names, quantities, printed amounts and the discounts below them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from receipts.ocr.parsing.dates import dates_in, time_in
from receipts.ocr.parsing.labels import Kind, is_heading, kind_of
from receipts.ocr.parsing.rows import Row
from receipts.ocr.parsing.yen import Amount, last_amount, mended_digits

_UNIT = r"(?:個|コ|ケ|ヶ|点|本|袋|枚|箱|缶|丁|つ|パック|セット|pc|pcs|ｺ)"
_YEN = r"[¥#$+Y@]?"
_PRICE = rf"{_YEN}\s?(?P<unit_price>\d{{1,3}}(?:[,.:]\d{{3}})+(?!\d)|\d{{1,6}}(?!\d))\s?円?"
_COUNTED_BEFORE = re.compile(r"^(?P<count>\d{1,2})\s?[x×X]\s?(?=[A-Za-zぁ-んァ-ヶ一-鿿])")
_TIMES = r"[x×X✕*乂メ]"
_EACH = r"(?:@|単価?|各|A|[¥#$+])"
_START = r"(?<![^\s(（\[|])"
_QUANTITIES = (
    re.compile(rf"{_START}数量?\s?:?\s?(?P<quantity>\d{{1,3}})\s?{_UNIT}?\s?[\s,]*(?:単価?|@)\s?価?:?\s?{_PRICE}"),
    re.compile(
        rf"{_START}(?P<quantity>\d{{1,3}})\s?(?:{_UNIT}|[二口ニロ](?=\s?[xX×]))\s?(?:(?:{_TIMES}|二|口|=)\s?{_EACH}?|@|単価?|各|A(?=\d))\s?価?:?\s?{_PRICE}"
    ),
    re.compile(rf"{_START}(?P<quantity>\d{{1,3}})\s?{_TIMES}\s?{_EACH}\s?{_PRICE}"),
    re.compile(
        rf"{_START}(?:単価?|@)\s?:?\s?{_PRICE}\s?(?:{_TIMES}\s?|数量?\s?:?\s?|(?=\d{{1,3}}\s?{_UNIT}))(?P<quantity>\d{{1,3}})\s?{_UNIT}?(?![\d,.])"
    ),
    re.compile(
        rf"{_START}{_YEN}(?P<unit_price>\d{{1,3}}(?:[,.]\d{{3}})+|\d{{1,6}})[.:]?\s?円?\s?{_TIMES}\s?(?P<quantity>\d{{1,3}})\s?{_UNIT}?(?![\d,.])"
    ),
)
_TIMES_ONLY = re.compile(r"[x×X]\s?(?P<quantity>\d{1,2})(?=\s)")
_TRAILING_COUNT = re.compile(
    r"(?:\s[x×X]?|(?<=[^\d\s])[x×]|(?<=軽)|(?<=[^\d\s])(?=\d{1,2}\s?点))\s?(?P<count>\d{1,2})\s?[個コ点ケヶ]?\s*[¥]?$"
)
_BARE_QUANTITY = re.compile(rf"[(（]?(?P<quantity>\d{{1,3}})\s?{_UNIT}\s+{_PRICE}[)）]?")
_JAN = re.compile(r"(?<!\d)(4[59]\d{11}|4[59]\d{6}|\d{13})(?!\d)")
_LEADING_CODE = re.compile(r"^(?:[#*]?\d{3,13}[ :](?=\S)|\d{4,13}(?=[^\d\s.,%a-zA-Z×x枚個本袋円点年月]))\s*")
_LEADING_MARK = re.compile(
    r"^(?:[*※#☆★◆●○◎・.]|軽(?=\s|[^減食量井石油])|[外内](?:税|\d{1,2})(?=\s|\D)|[(（]?軽[)）]?\s|[内外]\s|\d{1,2}[.)]\s)\s*"
)
_TRAILING_MARK = re.compile(
    r"\s*(?:[*※#☆★◆●○◎¥+$@]|軽|[(（\[]軽[)）\]]?|\s[外内非](?:税|\d{1,2})?|\s8%|\s10%|\s[TNEKX])$"
)
PRICE_COLUMN = 0.6
_MEANINGFUL = re.compile(r"[ぁ-んァ-ヶ一-鿿]|[A-Za-z]{3}")


@dataclass(frozen=True, slots=True)
class Item:
    """One product as read, with the rows it stands in; `others` are amounts it may be misread from."""

    name: str
    quantity: int
    price: int
    row: int
    others: tuple[int, ...] = ()
    discount: int = 0
    jan: str | None = None
    has_fitting_quantity: bool = True


@dataclass(frozen=True, slots=True)
class Quantity:
    """`count` pieces at `unit_price`, and where in the text that stands."""

    count: int
    unit_price: int
    start: int
    end: int


class _Collector:
    """Walks down the goods; a name waits for its price, a price may be followed by its quantity."""

    def __init__(self, price_column: float) -> None:
        self.items: list[Item] = []
        self.waiting: str = ""
        self.jan: str | None = None
        self.price_column = price_column

    def take(self, index: int, row: Row) -> None:
        text = self._without_jan(mended_digits(row.text))
        if not text:
            return
        amount = last_amount(text)
        if kind_of(row.squashed) is Kind.DISCOUNT or (amount and amount.value < 0):
            self._discount(amount)
        elif quantity := quantity_in(text) or self._bare_quantity(text):
            self._with_quantity(index, text, quantity)
        elif amount and self._is_price(text, amount, row):
            self._with_price(index, text, amount)
        elif _MEANINGFUL.search(text):
            self.waiting = text

    def _bare_quantity(self, text: str) -> Quantity | None:
        """A count and a unit price whose sign was lost, if they make the price above."""
        if not self.items or self.waiting:
            return None
        if times := _TIMES_ONLY.match(text):
            return Quantity(int(times["quantity"]), self.items[-1].price, 0, times.end())
        if match := _BARE_QUANTITY.fullmatch(text):
            quantity = Quantity(int(match["quantity"]), int(re.sub(r"\D", "", match["unit_price"])), 0, len(text))
            last = self.items[-1]
            if quantity.count * quantity.unit_price in (last.price, *last.others):
                return quantity
        return None

    def _is_price(self, text: str, amount: Amount, row: Row) -> bool:
        """A number that ends a row is a price if it says so, or stands apart in the prices' column."""
        before = text[: amount.start].rstrip("*※")
        stands_apart = not before or before[-1].isspace()
        return amount.is_marked or (stands_apart and row.cells[-1].right >= self.price_column)

    def _without_jan(self, text: str) -> str:
        """Note a barcode number; a row of nothing else belongs to the item that follows."""
        if match := _JAN.search(text):
            rest = (text[: match.start()] + text[match.end() :]).strip()
            self.jan = match[0]
            return rest if _MEANINGFUL.search(rest) else ""
        return text

    def _discount(self, amount: Amount | None) -> None:
        if amount and self.items and not self.waiting:
            last = self.items[-1]
            self.items[-1] = replace(last, discount=last.discount - abs(amount.value))

    def _with_quantity(self, index: int, text: str, quantity: Quantity) -> None:
        name = clean_name(text[: quantity.start])
        after = last_amount(text[quantity.end :])
        before = last_amount(text[: quantity.start].rstrip("(（ "))
        if name and _MEANINGFUL.search(name):
            self.waiting = text[: before.start] if before else text[: quantity.start]
        printed = after or (before if _fits(quantity, before) else None)
        if self._raise_last(quantity, printed):
            return
        if printed or self.waiting:
            self._add(index, self.waiting, quantity.count, *_best_price(quantity, printed))
        elif self.items:
            self._correct_last(quantity)

    def _raise_last(self, quantity: Quantity, printed: Amount | None) -> bool:
        """The item above shows the price of one piece, this row the count and the sum."""
        last = self.items[-1] if self.items and not self.waiting else None
        if last is None or last.quantity > 1 or last.price != quantity.unit_price or not _fits(quantity, printed):
            return False
        self.items[-1] = replace(last, quantity=quantity.count, price=quantity.count * quantity.unit_price, others=())
        return True

    def _correct_last(self, quantity: Quantity) -> None:
        last = self.items[-1]
        quantity = _without_read_unit(quantity, (last.price, *last.others))
        product = quantity.count * quantity.unit_price
        if product in (last.price, *last.others):
            self.items[-1] = replace(last, quantity=quantity.count, price=product, others=(), has_fitting_quantity=True)
        elif last.quantity == 1 and quantity.count > 1:
            self.items[-1] = replace(
                last, quantity=quantity.count, others=(*last.others, product), has_fitting_quantity=False
            )

    def _with_price(self, index: int, text: str, amount: Amount) -> None:
        name, count = _trailing_count(text[: amount.start], amount)
        if not _MEANINGFUL.search(name):
            if not self.waiting:
                return
            name = self.waiting
        self._add(index, name, count, amount.value, amount.others)

    def _add(self, index: int, name: str, count: int, price: int, others: tuple[int, ...]) -> None:
        name = clean_name(name)
        if name:
            self.items.append(Item(name, count, price, index, others, jan=self.jan))
        self.waiting, self.jan = "", None


def find_items(rows: Sequence[Row]) -> list[Item]:
    """All goods between the heading and the sums."""
    collector = _Collector(_price_column(rows))
    for index, row in enumerate(rows):
        kind = kind_of(row.squashed)
        if collector.items and kind in (Kind.SUBTOTAL, Kind.TOTAL):
            break
        if kind is not Kind.DISCOUNT and (kind not in (None, Kind.PAYMENT) or _is_frame(row)):
            collector.waiting = ""
            continue
        collector.take(index, row)
    return collector.items


def _price_column(rows: Sequence[Row]) -> float:
    """How far right a row must reach for its last number to be a price."""
    left = min((row.cells[0].left for row in rows), default=0.0)
    right = max((row.cells[-1].right for row in rows), default=0.0)
    return left + PRICE_COLUMN * (right - left)


def quantity_in(text: str) -> Quantity | None:
    """A quantity with a unit price, in any of the usual spellings."""
    for pattern in _QUANTITIES:
        if match := pattern.search(text):
            count = int(match["quantity"])
            unit_price = int(re.sub(r"\D", "", match["unit_price"]))
            if count > 0 and unit_price > 0:
                return _in_likely_order(Quantity(count, unit_price, match.start(), match.end()), match[0])
    return None


def clean_name(text: str) -> str:
    """A product's name without codes, tax marks and currency signs around it."""
    text = text.strip(" ()（）:;.,_-|")
    while (shorter := _LEADING_CODE.sub("", _LEADING_MARK.sub("", text), count=1).strip()) != text:
        text = shorter
    while (shorter := _TRAILING_MARK.sub("", text).strip()) != text:
        text = shorter
    return text.strip(" :;,_|")


def _in_likely_order(quantity: Quantity, text: str) -> Quantity:
    """Two bare numbers around × may stand in either order; the count is the smaller."""
    is_bare = re.fullmatch(rf"[\d,.]+\s?{_TIMES}\s?[\d,.]+\s?", text)
    if is_bare and quantity.unit_price < quantity.count:
        return replace(quantity, count=quantity.unit_price, unit_price=quantity.count)
    return quantity


def _without_read_unit(quantity: Quantity, prices: Sequence[int]) -> Quantity:
    """The word for pieces behind a count may be read as one more digit of it; the printed amount tells."""
    if quantity.count * quantity.unit_price not in prices and quantity.count > 9:
        fewer = quantity.count // 10
        if fewer * quantity.unit_price in prices:
            return replace(quantity, count=fewer)
    return quantity


def _fits(quantity: Quantity, amount: Amount | None) -> bool:
    return amount is not None and quantity.count * quantity.unit_price in (amount.value, *amount.others)


def _best_price(quantity: Quantity, printed: Amount | None) -> tuple[int, tuple[int, ...]]:
    """The product beats a printed amount that has a misread yen sign before it."""
    product = quantity.count * quantity.unit_price
    if printed is None or product in (printed.value, *printed.others):
        return product, ()
    if quantity.count * int(str(quantity.unit_price)[1:] or 0) in (printed.value, *printed.others):
        return quantity.count * int(str(quantity.unit_price)[1:]), ()  # @ was read as a digit
    return printed.value, (*printed.others, product)


def _trailing_count(text: str, amount: Amount) -> tuple[str, int]:
    """A count that stands alone between name and price; 3本 or 50枚 rather tell the size of a pack."""
    if (leading := _COUNTED_BEFORE.match(text)) and 0 < int(leading["count"]) <= amount.value:
        return text[leading.end() :], int(leading["count"])
    match = _TRAILING_COUNT.search(text)
    if match is None:
        return text, 1
    name, count = text[: match.start()], int(match["count"])
    if not 0 < count <= min(99, amount.value) or not _MEANINGFUL.search(name):
        return text, 1
    return name, count


def _is_frame(row: Row) -> bool:
    """Headings, dates, times and rules between the parts of a receipt."""
    if is_heading(row.squashed) or any(dates_in(row.text)):
        return True
    if time_in(row.text) and len(row.squashed) < 12:
        return True
    return not _MEANINGFUL.search(row.text) and not any(c.isdigit() for c in row.text)
