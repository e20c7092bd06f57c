"""How many figures of a set of receipts were read right; text is compared folded, numbers by their digits."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from receipts.ocr.base import FIELD_KEYS, KEY_FIELDS

ALIKE = 0.8
ALL = "all"
Json = Mapping[str, Any]
Scores = dict[str, dict[str, list[int]]]
MEASURES = (*FIELD_KEYS, "all_four", "item_price", "item", "item_exact", "item_precision", "accepted", "accepted_right")


def score(truth: Iterable[Json], predictions: Mapping[str, Json], *, by: str = "difficulty") -> Scores:
    """For every measure and every group (and `all` of them): how many are right, of how many."""
    scores: Scores = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for entry in truth:
        said = predictions.get(entry["id"]) or {}
        for measure, (right, of) in measured(entry, said).items():
            for group in (str(entry.get(by) or "unnamed"), ALL):
                scores[measure][group][0] += right
                scores[measure][group][1] += of
    return scores


def measured(entry: Json, said: Json) -> dict[str, tuple[int, int]]:
    """Every measure of one receipt as (right, of); what the truth does not tell counts in neither."""
    fields = {key: is_right(key, entry, said) for key in FIELD_KEYS if entry.get(key) is not None}
    found = {key: (int(right), 1) for key, right in fields.items()}
    all_four = all(fields.get(key, True) for key in KEY_FIELDS)
    is_accepted = said.get("needs_review") is False
    exact, alike, priced = paired_items(entry.get("items") or [], said.get("items") or [])
    count, named = len(entry.get("items") or []), len(said.get("items") or [])
    return found | {
        "all_four": (int(all_four), 1),
        "item_price": (priced, count),
        "item": (alike, count),
        "item_exact": (exact, count),
        "item_precision": (alike, named),
        "accepted": (int(is_accepted), 1),
        "accepted_right": (int(is_accepted and all_four), int(is_accepted)),
    }


def is_right(key: str, entry: Json, said: Json) -> bool:
    """Whether one field says what the truth says."""
    true, read = entry[key], said.get(key)
    if key in ("store_name", "branch"):
        return folded(read) in _names(key, entry)
    if key in ("receipt_no", "registration_no"):
        return letters_and_digits(read) == letters_and_digits(true)
    if key == "tel":
        return re.sub(r"\D", "", normal(read)) == re.sub(r"\D", "", normal(true))
    if key in ("date", "time"):
        return normal(read)[: len(true)] == str(true)
    return whole(read) == whole(true)


def paired_items(true: Sequence[Json], read: Sequence[Json]) -> tuple[int, int, int]:
    """Of the true items: exactly read, read with a like name, and with their price found; each line pairs once."""
    pairs = sorted(
        (
            (_likeness(mine["name"], other.get("name")), -abs(place - at), place, at)
            for place, mine in enumerate(true)
            for at, other in enumerate(read)
            if whole(other.get("price")) == mine["price"]
        ),
        reverse=True,
    )
    used_true: set[int] = set()
    used_read: set[int] = set()
    exact = alike = 0
    for likeness, _, place, at in pairs:
        if place in used_true or at in used_read:
            continue
        used_true.add(place)
        used_read.add(at)
        same_quantity = (whole(read[at].get("qty")) or 1) == true[place]["qty"]
        alike += same_quantity and likeness >= ALIKE
        exact += same_quantity and _name(true[place]["name"]) == _name(read[at].get("name"))
    return exact, alike, len(used_true)


def normal(text: object) -> str:
    """One width of every sign; nothing for None."""
    return "" if text is None else unicodedata.normalize("NFKC", str(text))


def folded(text: object) -> str:
    """Without spaces, hyphens and dots, in one case."""
    return re.sub(r"[\s・･.,_\-ー－―‐—]", "", normal(text)).casefold()


def letters_and_digits(text: object) -> str:
    """Only what a number consists of."""
    return re.sub(r"[^0-9A-Za-z]", "", normal(text)).upper()


def whole(value: object) -> int | None:
    """A whole number out of a number or a text."""
    if isinstance(value, int | float):
        return int(value)
    digits = re.sub(r"[^\d-]", "", normal(value))
    return int(digits) if re.fullmatch(r"-?\d+", digits) else None


def _names(key: str, entry: Json) -> set[str]:
    """A shop has several names, and its branch may stand with or without one of them."""
    names = [entry.get("store_name") or "", *(entry.get("store_aliases") or [])]
    if key == "branch":
        return {folded(name + entry["branch"]) for name in ("", *names)}
    return {folded(name + branch) for name in names for branch in ("", entry.get("branch") or "")}


def _name(text: object) -> str:
    return re.sub(r"\s", "", normal(text)).casefold()


def _likeness(one: object, other: object) -> float:
    return SequenceMatcher(None, _name(one), _name(other)).ratio()
