"""The books: every yen that a code moves leaves one account and reaches another; rows are only ever added.

The caller holds the code's row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import audit
from campaigns.models import PrizeKind
from codes.books import CLOSING, codes_to_close
from codes.conditions import USABLE
from codes.models import CodeStatus, GiftCode, LedgerAccount, LedgerTransfer, Redemption, RedemptionKind
from core import rows

CHUNK = 500
GONE_INTO = """SUM(CASE WHEN to_account = '{0}' THEN amount_jpy WHEN from_account = '{0}' THEN -amount_jpy END)"""
BOOKED = f"""
SELECT MAX(CASE from_account WHEN '{LedgerAccount.PROGRAM.value}' THEN 1 END) AS is_open,
    {", ".join(f"{GONE_INTO.format(account.value)} AS {account.value}" for account in CLOSING)}
FROM codes_ledgertransfer WHERE gift_code_id = %s
"""  # noqa: S608 names only


@dataclass(frozen=True)
class Standing:
    """Where a code's yen are: `closed_into` holds what was left, if it was closed and not opened again."""

    is_open: bool
    closed_into: LedgerAccount | None


def standing_in(booked: Sequence[Any]) -> Standing:
    """Read what `BOOKED` found."""
    is_open, *gone = booked
    closed = [account for account, jpy in zip(CLOSING, gone, strict=True) if (jpy or 0) > 0]
    return Standing(bool(is_open), closed[0] if closed else None)


def post(redemption: Redemption) -> None:
    """Book a use, or what is given back of one, that stands already."""
    moves_of = moves_of_use if redemption.kind == RedemptionKind.REDEEM else moves_of_return
    rows.add_all(moves_of(redemption, _standing(redemption.gift_code)))


def moves_of_use(redemption: Redemption, standing: Standing) -> list[LedgerTransfer]:
    """Write the postings of what a store is owed for a use, for the caller to add with it."""
    gift_code, at = redemption.gift_code, redemption.at
    moves = _opening(gift_code, at, standing)
    if standing.closed_into:  # its time was prolonged after it had lapsed
        left = redemption.balance_after_jpy + redemption.amount_jpy
        moves.append(_move(gift_code, standing.closed_into, LedgerAccount.CODE, left, at))
    return [*moves, _move_for(redemption, LedgerAccount.CODE, LedgerAccount.STORE)]


def moves_of_return(redemption: Redemption, standing: Standing) -> list[LedgerTransfer]:
    """Write the postings of what a store gives back, for the caller to add with it.

    Onto a code that is void or lapsed it goes no further than the campaign's books.
    """
    gift_code, jpy = redemption.gift_code, redemption.amount_jpy
    moves = [_move_for(redemption, LedgerAccount.STORE, LedgerAccount.CODE)]
    if standing.closed_into:
        moves.append(_move(gift_code, LedgerAccount.CODE, standing.closed_into, jpy, redemption.at))
    return moves


def withdraw_balance(gift_code: GiftCode, now: datetime) -> None:
    """Book the balance of a code of our own that was given out and is now void."""
    if gift_code.issued_at is not None and gift_code.prize.kind == PrizeKind.OWN_CODE:
        _close(gift_code, LedgerAccount.WITHDRAWN, now)


def close_accounts(*, now: datetime) -> int:
    """Book what is left on codes that have expired or were withdrawn; returns how many codes."""
    closed, after = 0, 0
    while chunk := codes_to_close(now, after=after, limit=CHUNK):
        closed += _close_chunk(chunk, now)
        after = chunk[-1]
    return closed


@transaction.atomic
def _close_chunk(ids: list[int], now: datetime) -> int:
    codes = GiftCode.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    closed = sum(_close_if_due(gift_code, now) for gift_code in codes)
    if closed:
        audit.record("books.closed", subject=codes[0], codes=closed)
    return closed


def _close_if_due(gift_code: GiftCode, now: datetime) -> bool:
    """Judge again under the row's lock: it may have been used or prolonged meanwhile."""
    if gift_code.status == CodeStatus.VOID:
        return _close(gift_code, LedgerAccount.WITHDRAWN, now)
    if gift_code.status in USABLE and gift_code.expires_at is not None and gift_code.expires_at <= now:
        return _close(gift_code, LedgerAccount.LAPSED, now)
    return False


def _close(gift_code: GiftCode, account: LedgerAccount, now: datetime) -> bool:
    standing = _standing(gift_code)
    if gift_code.balance_jpy == 0 or standing.closed_into:
        return False
    closing = _move(gift_code, LedgerAccount.CODE, account, gift_code.balance_jpy, now)
    rows.add_all([*_opening(gift_code, now, standing), closing])
    return True


def _opening(gift_code: GiftCode, at: datetime, standing: Standing) -> list[LedgerTransfer]:
    if standing.is_open:
        return []
    return [_move(gift_code, LedgerAccount.PROGRAM, LedgerAccount.CODE, gift_code.face_value_jpy, at)]


def _standing(gift_code: GiftCode) -> Standing:
    return standing_in(rows.one(BOOKED, [gift_code.pk]) or [None] * (1 + len(CLOSING)))


def _move(
    gift_code: GiftCode, source: LedgerAccount, target: LedgerAccount, amount_jpy: int, at: datetime
) -> LedgerTransfer:
    return LedgerTransfer(
        agency_id=gift_code.agency_id,
        gift_code=gift_code,
        from_account=source,
        to_account=target,
        amount_jpy=amount_jpy,
        at=at,
    )


def _move_for(redemption: Redemption, source: LedgerAccount, target: LedgerAccount) -> LedgerTransfer:
    return LedgerTransfer(
        agency_id=redemption.agency_id,
        gift_code_id=redemption.gift_code_id,
        redemption=redemption,
        from_account=source,
        to_account=target,
        store_id=redemption.store_id,
        amount_jpy=redemption.amount_jpy,
        at=redemption.at,
    )
