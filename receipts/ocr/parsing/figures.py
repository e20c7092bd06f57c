"""The money rows below the goods: subtotals, taxes with their bases, totals, payments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from receipts.ocr.parsing.labels import Kind, kind_of
from receipts.ocr.parsing.rows import Row
from receipts.ocr.parsing.yen import Amount, amounts_in, last_amount, mended_digits

_RATE = re.compile(
    r"(?<!\d)(8|10)\s?(?:\.0)?[%％]|[外内](8|1?0)(?!\d)"
    r"|(?<![\d,.¥])(8|10)\d?(?=[内外]?税|[内外]消費|対象)"  # the sign is lost, or was read as one more digit
)
_BASE_WORD = re.compile("対象|課税|税抜|税込")
_TAX_WORD = re.compile("税額|消費税|内税|外税|税等|%税|税|[Tt]ax|TAX")


RATES = (8, 10)
LEAST_BASE_JPY = 100  # below it the rounded tax of one rate is that of the other

SUM_KINDS = frozenset({Kind.SUBTOTAL, Kind.TAX, Kind.TOTAL})


@dataclass(frozen=True, slots=True)
class Figure:
    """One labelled amount: what it is, its value and the values it may be misread from."""

    kind: Kind
    value: int
    row: int
    others: tuple[int, ...] = ()
    rate: int | None = None


@dataclass(slots=True)
class Figures:
    """All labelled amounts of a receipt, by kind."""

    subtotals: list[Figure] = field(default_factory=list)
    taxes: list[Figure] = field(default_factory=list)
    bases: list[Figure] = field(default_factory=list)
    totals: list[Figure] = field(default_factory=list)
    tendered: list[Figure] = field(default_factory=list)
    changes: list[Figure] = field(default_factory=list)
    payments: list[Figure] = field(default_factory=list)
    discounts: list[Figure] = field(default_factory=list)

    def of(self, kind: Kind) -> list[Figure]:
        return {
            Kind.SUBTOTAL: self.subtotals,
            Kind.TAX: self.taxes,
            Kind.TOTAL: self.totals,
            Kind.TENDERED: self.tendered,
            Kind.CHANGE: self.changes,
            Kind.PAYMENT: self.payments,
            Kind.DISCOUNT: self.discounts,
        }[kind]


def find_figures(rows: Sequence[Row], start: int = 0) -> Figures:
    """Read the labelled amounts of all rows from `start` on."""
    figures = Figures()
    has_sums = False
    rate: int | None = None
    for index in range(start, len(rows)):
        kind = kind_of(rows[index].squashed)
        if kind in (None, Kind.NOISE) or (kind is Kind.PAYMENT and not has_sums):
            continue  # before the first sum a word such as カード belongs to a product
        has_sums = has_sums or kind in SUM_KINDS
        text, where = _text_with_amount(rows, index)
        if kind is Kind.TAX:
            rate = rate_in(text) or rate
            _add_tax_row(figures, text, where, rate)
        elif amount := _row_amount(text):
            figures.of(kind).append(Figure(kind, amount.value, where, amount.others))
    return figures


def rate_in(text: str) -> int | None:
    """The tax rate a row names."""
    if match := _RATE.search(text):
        return 8 if next(filter(None, match.groups())) == "8" else 10
    return None


def _row_amount(text: str) -> Amount | None:
    text = mended_digits(text)
    if amount := last_amount(text):
        return amount
    marked = [amount for amount in amounts_in(text) if amount.is_marked]
    return marked[-1] if marked else None


def _text_with_amount(rows: Sequence[Row], index: int) -> tuple[str, int]:
    """The row's text; where it is a label alone, with the amount of the row below."""
    text = rows[index].text
    if not amounts_in(mended_digits(text)) and index + 1 < len(rows):
        below = rows[index + 1].text
        if kind_of(rows[index + 1].squashed) is None and re.fullmatch(r"[-¥#$+\d,. 円]+", below):
            return f"{text} {below}", index + 1
    return text, index


def _add_tax_row(figures: Figures, text: str, row: int, rate: int | None) -> None:
    """Bases and taxes of one row: each amount is what the words just before it say."""
    rates = [(match.start(), rate_in(match[0])) for match in _RATE.finditer(text)]
    text = mended_digits(_RATE.sub(lambda found: " " * len(found[0]), text))
    before, found_base = 0, False
    amounts = amounts_in(text)
    if pair := _base_with_its_tax(amounts):
        base, tax, rate = pair
        figures.bases.append(Figure(Kind.TAX, base.value, row, base.others, rate))
        figures.taxes.append(Figure(Kind.TAX, tax.value, row, tax.others, rate))
        return
    for amount in amounts:
        words = text[before : amount.start]
        before = amount.end
        rate = next((named for start, named in reversed(rates) if start < amount.start), rate)
        is_base = _last(_BASE_WORD, words) > _last(_TAX_WORD, words)
        is_base = is_base or (_is_bracketed(text, amount) and amount is not amounts[-1])
        if not words.strip(" ¥円(),:") and not found_base and "対象" in text and not _TAX_WORD.search(text):
            is_base = True
        figure = Figure(Kind.TAX, amount.value, row, amount.others, rate)
        (figures.bases if is_base else figures.taxes).append(figure)
        found_base = found_base or is_base


def _base_with_its_tax(amounts: Sequence[Amount]) -> tuple[Amount, Amount, int] | None:
    """The last two amounts of a row where one is the other's tax: their sums say so, however the words are misread."""
    if len(amounts) < 2:
        return None
    base, tax = amounts[-2:]
    for rate in RATES:
        parts = (base.value * rate, 100), (base.value * rate, 100 + rate)
        if base.value >= LEAST_BASE_JPY and any(abs(tax.value - of / whole) < 1 for of, whole in parts):
            return base, tax, rate
    return None


def _is_bracketed(text: str, amount: Amount) -> bool:
    """Whether a bracket that opens before the amount closes right behind it."""
    before = text[: amount.start]
    is_open = max(map(before.rfind, "(（")) > max(map(before.rfind, ")）"))
    return is_open and text[amount.end :].lstrip(" 円").startswith((")", "）"))


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((found.start() for found in pattern.finditer(text)), default=-1)
