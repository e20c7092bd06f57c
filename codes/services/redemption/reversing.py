"""Undo a use, in full or in part: a reversal on its business day, a refund afterwards."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Agency
from campaigns.models import Store
from codes.errors import AlreadyReversed, AmountOutOfRange, RedemptionNotFound, ReversalTooLarge
from codes.journal import pos_names
from codes.models import CodeBatch, DisputeStatus, GiftCode, OfflineDispute, Redemption, RedemptionKind, Tombstone
from codes.services.journaling import journal_after_commit, journal_dispute, journal_undoing
from codes.services.redemption.days import day_lock, open_day
from codes.services.redemption.finding import find_store
from codes.services.redemption.ledger import moves_of_return
from codes.services.redemption.past import before_return, past_of
from codes.services.redemption.redeeming import transaction_lock
from core import rows
from core.crashpoints import crashpoint
from core.named_locks import hold, hold_all

USE = f"""
SELECT {rows.columns(Redemption, "r")}, {rows.columns(Store, "s")}, {rows.columns(Agency, "a")},
    {rows.columns(GiftCode, "g")}, {rows.columns(CodeBatch, "b")}
FROM codes_redemption r JOIN campaigns_store s ON s.id = r.store_id JOIN accounts_agency a ON a.id = r.agency_id
    JOIN codes_giftcode g ON g.id = r.gift_code_id JOIN codes_codebatch b ON b.id = g.batch_id
WHERE r.public_id = %s AND r.agency_id = %s AND r.kind = 'redeem'
"""  # noqa: S608 names of columns only
GIVE_BACK = """
UPDATE codes_redemption SET reversed_jpy = reversed_jpy + %s WHERE id = %s AND reversed_jpy <= amount_jpy - %s
"""
CREDIT = """
UPDATE codes_giftcode SET balance_jpy = balance_jpy + %s, use_count = use_count - %s,
    redeemed_at = CASE WHEN balance_jpy + %s = face_value_jpy THEN NULL ELSE redeemed_at END
WHERE id = %s RETURNING balance_jpy
"""
ACTIONS = {RedemptionKind.REVERSAL: "code.reversed", RedemptionKind.REFUND: "code.refunded"}


def reverse_in_transaction(
    *,
    agency_id: int,
    redemption_public_id: UUID | str,
    now: datetime,
    amount_jpy: int | None = None,
    reason: str = "",
    store_id: int | None = None,
    api_key_id: int | None = None,
    call_hashes: str = "",
) -> Redemption:
    """Give an amount of a redemption back to its code, or all that has not been given back yet.

    In the caller's transaction, which a refusal has to undo; `reverse_redemption` does it in one of its own.

    Raises:
        RedemptionNotFound: none of this agency (and store, if one is given).
        AlreadyReversed: all of it was given back before.
        ReversalTooLarge: less of it is left.
        AmountOutOfRange: not an amount.
    """
    original = _use(agency_id, UUID(str(redemption_public_id)))
    if original is None or store_id not in (None, original.store_id):
        raise RedemptionNotFound
    details = {"reason": reason, "api_key_id": api_key_id, "call_hashes": call_hashes}
    return _give_back(original, amount_jpy, now, **details)


reverse_redemption = transaction.atomic(reverse_in_transaction)


@transaction.atomic
def reverse_transaction(
    *,
    agency_id: int,
    store_id: int,
    pos_transaction_id: str,
    now: datetime,
    reason: str = "",
    api_key_id: int | None = None,
) -> Redemption | None:
    """Undo a sale whose answer the till never got, known or not; should it still arrive, it is refused.

    Returns the line that gave the last of it back; None where the sale is unknown. A repeat changes nothing.

    Raises:
        StoreNotAllowed: not an active store of the agency.
    """
    store = find_store(agency_id, store_id)
    hold_all(transaction_lock(store.pk, pos_transaction_id))
    past = past_of(store, pos_transaction_id)
    if not past.is_undone:
        _bury(store, pos_transaction_id, now, reason, api_key_id)
    sale = past.known
    if sale is None or sale.kind != RedemptionKind.REDEEM:
        return None
    try:
        with transaction.atomic():
            return _give_back(sale, None, now, reason=reason, api_key_id=api_key_id)
    except AlreadyReversed:
        return sale.reversals.latest("pk")


def _bury(store: Store, pos_transaction_id: str, now: datetime, reason: str, api_key_id: int | None) -> None:
    stone, is_new = Tombstone.objects.get_or_create(
        agency_id=store.agency_id,
        store=store,
        pos_transaction_id=pos_transaction_id,
        defaults={"at": now, "api_key_id": api_key_id},
    )
    if is_new:
        journal_undoing(stone=stone, now=now)
        audit.record("sale.undone", subject=store, actor_label=store.code, reason=reason)
        _drop_disputes(store, pos_transaction_id, now)


def _drop_disputes(store: Store, pos_transaction_id: str, now: datetime) -> None:
    """Nobody bears what was reported later of a sale that its till has undone."""
    open_ones = OfflineDispute.objects.filter(store=store, status=DisputeStatus.OPEN)
    named = open_ones.filter(pos_transaction_id__in=pos_names(store.pk, pos_transaction_id))
    for dispute in named.order_by("pk").select_for_update():
        dispute.move_to(DisputeStatus.NO_CLAIM, note=_("The till has undone this sale."), resolved_at=now)
        audit.record("dispute.resolved", subject=dispute, actor_label=store.code, borne_by=str(DisputeStatus.NO_CLAIM))
        journal_dispute(dispute=dispute, now=now)


def _give_back(original: Redemption, amount_jpy: int | None, now: datetime, **details: Any) -> Redemption:
    if amount_jpy is not None and amount_jpy < 1:
        raise AmountOutOfRange
    hold(day_lock(original.store_id), shared=True)
    gift_code = rows.locked(GiftCode, original.gift_code_id)
    gift_code.batch, gift_code.agency = original.gift_code.batch, original.agency
    settled_day, reversed_jpy, standing = before_return(original)
    day = open_day(original.store, settled_day, now)
    left = original.amount_jpy - reversed_jpy
    amount = left if amount_jpy is None else amount_jpy
    _take_from_use(original, amount)
    is_same_day = original.business_day is None or day <= original.business_day
    reversal = Redemption(
        agency=original.agency,
        gift_code=gift_code,
        store=original.store,
        kind=RedemptionKind.REVERSAL if is_same_day else RedemptionKind.REFUND,
        amount_jpy=amount,
        balance_after_jpy=_credit(gift_code, amount, frees_a_use=amount == left),
        basket_id=original.basket_id,
        reverses=original,
        at=now,
        business_day=day,
        **details,
    )
    action = ACTIONS[RedemptionKind(reversal.kind)]
    line = audit.line_of(
        action, subject=reversal, actor_label=original.store.code, reason=details["reason"], amount_jpy=amount
    )
    rows.add_together([reversal, *moves_of_return(reversal, standing), line])
    journal_after_commit(redemption=reversal, now=now)
    crashpoint("reverse.before_commit")
    transaction.on_commit(partial(crashpoint, "reverse.after_commit"))
    return reversal


def _use(agency_id: int, public_id: UUID) -> Redemption | None:
    """Read a use with what its undoing needs, in one statement."""
    found = rows.one(USE, [public_id, agency_id])
    if found is None:
        return None
    use: Redemption
    use, use.store, use.agency, use.gift_code, use.gift_code.batch = rows.apart(
        found, Redemption, Store, Agency, GiftCode, CodeBatch
    )
    return use


def _take_from_use(original: Redemption, amount: int) -> None:
    if amount and rows.count(GIVE_BACK, [amount, original.pk, amount]):
        return
    if Redemption.objects.filter(pk=original.pk, reversed_jpy__gte=F("amount_jpy")).exists():
        raise AlreadyReversed
    raise ReversalTooLarge


def _credit(gift_code: GiftCode, amount: int, *, frees_a_use: bool) -> int:
    """Put an amount back; a code that is whole again counts as not used."""
    is_freed = frees_a_use and gift_code.use_count > 0
    balance = rows.one(CREDIT, [amount, 1 if is_freed else 0, amount, gift_code.pk])
    assert balance is not None  # the caller holds the row
    return int(balance[0])
