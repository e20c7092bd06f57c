"""Numbers that tell a shop and a purchase apart: telephone, registration and receipt number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from stdnum.jp import cn

from receipts.ocr.parsing.dates import dates_in
from receipts.ocr.parsing.rows import Row
from receipts.ocr.parsing.yen import mended_digits

_TEL_LABEL = re.compile(r"T\s?E\s?L|[℡☎]|電話|でんわ|テル|Tel|tel", re.IGNORECASE)
_FAX = re.compile("FAX|ファックス|ファクス", re.IGNORECASE)
_TEL = re.compile(r"(?<![\d-])\(?(0\d{0,4})\)?[-. (]{0,2}(\d{1,4})[-. )]{0,2}(\d{3,4})(?![\d])")
_TEL_BEHIND_SIGN = re.compile(r"(?<!\S)[1-9](0\d{1,3})-(\d{1,4})-(\d{4})(?![\d-])")  # ☎ was read as a digit
LEAST_TEL_WORTH = 0.2
_FREE_DIAL = ("0120", "0800", "0570")
_OTHER_TEL = re.compile("お客様|相談|お問|問合|本社|本部|フリーダイヤル|サービス")
_REGISTRATION_LABEL = re.compile("登録.号|登録No|事業者|インボイス|適格|登録")
_REGISTRATION = re.compile(r"(?<![\dA-Z])(?P<prefix>[T丁17]?)[ -]?(?P<digits>\d(?:[ -]?\d){12})(?!\d)")
_T_AS_DIGIT = re.compile(r"(?<!\d)[17]\d{13}(?!\d)")
_NUMBER_LABELS = (
    r"(?:レシート|領収書?|領収証)(?:番号|ナンバー|[Nn][oO0b]\.?|#)",
    r"(?:取引|伝票|会計|精算|売上|明細|処理|管理)[A-Z|]?(?:.?号|[Nn][oO0b]\.?)",
    r"(?:レシート|取引|伝票|領収|精算)[|]?[:.#]?",
    r"(?:(?<![A-Za-z])[RL](?!\d{3})|レ)[^\d\s:.()-]{0,2}\d{1,4}-",
    r"(?<![A-Za-z])R-?",
    r"(?:通番|一連番号|連番|ジャーナル|[Tt]rans?\.?|TRN|RCPT|SEQ|番号)(?:番号|[Nn][oO0b])?[:.#]?",
    r"[Nn][oO0b][.:]?",
    r"#",
)
_NUMBER_VALUE = r"[.:#\s]*(?P<number>(?:[A-Z]{1,3}-?)?\d(?:[\d-]|(?<=\d{3})\.(?=\d{4}))*\d)"  # . for a faint -
_NUMBERS = tuple(re.compile(label + _NUMBER_VALUE) for label in _NUMBER_LABELS)
_NOT_A_NUMBER_LABEL = re.compile("登録番号|組合員番号|会員番号|カード番号|承認番号|電話番号|端末番号|会員No")


@dataclass(frozen=True, slots=True)
class Found:
    """A value with the row it stands in and how sure its place makes it."""

    value: str
    row: int
    confidence: float


def find_tel(rows: Sequence[Row]) -> Found | None:
    """The shop's own telephone number."""
    found: list[Found] = []
    for index, row in enumerate(rows):
        text = mended_digits(row.text)
        for match in chain(_TEL.finditer(text), _TEL_BEHIND_SIGN.finditer(text)):
            digits = "".join(match.groups())
            if _is_tel(digits):
                worth = _tel_worth(text[: match.start()], row, digits) - 0.004 * index
                found.append(Found("-".join(match.groups()), index, worth))
    best = max(found, key=lambda candidate: candidate.confidence, default=None)
    if best is None or best.confidence <= LEAST_TEL_WORTH:
        return None
    return Found(_grouped(best.value), best.row, min(1.0, best.confidence))


def find_registration(rows: Sequence[Row]) -> Found | None:
    """The invoice registration number: T and thirteen digits."""
    found: list[Found] = []
    for index, row in enumerate(rows):
        near = rows[index - 1].squashed + row.squashed if index else row.squashed
        has_label = _REGISTRATION_LABEL.search(near) is not None
        for value, has_prefix in _registrations_in(row.text):
            if has_label or has_prefix:
                worth = 0.5 + 0.3 * has_valid_check_digit(value) + 0.1 * has_label + 0.1 * has_prefix
                found.append(Found(value, index, worth))
    return max(found, key=lambda candidate: candidate.confidence, default=None)


def proven_registration_in(text: str) -> str | None:
    """A registration number whose check digit is right."""
    return next((value for value, _ in _registrations_in(text) if has_valid_check_digit(value)), None)


def has_valid_check_digit(registration: str) -> bool:
    """Whether the corporate number behind the T has its right first digit."""
    return cn.is_valid(registration[-13:])


def find_receipt_number(rows: Sequence[Row]) -> Found | None:
    """The till's number of this purchase, by its label; the more telling labels win."""
    for rank, pattern in enumerate(_NUMBERS):
        for index, row in enumerate(rows):
            text = _NOT_A_NUMBER_LABEL.sub("@", mended_digits(row.squashed_apart))
            text = _TEL.sub(lambda tel: "@" if _is_tel("".join(tel.groups())) else tel[0], text)
            for match in pattern.finditer(text):
                if _is_receipt_number(match["number"]):
                    return Found(match["number"].strip("-").replace(".", "-"), index, 0.95 - 0.08 * rank)
    return None


def _is_tel(digits: str) -> bool:
    if digits[0] != "0" or digits[1:2] in ("", "0"):
        return False
    return len(digits) == (11 if digits[:3] in ("050", "070", "080", "090") or digits.startswith("0800") else 10)


def _tel_worth(before: str, row: Row, digits: str) -> float:
    worth = 0.6
    worth += 0.35 if _TEL_LABEL.search(before) else 0.0
    worth -= 0.9 if _FAX.search(before) and not _TEL_LABEL.search(before[_FAX.search(before).end() :]) else 0.0  # type: ignore[union-attr]
    worth -= 0.3 if digits.startswith(_FREE_DIAL) else 0.0
    worth -= 0.2 if _OTHER_TEL.search(row.squashed) else 0.0
    worth -= 0.5 if re.search("番号|No|会員", before) and not _TEL_LABEL.search(before) else 0.0
    return worth


def _grouped(value: str) -> str:
    return re.sub("-+", "-", value).strip("-")


def _registrations_in(text: str) -> list[tuple[str, bool]]:
    """Possible numbers, and whether a T (or what it is misread as) stands before them."""
    text = mended_digits(text)
    found = [
        ("T" + re.sub(r"\D", "", match["digits"]), match["prefix"] in ("T", "丁"))
        for match in _REGISTRATION.finditer(text)
    ]
    return [*found, *(("T" + match[0][1:], True) for match in _T_AS_DIGIT.finditer(text))]


def _is_receipt_number(number: str) -> bool:
    digits = re.sub(r"\D", "", number)
    is_registration = len(digits) in (13, 14) and re.fullmatch(r"T?[\d-]+", number) is not None
    return 3 <= len(digits) <= 20 and not any(dates_in(number)) and not is_registration
