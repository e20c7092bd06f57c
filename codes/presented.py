"""Which code somebody types, scans or shows at the till: one statement, with all that a use of it needs."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from accounts.models import Agency
from campaigns.models import Prize
from codes.models import CodeBatch, CodeStatus, GiftCode
from codes.presentation import number_indexes, read_token, scanned_number
from codes.sealing import code_indexes
from core import rows

PRESENTABLE = (CodeStatus.ISSUED, CodeStatus.PRINTED, CodeStatus.VOID)  # a void one is known, and refused as blocked
GIVEN_OUT = f"""
SELECT {rows.columns(GiftCode, "g")}, {rows.columns(Prize, "p")}, {rows.columns(CodeBatch, "b")},
    {rows.columns(Agency, "a")}
FROM codes_giftcode g JOIN campaigns_prize p ON p.id = g.prize_id JOIN codes_codebatch b ON b.id = g.batch_id
    JOIN accounts_agency a ON a.id = g.agency_id
WHERE g.agency_id = %s AND g.status IN ({rows.places(PRESENTABLE)}) AND g.issued_at IS NOT NULL
"""  # noqa: S608 names of columns only


def presented_code(*, agency_id: int, presented: str, is_held: bool = False) -> GiftCode | None:
    """Find the code that is meant, if this agency gave it out, with its prize, batch and agency.

    With `is_held` its row is as everybody else has left it, and is held until the transaction ends. It says which code
    is meant, not whether what the phone shows is still good: a till that asks again about a sale that it has made has
    to find it. `codes.services.check_presentation` and `consume_presentation` judge that.

    Raises:
        CodeNotAccepted: it has the form of a phone's token, and is not one of ours.
    """
    if shown := read_token(presented):
        return _given_out(agency_id, "g.public_id = %s", [shown.code_id], is_held=is_held)
    if number := scanned_number(presented):
        indexes = number_indexes(number)
        shown_as = f"SELECT gift_code_id FROM codes_shownnumber WHERE number_index IN ({rows.places(indexes)})"  # noqa: S608
        if found := _given_out(agency_id, f"g.id IN ({shown_as})", indexes, is_held=is_held):
            return found
    typed = code_indexes(agency_id=agency_id, code=presented)
    return _given_out(agency_id, f"g.code_index IN ({rows.places(typed)})", typed, is_held=is_held)


def _given_out(agency_id: int, condition: str, values: Sequence[Any], *, is_held: bool) -> GiftCode | None:
    """Two at most, if a code came in again under another index key: then the first."""
    statement = f"{GIVEN_OUT} AND {condition} ORDER BY g.id{rows.lock('g') if is_held else ''}"
    found = rows.many(statement, [agency_id, *(status.value for status in PRESENTABLE), *values])
    return min(map(_read, found), key=attrgetter("pk"), default=None)


def _read(values: Sequence[Any]) -> GiftCode:
    gift_code: GiftCode
    gift_code, gift_code.prize, gift_code.batch, gift_code.agency = rows.apart(
        values, GiftCode, Prize, CodeBatch, Agency
    )
    return gift_code
