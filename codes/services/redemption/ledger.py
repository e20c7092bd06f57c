"""The books: every yen that a code moves leaves one account and reaches another; rows are only ever added.

The caller holds the code's row.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, Sum

from accounts import audit
from campaigns.models import PrizeKind
from codes.books import CLOSING, codes_to_close
from codes.conditions import USABLE
from codes.models import CodeStatus, GiftCode, LedgerAccount, LedgerTransfer, Redemption

CHUNK = 500


def post_use(redemption: Redemption) -> None:
    """Book what a store is owed for a use."""
    _open(redemption.gift_code, redemption.at)
    if closed_into := _closed_into(redemption.gift_code):  # its time was prolonged after it had lapsed
        left = redemption.balance_after_jpy + redemption.amount_jpy
        _move(redemption.gift_code, closed_into, LedgerAccount.CODE, left, redemption.at)
    _move_for(redemption, LedgerAccount.CODE, LedgerAccount.STORE)


def post_return(redemption: Redemption) -> None:
    """Book what a store gives back; onto a code that is void or lapsed it goes no further than the campaign's books."""
    closed_into = _closed_into(redemption.gift_code)
    _move_for(redemption, LedgerAccount.STORE, LedgerAccount.CODE)
    if closed_into:
        _move(redemption.gift_code, LedgerAccount.CODE, closed_into, redemption.amount_jpy, redemption.at)


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
    if gift_code.balance_jpy == 0 or _closed_into(gift_code):
        return False
    _open(gift_code, now)
    _move(gift_code, LedgerAccount.CODE, account, gift_code.balance_jpy, now)
    return True


def _open(gift_code: GiftCode, at: datetime) -> None:
    if not gift_code.transfers.filter(from_account=LedgerAccount.PROGRAM).exists():
        _move(gift_code, LedgerAccount.PROGRAM, LedgerAccount.CODE, gift_code.face_value_jpy, at)


def _closed_into(gift_code: GiftCode) -> LedgerAccount | None:
    """Give the account that holds what was left on a code, if it was closed and not opened again."""
    sums = gift_code.transfers.aggregate(
        **{
            f"{side}_{name}": Sum("amount_jpy", filter=Q(**{f"{side}_account": name}))
            for name in CLOSING
            for side in ("to", "from")
        }
    )
    held = (name for name in CLOSING if (sums[f"to_{name}"] or 0) > (sums[f"from_{name}"] or 0))
    return next(held, None)


def _move(gift_code: GiftCode, source: LedgerAccount, target: LedgerAccount, amount_jpy: int, at: datetime) -> None:
    LedgerTransfer.objects.create(
        agency_id=gift_code.agency_id,
        gift_code=gift_code,
        from_account=source,
        to_account=target,
        amount_jpy=amount_jpy,
        at=at,
    )


def _move_for(redemption: Redemption, source: LedgerAccount, target: LedgerAccount) -> None:
    LedgerTransfer.objects.create(
        agency_id=redemption.agency_id,
        gift_code_id=redemption.gift_code_id,
        redemption=redemption,
        from_account=source,
        to_account=target,
        store_id=redemption.store_id,
        amount_jpy=redemption.amount_jpy,
        at=redemption.at,
    )
