"""The books: every yen that a code moves leaves one account and reaches another; rows are only ever added.

The caller holds the code's row.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts import audit
from campaigns.models import PrizeKind
from codes.books import CLOSING, codes_to_close
from codes.conditions import USABLE
from codes.models import CodeStatus, GiftCode, LedgerAccount, LedgerTransfer, Redemption
from core import rows

CHUNK = 500
MOVED = """
SELECT from_account, to_account, SUM(amount_jpy) FROM codes_ledgertransfer WHERE gift_code_id = %s
GROUP BY from_account, to_account
"""


@dataclass(frozen=True)
class _Standing:
    """Where a code's yen are: `closed_into` holds what was left, if it was closed and not opened again."""

    is_open: bool
    closed_into: LedgerAccount | None


def post_use(redemption: Redemption) -> None:
    """Book what a store is owed for a use."""
    gift_code, at = redemption.gift_code, redemption.at
    standing = _standing(gift_code)
    moves = _opening(gift_code, at, standing)
    if standing.closed_into:  # its time was prolonged after it had lapsed
        left = redemption.balance_after_jpy + redemption.amount_jpy
        moves.append(_move(gift_code, standing.closed_into, LedgerAccount.CODE, left, at))
    rows.add_all([*moves, _move_for(redemption, LedgerAccount.CODE, LedgerAccount.STORE)])


def post_return(redemption: Redemption) -> None:
    """Book what a store gives back; onto a code that is void or lapsed it goes no further than the campaign's books."""
    gift_code, jpy = redemption.gift_code, redemption.amount_jpy
    moves = [_move_for(redemption, LedgerAccount.STORE, LedgerAccount.CODE)]
    if closed_into := _standing(gift_code).closed_into:
        moves.append(_move(gift_code, LedgerAccount.CODE, closed_into, jpy, redemption.at))
    rows.add_all(moves)


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


def _opening(gift_code: GiftCode, at: datetime, standing: _Standing) -> list[LedgerTransfer]:
    if standing.is_open:
        return []
    return [_move(gift_code, LedgerAccount.PROGRAM, LedgerAccount.CODE, gift_code.face_value_jpy, at)]


def _standing(gift_code: GiftCode) -> _Standing:
    moved = {(source, target): jpy for source, target, jpy in rows.many(MOVED, [gift_code.pk])}
    for account in CLOSING:
        gone = sum(jpy for (_source, target), jpy in moved.items() if target == account)
        back = sum(jpy for (source, _target), jpy in moved.items() if source == account)
        if gone > back:
            return _Standing(is_open=True, closed_into=LedgerAccount(account))
    return _Standing(any(source == LedgerAccount.PROGRAM for source, _target in moved), None)


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
