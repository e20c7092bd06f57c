"""Whose receipt it is: the shop's name and its branch, out of the heading."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from receipts.ocr.parsing.dates import dates_in
from receipts.ocr.parsing.labels import is_address, kind_of
from receipts.ocr.parsing.rows import Row
from receipts.ocr.parsing.text import squash
from receipts.ocr.parsing.yen import last_amount

HEADING_ROWS = 9
FOOT_ROWS = 3  # above the telephone, where the shop stands at the foot
_NOT_A_NAME = re.compile(
    r"領収|レシート|明細|毎度|ありがとう|いらっしゃい|またの|来店|登録番号|事業者|http|www|営業|担当|取引|伝票|お客様|お買|印紙|番号|責|電話|問|上様|但し|内訳|^No|^Date|^Tel",
    re.IGNORECASE,
)
_TEL_TAIL = re.compile(
    r"[\s/|:]*(?:TEL|℡|電話|☎|FAX|(?:[TIFEL]{2,3}[.,:]?\s?)?\(?[1-9]?0\d{1,4}[-() ]+\d).*$", re.IGNORECASE
)
_BRANCH = re.compile(r"(?P<before>.*?)(?P<branch>[^\s]{1,16}(?:店|支店|営業所|SS|売店|本店|出張所))\s*$")
# The recogniser drops the space between name and branch: part them behind what a trade is called, or where kana end.
_GLUED = re.compile(
    r"(?P<name>.{1,}?(?:[屋房堂亭軒庵館園舗]|薬局|食堂|酒場|書店|商店|マート|ストアー?|スーパー|ドラッグ|センター|カフェ|ベーカリー|食料?品|青果|鮮魚|精肉|雑貨|文具|洋品|薬品|物産|商会|工房))"
    r"(?P<branch>[^店]{2,}店)$"
)
_GLUED_SCRIPTS = re.compile(
    r"(?P<name>.*[ァ-ヺーA-Za-z\d]{2})(?P<branch>(?<![ヶケノツ])(?!丁目)[一-鿿][^ァ-ヺA-Za-z]*店)$"
)
_GLUED_HIRAGANA = re.compile(r"(?P<name>.*[ぁ-ん]{3}(?<![がの]))(?P<branch>[一-鿿]{2,}店)$")
_KANA_BEFORE_STATION = re.compile(r"([ァ-ヺー]{2,})駅")
_STAMP = re.compile(r"\s*(?:[領頷額解][収取牧]印?|収入印紙|印紙|[(（]?印[)）]?)$")
_COMPANY = re.compile("株式会社|有限会社|合同会社|[(（]株[)）]|[(（]有[)）]")
_JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-鿿]")
_LETTERS = re.compile(r"[ぁ-んァ-ヶ一-鿿A-Za-z]")


@dataclass(frozen=True, slots=True)
class Store:
    """Name and branch with their rows."""

    name: str | None
    name_row: int
    branch: str | None
    branch_row: int


def find_store(rows: Sequence[Row]) -> Store:
    """The name is the first or largest heading; the branch is what ends in 店."""
    names = [(index, text) for index, row in enumerate(rows[:HEADING_ROWS]) if (text := _name_text(row))]
    end = next((i for i, row in enumerate(rows[:HEADING_ROWS]) if any(dates_in(row.text))), HEADING_ROWS)
    later = [(index, text) for index, text in names if kind_of(rows[index].squashed) is None]
    names = [(index, text) for index, text in names if index < max(end, 1)] or _names_at_foot(rows) or later[:1]
    branches = [(index, match) for index, text in names if (match := _BRANCH.match(text))]
    if len(branches) > 1 and not branches[0][1]["before"] and branches[0][0] == names[0][0]:
        branches = branches[1:]  # a shop whose own name ends in 店
    if branches:
        return _with_branch(names, *branches[0])
    plain = [(index, text) for index, text in names if not _COMPANY.search(text)] or names
    if not plain:
        return Store(None, 0, None, 0)
    return Store(_bare(plain[0][1]), plain[0][0], None, 0)


def _names_at_foot(rows: Sequence[Row]) -> list[tuple[int, str]]:
    """Forms of receipt that begin with the sum have their shop at the foot, above its telephone."""
    place = next((i for i, row in enumerate(rows) if i > HEADING_ROWS // 2 and _TEL_TAIL.search(row.text)), None)
    if place is None:
        return []
    near = range(max(0, place - FOOT_ROWS), place + 1)
    return [
        (index, text) for index in near if (text := _name_text(rows[index])) and kind_of(rows[index].squashed) is None
    ]


def _with_branch(names: Sequence[tuple[int, str]], index: int, match: re.Match[str]) -> Store:
    before, branch = match["before"].strip(), match["branch"]
    above = [(i, text) for i, text in names if i < index and not _COMPANY.search(text)]
    if not before and (split := _GLUED.match(branch) or _GLUED_SCRIPTS.match(branch)):
        before, branch = _with_own_name(split["name"], split["branch"])
    if not before and not above and (split := _GLUED_HIRAGANA.match(branch)):
        before, branch = split["name"], split["branch"]
    if before and _LETTERS.search(before):
        return Store(_bare(before), index, branch, index)
    if above:
        row, name = above[-1]
        if not _JAPANESE.search(name) and (split := _GLUED_HIRAGANA.match(branch)):
            branch = split["branch"]  # the name stands above in Latin letters and once more before the branch
        return Store(_bare(name), row, _without_name(branch, [text for _, text in above]), index)
    return Store(_bare(branch), index, branch, index)


def _with_own_name(trade: str, branch: str) -> tuple[str, str]:
    """What is written in katakana between a trade and a station's shop is the shop's name: stations have kanji."""
    if own := _KANA_BEFORE_STATION.match(branch):
        return trade + own[1], branch[own.end(1) :]
    return trade, branch


def _without_name(branch: str, names: Sequence[str]) -> str:
    """The branch without the shop's name printed in front of it."""
    for name in names:
        if branch.startswith(name) and len(branch) > len(name) + 1:
            return branch[len(name) :]
    return branch


def _bare(name: str) -> str:
    return name.strip(" -=*・:<>[]【】「」|")


def _name_text(row: Row) -> str | None:
    text = _STAMP.sub("", _TEL_TAIL.sub("", row.text)).strip()
    if len(_LETTERS.findall(text)) < 2 or (is_address(text) and not _BRANCH.match(text)):
        return None
    if _NOT_A_NAME.search(squash(text)) or any(dates_in(row.text)):
        return None
    if (amount := last_amount(text)) and amount.is_marked:
        return None
    return text
