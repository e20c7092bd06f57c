"""The sums of a receipt choose among what its figures may be; nothing is repaired without a proof."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from receipts.ocr.parsing.figures import RATES, Figure, Figures

LABEL_WORTH = 4.0
SUBTOTAL_WORTH = 0.5
TENDERED_WORTH = 0.3
OTHER_WORTH = -1.5
LEAST_TAXED_JPY = 100  # below it a rounded tax fits too many totals to prove one
PROOF_WORTH = 3.0
MOST_COMBINATIONS = 256
TWO_RATE_SLACK_JPY = 13  # half of what rounding down both taxes leaves open


@dataclass(frozen=True, slots=True)
class Sums:
    """The chosen figures, with the names of the proofs that hold for the total."""

    total: int
    row: int
    subtotal: int | None
    tax: int | None
    proofs: tuple[str, ...]
    is_contested: bool


@dataclass(frozen=True, slots=True)
class _Candidate:
    value: int
    row: int
    worth: float


@dataclass(frozen=True, slots=True)
class _Proof:
    name: str
    total: int
    subtotal: int | None
    tax: int | None
    doubt: int  # how many figures had to be taken at another value than read


def choose(figures: Figures, item_sums: Sequence[int]) -> Sums | None:
    """Choose total, subtotal and tax so that most sums of the receipt hold."""
    proofs = list(_proofs(figures, item_sums))
    best: dict[int, tuple[float, int]] = {}
    for candidate in _candidates(figures):
        worth, row = best.get(candidate.value, (0.0, candidate.row))
        best[candidate.value] = (max(worth, candidate.worth), row if worth >= candidate.worth else candidate.row)
    if not best:
        return None
    scored = {total: worth + _proof_worth(total, proofs) for total, (worth, _) in best.items()}
    total = max(scored, key=lambda value: (scored[value], -best[value][1]))
    holding = [proof for proof in proofs if proof.total == total]
    names = tuple(sorted({proof.name for proof in holding if proof.doubt == 0}))
    if best[total][0] <= SUBTOTAL_WORTH:
        names = ()  # the goods prove a subtotal as well: without a row of the total's own nothing is proven
    return Sums(
        total,
        best[total][1],
        _subtotal(figures, holding),
        _tax(figures, holding, total),
        names,
        _contested(total, best, proofs, names),
    )


def _contested(total: int, best: dict[int, tuple[float, int]], proofs: list[_Proof], names: tuple[str, ...]) -> bool:
    """Another total that was read as well has a proof of its own that this one lacks."""
    rivals = {proof.total for proof in proofs if proof.doubt == 0 and proof.total != total and proof.name not in names}
    return any(best.get(rival, (0.0, 0))[0] >= LABEL_WORTH for rival in rivals)


def _candidates(figures: Figures) -> Iterator[_Candidate]:
    for figure, worth in [
        *((figure, LABEL_WORTH) for figure in figures.totals),
        *((figure, 2.0) for figure in figures.payments),
        *((figure, SUBTOTAL_WORTH) for figure in figures.subtotals),
        *((figure, TENDERED_WORTH) for figure in figures.tendered),
    ]:
        if figure.value > 0:
            yield _Candidate(figure.value, figure.row, worth)
        for other in figure.others:
            yield _Candidate(other, figure.row, worth + OTHER_WORTH)
    for tendered, change in product(figures.tendered, figures.changes):
        if tendered.value > change.value:
            yield _Candidate(tendered.value - change.value, tendered.row, 2.0)


def _proof_worth(total: int, proofs: Iterable[_Proof]) -> float:
    least: dict[str, int] = {}
    for proof in proofs:
        if proof.total == total:
            least[proof.name] = min(proof.doubt, least.get(proof.name, 9))
    return sum(PROOF_WORTH / (1 + doubt) for doubt in least.values())


def _proofs(figures: Figures, item_sums: Sequence[int]) -> Iterator[_Proof]:
    taxes = list(_tax_sums(figures.taxes))
    yield from _added_tax_proofs(figures, taxes)
    yield from _base_proofs(figures)
    for tax, doubt in taxes:
        for total, total_doubt in _values([*figures.totals, *figures.payments]):
            if total >= LEAST_TAXED_JPY and _is_included_tax(total, tax, (8, 10)):
                yield _Proof("tax_of_total", total, None, tax, doubt + total_doubt)
    yield from _two_rate_proofs(figures)
    for items in dict.fromkeys(item_sums):
        yield _Proof("items", items, None, None, 0)
        for tax, doubt in taxes:
            if _may_be_added(items, tax):
                yield _Proof("items", items + tax, items, tax, doubt)


def _added_tax_proofs(figures: Figures, taxes: Sequence[tuple[int, int]]) -> Iterator[_Proof]:
    """A misread tax that both the sum and the rates give the same other reading is no doubt any more."""
    for (subtotal, doubt), (tax, tax_doubt) in product(_subtotals(figures), taxes):
        if _may_be_added(subtotal, tax):
            fits = tax_doubt > 0 and _fits_added_rates(subtotal, tax, figures.taxes)
            yield _Proof("subtotal_plus_tax", subtotal + tax, subtotal, tax, doubt + (0 if fits else tax_doubt))


def _base_proofs(figures: Figures) -> Iterator[_Proof]:
    """Bases with their taxes: included, they sum to the total; excluded, with the taxes.

    Where both rates fit and meet a total whose sign was read, a misread sign of a base or a tax is no doubt any more.
    """
    pairs = list(_pairs(figures))
    if not pairs or prod(map(len, pairs)) > MOST_COMBINATIONS:
        return
    sure = {figure.value for figure in [*figures.totals, *figures.payments] if not figure.others}
    for chosen in product(*pairs):
        bases = sum(base for base, _, _, _ in chosen)
        taxes = sum(tax for _, tax, _, _ in chosen)
        doubt = sum(doubt for _, _, _, doubt in chosen)
        meets = sure if len(chosen) == len(RATES) else set()
        if all(_is_included_tax(base, tax, (rate,)) for base, tax, rate, _ in chosen):
            yield _Proof("bases", bases, None, taxes, 0 if bases in meets else doubt)
        if all(_is_added_tax(base, tax, rate) for base, tax, rate, _ in chosen):
            yield _Proof("bases", bases + taxes, bases, taxes, 0 if bases + taxes in meets else doubt)


def _two_rate_proofs(figures: Figures) -> Iterator[_Proof]:
    """Taxes of both rates, included and without printed bases: the bases they allow must reach the total."""
    if figures.bases or len(figures.taxes) != 2 or {figure.rate for figure in figures.taxes} != {8, 10}:
        return
    lesser, greater = sorted(figures.taxes, key=lambda figure: figure.rate or 0)
    for (low, low_doubt), (high, high_doubt) in product(_values([lesser]), _values([greater])):
        middle = (low + 0.5) * 108 / 8 + (high + 0.5) * 110 / 10
        for total, doubt in _values([*figures.totals, *figures.payments]):
            if abs(total - middle) <= TWO_RATE_SLACK_JPY:
                yield _Proof("tax_of_total", total, None, low + high, low_doubt + high_doubt + doubt)


def _pairs(figures: Figures) -> Iterator[list[tuple[int, int, int, int]]]:
    """For each rate the possible (base, tax, rate, doubt)."""
    for rate in (8, 10):
        bases = [figure for figure in figures.bases if figure.rate == rate]
        taxes = [figure for figure in figures.taxes if figure.rate == rate]
        if bases and taxes:
            yield [
                (base, tax, rate, base_doubt + tax_doubt)
                for (base, base_doubt), (tax, tax_doubt) in product(_values(bases), _values(taxes))
                if _is_included_tax(base, tax, (rate,)) or _is_added_tax(base, tax, rate)
            ]


def _values(figures: Iterable[Figure]) -> Iterator[tuple[int, int]]:
    for figure in figures:
        yield figure.value, 0
        for other in figure.others:
            yield other, 1


def _subtotals(figures: Figures) -> Iterator[tuple[int, int]]:
    """Each printed subtotal, and their sum where there is one for each rate."""
    yield from _values(figures.subtotals)
    if len(figures.subtotals) > 1:
        yield sum(figure.value for figure in figures.subtotals), 0


def _tax_sums(taxes: Sequence[Figure]) -> Iterator[tuple[int, int]]:
    """What the taxes may sum to: all of them, one of them, or the parts without their printed sum."""
    values = [figure.value for figure in taxes]
    if values:
        yield sum(values), 0
        distinct = sum(value for _, value in {(figure.rate, figure.value) for figure in taxes})
        if distinct != sum(values):
            yield distinct, 0
        if len(values) > 1:
            for value in dict.fromkeys(values):
                yield value, 0
            if max(values) * 2 == sum(values):
                yield max(values), 0
    for place, figure in enumerate(taxes):
        for other in figure.others:
            yield sum(values) - values[place] + other, 1


def _may_be_added(base: int, tax: int) -> bool:
    """Between both rates with room for rounding; a smaller tax shows that the base has a digit too many."""
    return tax > 0 and base * 0.07 - 2 <= tax <= base * 0.11 + 2


def _fits_added_rates(base: int, tax: int, taxes: Sequence[Figure]) -> bool:
    """Whether a tax is what its rates make of a base, each rounded in either direction."""
    if any(_is_added_tax(base, tax, rate) for rate in RATES):
        return True
    if len(taxes) != len(RATES) or {figure.rate for figure in taxes} != set(RATES):
        return False
    rates = [figure.rate or 0 for figure in taxes]
    slack = sum(100 / rate for rate in rates)
    return any(
        sum(parts) == tax
        and abs(base - sum(100 * part / rate for part, rate in zip(parts, rates, strict=True))) < slack
        for parts in product(*([figure.value, *figure.others] for figure in taxes))
    )


def _is_included_tax(amount: int, tax: int, rates: Sequence[int]) -> bool:
    return (tax > 0 and any(abs(tax - amount * rate / (100 + rate)) < 1 for rate in rates)) or (
        amount < 13 and tax == 0
    )


def _is_added_tax(base: int, tax: int, rate: int) -> bool:
    return abs(tax - base * rate / 100) < 1


def _subtotal(figures: Figures, holding: list[_Proof]) -> int | None:
    printed = {value for value, _ in _values(figures.subtotals)}
    for proof in sorted(holding, key=lambda proof: proof.doubt):
        if proof.subtotal in printed:
            return proof.subtotal
    return figures.subtotals[0].value if figures.subtotals else None


def _tax(figures: Figures, holding: list[_Proof], total: int) -> int | None:
    """The tax of the best proof, else the sum that a rate explains, else what was read."""
    order = ("bases", "subtotal_plus_tax", "items", "tax_of_total")
    taxed = [proof for proof in holding if proof.tax is not None]
    if taxed:
        return min(taxed, key=lambda proof: (proof.doubt, order.index(proof.name))).tax
    read = [tax for tax, _ in _tax_sums(figures.taxes) if tax <= 0.11 * total]
    fitting = [tax for tax in read if tax >= 0.06 * total]
    return next(iter([*fitting, *read]), None)
