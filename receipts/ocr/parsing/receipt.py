"""From rows to fields: every finder is asked, then the arithmetic chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from receipts.ocr.parsing import arithmetic, dates, identity
from receipts.ocr.parsing.figures import Figures, find_figures
from receipts.ocr.parsing.items import Item, find_items
from receipts.ocr.parsing.returns import is_return_slip
from receipts.ocr.parsing.rows import Row
from receipts.ocr.parsing.store import find_store

MOST_MENDED = 3
LEAST_TOTAL_JPY = 10
UNPROVEN_CONFIDENCE = 0.55


@dataclass(frozen=True, slots=True)
class Parsed:
    """One field as text, the row it stands in, how sure it is and what proves it."""

    value: str
    row: int
    confidence: float
    proofs: tuple[str, ...] = ()


@dataclass(slots=True)
class ParsedReceipt:
    """Fields and goods of a receipt with the reasons for which a person should look at it."""

    fields: dict[str, Parsed] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    has_fitting_items: bool = False
    is_return: bool = False


def parse(rows: Sequence[Row]) -> ParsedReceipt:
    """Read all fields out of the rows of one receipt."""
    parsed = ParsedReceipt(is_return=is_return_slip(rows))
    _add_store(parsed, rows)
    _add_numbers(parsed, rows)
    _add_moment(parsed, rows)
    _add_money(parsed, rows)
    parsed.reasons.extend(f"missing_{key}" for key in ("tel", "date", "time", "total") if key not in parsed.fields)
    return parsed


def _add_store(parsed: ParsedReceipt, rows: Sequence[Row]) -> None:
    store = find_store(rows)
    if store.name:
        parsed.fields["store_name"] = Parsed(store.name, store.name_row, 0.8)
    if store.branch:
        parsed.fields["branch"] = Parsed(store.branch, store.branch_row, 0.8)


def _add_numbers(parsed: ParsedReceipt, rows: Sequence[Row]) -> None:
    for key, found in (("tel", identity.find_tel(rows)), ("receipt_no", identity.find_receipt_number(rows))):
        if found:
            parsed.fields[key] = Parsed(found.value, found.row, round(found.confidence, 3))
    if registration := identity.find_registration(rows):
        is_valid = identity.has_valid_check_digit(registration.value)
        confidence = round(registration.confidence if is_valid else 0.3, 3)
        proofs = ("check_digit",) if is_valid else ()
        parsed.fields["registration_no"] = Parsed(registration.value, registration.row, confidence, proofs)


def _add_moment(parsed: ParsedReceipt, rows: Sequence[Row]) -> None:
    moment = dates.find_moment(rows)
    if moment is None:
        if alone := dates.find_time(rows):
            parsed.fields["time"] = Parsed(alone[0], alone[1], 0.5)
        return
    proofs = ("weekday",) if moment.weekday_fits else ()
    confidence = {True: 0.99, None: 0.9, False: 0.4}[moment.weekday_fits]
    parsed.fields["date"] = Parsed(moment.day.isoformat(), moment.row, confidence, proofs)
    if moment.time and moment.time_row is not None:
        parsed.fields["time"] = Parsed(moment.time, moment.time_row, 0.95 if moment.time_row == moment.row else 0.8)
    if moment.weekday_fits is False:
        parsed.reasons.append("weekday_mismatch")


def _add_money(parsed: ParsedReceipt, rows: Sequence[Row]) -> None:
    items = find_items(rows)
    figures = find_figures(rows)
    sums = arithmetic.choose(figures, _item_sums(items, figures))
    parsed.items = items
    if sums is None:
        return
    parsed.items = mend_items(items, _targets(sums, figures))
    parsed.has_fitting_items = "items" in sums.proofs or parsed.items != items
    confidence = 0.99 if len(sums.proofs) > 1 else 0.95 if sums.proofs else UNPROVEN_CONFIDENCE
    parsed.fields["total"] = Parsed(str(sums.total), sums.row, confidence, sums.proofs)
    for key, value, found in (("subtotal", sums.subtotal, figures.subtotals), ("tax", sums.tax, figures.taxes)):
        if value is not None and found:
            parsed.fields[key] = Parsed(str(value), found[0].row, 0.95 if sums.proofs else UNPROVEN_CONFIDENCE)
    if not sums.proofs:
        parsed.reasons.append("total_unproven")
    if sums.is_contested or _is_overruled(sums, figures):
        parsed.reasons.append("figures_disagree")


def _is_overruled(sums: arithmetic.Sums, figures: Figures) -> bool:
    """The row that is labelled as the total says something else: misread, or altered on the photograph."""
    labelled = [figure for figure in figures.totals if figure.value >= LEAST_TOTAL_JPY]
    return bool(labelled) and all(sums.total not in (figure.value, *figure.others) for figure in labelled)


def _item_sums(items: Sequence[Item], figures: Figures) -> list[int]:
    """The sum of the goods, without and with the discounts that stand below the subtotal."""
    if not items:
        return []
    total = sum(item.price + item.discount for item in items)
    later = [abs(figure.value) for figure in figures.discounts if figure.row > items[-1].row]
    return [total, *(total - below for below in accumulate(later))]


def _targets(sums: arithmetic.Sums, figures: Figures) -> list[int]:
    """What the goods may sum to."""
    without_tax = sums.total - sums.tax if sums.tax else sums.total
    return [value for value in (sums.subtotal, sums.total, without_tax) if value]


def mend_items(items: Sequence[Item], targets: Sequence[int]) -> list[Item]:
    """Take other readings of a few amounts if, and only if, the goods then sum to a printed figure."""
    total = sum(item.price + item.discount for item in items)
    if total in targets:
        return list(items)
    for target in dict.fromkeys(targets):
        if (changes := _changes_to(items, target - total)) is not None:
            return [replace(item, price=changes.get(place, item.price), others=()) for place, item in enumerate(items)]
    return list(items)


def _changes_to(items: Sequence[Item], gap: int) -> dict[int, int] | None:
    """The fewest changed amounts that close a gap, at most a few of them."""
    reached: dict[int, dict[int, int]] = {0: {}}
    for place, item in enumerate(items):
        steps = dict(reached)
        for done, changes in reached.items():
            for other in item.others:
                now = done + other - item.price
                if len(changes) < MOST_MENDED and (now not in steps or len(steps[now]) > len(changes) + 1):
                    steps[now] = {**changes, place: other}
        reached = steps
    return reached.get(gap) if gap else None
