"""Amounts of money as tills print them and as recognisers misread them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_YEN = r"(?:[¥#$+]|(?<!\S)[YV])"
_AMOUNT = re.compile(
    r"(?<![\d.,/A-Za-z%])(?<!\d:)"
    r"(?P<sign>[-▲△▼]\s?)?"
    rf"(?P<yen>{_YEN}\s?)?"
    r"(?P<inner>[-▲△]\s?)?"
    r"(?P<number>\d{1,3}(?:\s?[,.:]\s?\d{3})+(?!\d)|\d{1,7}(?!\d))"
    r"(?P<unit>\s?[円内])?"
    r"(?P<after>-(?!\d))?"
)
_NOT_MONEY_AFTER = re.compile(
    r"\s?(?:%|点|個|コ(?!ー)|ケ|枚|本|袋|pt|P\b|ポイント|[年月日時分](?!税)|名|人|[gGLKk]|ml|ML|mL|kg|cm|[-/:]\d|[A-Za-z]{2})"
)
_CONFUSED_DIGITS = str.maketrans("OoQDlI|SB", "000011158")
_TAIL = re.compile(
    r"(?:\s|円|軽|[*※☆★◆●○◎#除込]|[外内](?:税|\d{1,2})?|税込?|非|\(?(?:軽|8%|10%)\)?|\s[A-Za-z]|(?<=\d)[TNEKX]|(?<=\d{3})P)+$"
)
YEN_AS_DIGIT = "1479"


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount as read, the other values it may stand for, and where it stands in the row's text."""

    value: int
    start: int
    end: int
    is_marked: bool = False
    others: tuple[int, ...] = ()


def amounts_in(text: str) -> list[Amount]:
    """All amounts of a row; rates, counts, dates and sizes are left out."""
    found = []
    for match in _AMOUNT.finditer(text):
        if _NOT_MONEY_AFTER.match(text, match.end()) and not match["unit"]:
            continue
        digits = re.sub(r"\D", "", match["number"])
        is_negative = bool(match["sign"] or match["inner"])
        is_marked = bool(match["yen"] or match["unit"])
        value = int(digits)
        others = () if match["yen"] else tuple(-o if is_negative else o for o in _without_yen_digit(match["number"]))
        found.append(Amount(-value if is_negative else value, match.start(), match.end(), is_marked, others))
    return found


def last_amount(text: str) -> Amount | None:
    """The amount that ends a row, past tax marks such as 軽 or ※."""
    body = _TAIL.sub("", text)
    unit = "円" if text[len(body) :].lstrip().startswith("円") else ""
    amounts = amounts_in(body + unit)
    if amounts and amounts[-1].end >= len(body):
        return amounts[-1]
    return None


def mended_digits(text: str) -> str:
    """Letters that stand among digits, as the digits they look like."""
    return re.sub(
        r"(?<=[\d,.])[OoQDlI|SB](?![a-zA-Z])|(?<![a-zA-Z])[OoQlI|](?=[\d,.])",
        lambda found: found[0].translate(_CONFUSED_DIGITS),
        text,
    )


def _without_yen_digit(number: str) -> tuple[int, ...]:
    """The value if the first digit was a misread yen sign."""
    rest = re.sub(r"\D", "", number[1:])
    if number[0] in YEN_AS_DIGIT and rest and not rest.startswith("0"):
        return (int(rest),)
    return ()
