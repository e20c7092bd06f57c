"""返品: a slip that gives money back is no proof of a purchase."""

from __future__ import annotations

import re
from collections.abc import Sequence

from receipts.ocr.parsing.labels import Kind, kind_of
from receipts.ocr.parsing.rows import Row
from receipts.ocr.parsing.yen import amounts_in

_FRAME = r"[*＊※■●◆【】\[\]<>()《》:：#=\-]*"
_SLIP = re.compile(
    rf"{_FRAME}(?:返品|返金|赤|取引?取消し?|取消|売上取消)(?:伝票|レシート|明細書?|票|取引|処理|控え?|伝)+{_FRAME}(?:No\.?|[0-9]|$)|"
    rf"{_FRAME}(?:RETURN|REFUND)(?:RECEIPT|SLIP)?{_FRAME}$",
    re.IGNORECASE,
)
_HEADING = re.compile(rf"{_FRAME}(?:返品|返金|赤伝){_FRAME}$")
_MONEY_BACK = re.compile(r"(?:返金|返品|払い?戻し?)(?:合計|金額|総額|額|計)[:：]?[-▲△]?[¥\\]?[-▲△]?[0-9]")
HEAD = 8  # rows from the top: a lone word further down may be about one of the goods


def is_return_slip(rows: Sequence[Row]) -> bool:
    """Tell whether the paper gives money back: it is headed so, names what is paid back, or its total is negative.

    The footers by which shops say how goods are returned are no such words: they are sentences.
    """
    head = [row.squashed for row in rows[:HEAD]]
    return (
        any(_HEADING.match(text) for text in head)
        or any(_SLIP.match(row.squashed) or _MONEY_BACK.search(row.squashed) for row in rows)
        or any(_is_negative_total(row) for row in rows)
    )


def _is_negative_total(row: Row) -> bool:
    if kind_of(row.squashed) is not Kind.TOTAL:
        return False
    amounts = amounts_in(row.text)
    return bool(amounts) and amounts[-1].value < 0
