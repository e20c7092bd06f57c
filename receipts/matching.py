"""Which lines of a receipt are a campaign's products, however the till abbreviates their names."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jaconv
from rapidfuzz import fuzz

from receipts.ocr.parsing.text import normalise

ACCEPT_SCORE = 0.80
ASK_SCORE = 0.65
SHORT_NAME = 4  # signs, below which only equal names match
MOST_CUT = 0.6
SMALL = str.maketrans("ァィゥェォッャュョヮ", "アイウエオツヤユヨワ")


@dataclass(frozen=True)
class ProductMatch:
    """A line that is, or may be, one of the products; `score` is 0 to 1."""

    product: str
    score: float
    quantity: int
    price_jpy: int
    discount_jpy: int
    region: Mapping[str, Any] | None


def match_products(items: Iterable[Mapping[str, Any]], products: Sequence[Mapping[str, Any]]) -> list[ProductMatch]:
    """Find the products among a receipt's lines, best first, each line at most once; below ASK_SCORE is no match.

    Args:
        items: name, quantity, price_jpy, discount_jpy, jan, region of each line, and `known_as` (name and jan) where
            the dictionary of its chain knows the line.
        products: name, jan, printed_forms of each product.
    """
    found = [match for item in items if (match := _best(item, products)) is not None]
    return sorted(found, key=lambda match: -match.score)


def match_targets(
    items: Sequence[Mapping[str, Any]], products: Sequence[Mapping[str, Any]], words: Sequence[str]
) -> list[ProductMatch]:
    """As `match_products`; besides, a line that holds one of a category's words is a sure match. Best first."""
    wanted = [(word, fold(word)) for word in words if fold(word)]
    found: list[ProductMatch] = []
    rest = []
    for item in items:
        printed = fold(item["name"])
        word = next((word for word, folded in wanted if folded in printed), None)
        if word is None:
            rest.append(item)
        else:
            found.append(_matched(item, word, 1.0))
    return [*found, *match_products(rest, products)]


def match_stores(figures: Mapping[str, Any], stores: Sequence[Mapping[str, Any]]) -> float:
    """Tell how surely (0 to 1) a receipt is of one of the stores: by telephone or registration number, else by name.

    `store_forms` among the figures are the other names of the chain that the shop master knows.
    """
    branch = figures.get("branch") or ""
    names = [figures.get("store_name") or "", *figures.get("store_forms", ())]
    printed = [fold(f"{name}{branch}") for name in names]
    best = 0.0
    for store in stores:
        for key, own in (("tel", "telephone"), ("registration_no", "registration_no")):
            if store.get(own) and figures.get(key) == store[own].replace("-", ""):
                return 1.0
        best = max([best, *(_likeness(name, fold(store["name"])) for name in printed)])
    return best


def fold(text: str) -> str:
    """Give a form in which a till's spelling and the full name come close: katakana without marks, upper case."""
    katakana = jaconv.hira2kata(normalise(text))
    bare = "".join(sign for sign in unicodedata.normalize("NFD", katakana) if not unicodedata.combining(sign))
    kept = (sign for sign in bare.translate(SMALL).upper() if sign.isalnum() and sign != "ー")
    return "".join(kept)


def _best(item: Mapping[str, Any], products: Sequence[Mapping[str, Any]]) -> ProductMatch | None:
    scored = [(_score(item, product), product["name"]) for product in products]
    score, name = max(scored, default=(0.0, ""))
    if score < ASK_SCORE:
        return None
    return _matched(item, name, score)


def _matched(item: Mapping[str, Any], name: str, score: float) -> ProductMatch:
    return ProductMatch(
        product=name,
        score=score,
        quantity=item["quantity"],
        price_jpy=item["price_jpy"],
        discount_jpy=item.get("discount_jpy") or 0,
        region=item.get("region"),
    )


def _score(item: Mapping[str, Any], product: Mapping[str, Any]) -> float:
    if item.get("jan") and product.get("jan"):
        return 1.0 if item["jan"] == product["jan"] else 0.0
    if known := item.get("known_as"):
        return float(_is_same(known, product))
    printed = fold(item["name"])
    return max(_likeness(printed, fold(form)) for form in (product["name"], *product["printed_forms"]))


def _is_same(known: Mapping[str, Any], product: Mapping[str, Any]) -> bool:
    if known["jan"] and product.get("jan"):
        return bool(known["jan"] == product["jan"])
    return fold(known["name"]) == fold(product["name"])


def _likeness(printed: str, wanted: str) -> float:
    """How well a name as read fits one as printed; a till may cut a name short, but not to a mere brand."""
    if min(len(printed), len(wanted)) < SHORT_NAME:
        return float(bool(printed) and printed == wanted)
    whole = fuzz.ratio(printed, wanted) / 100
    if len(printed) < MOST_CUT * len(wanted):
        return whole
    return max(whole, fuzz.partial_ratio(printed, wanted) / 100)
