"""Undo a use, in full or in part: a reversal on its business day, a refund afterwards."""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts import audit
from campaigns.models import Store
from codes.errors import AlreadyReversed, AmountOutOfRange, RedemptionNotFound, ReversalTooLarge
from codes.models import DisputeStatus, GiftCode, OfflineDispute, Redemption, RedemptionKind, Tombstone
from codes.selectors import is_buried, redemption_of_transaction
from codes.services.journaling import journal_after_commit, journal_undoing
from codes.services.redemption.days import day_of_booking
from codes.services.redemption.finding import find_store
from codes.services.redemption.ledger import post_return
from codes.services.redemption.redeeming import hold_transaction
from core.crashpoints import crashpoint

ACTIONS = {RedemptionKind.REVERSAL: "code.reversed", RedemptionKind.REFUND: "code.refunded"}


@transaction.atomic
def reverse_redemption(
    *,
    agency_id: int,
    redemption_public_id: str,
    now: datetime,
    amount_jpy: int | None = None,
    reason: str = "",
    store_id: int | None = None,
    api_key_id: int | None = None,
    call_hashes: str = "",
) -> Redemption:
    """Give an amount of a redemption back to its code, or all that has not been given back yet.

    Raises:
        RedemptionNotFound: none of this agency (and store, if one is given).
        AlreadyReversed: all of it was given back before.
        ReversalTooLarge: less of it is left.
        AmountOutOfRange: not an amount.
    """
    found = Redemption.objects.filter(agency_id=agency_id, public_id=redemption_public_id, kind=RedemptionKind.REDEEM)
    if store_id is not None:
        found = found.filter(store_id=store_id)
    original = found.select_related("store").first()
    if original is None:
        raise RedemptionNotFound
    details = {"reason": reason, "api_key_id": api_key_id, "call_hashes": call_hashes}
    return _give_back(original, amount_jpy, now, **details)


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
    hold_transaction(store, pos_transaction_id)
    if not is_buried(agency_id=agency_id, store_id=store.pk, pos_transaction_id=pos_transaction_id):
        _bury(store, pos_transaction_id, now, reason, api_key_id)
    sale = redemption_of_transaction(agency_id=agency_id, store_id=store.pk, pos_transaction_id=pos_transaction_id)
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
    for dispute in open_ones.filter(pos_transaction_id=pos_transaction_id).order_by("pk").select_for_update():
        dispute.move_to(DisputeStatus.NO_CLAIM, note=_("The till has undone this sale."), resolved_at=now)
        audit.record("dispute.resolved", subject=dispute, actor_label=store.code, borne_by=str(DisputeStatus.NO_CLAIM))


def _give_back(original: Redemption, amount_jpy: int | None, now: datetime, **details: Any) -> Redemption:
    if amount_jpy is not None and amount_jpy < 1:
        raise AmountOutOfRange
    day = day_of_booking(original.store, now)
    gift_code = GiftCode.objects.select_for_update().get(pk=original.gift_code_id)
    original.refresh_from_db(fields=["reversed_jpy"])
    left = original.amount_jpy - original.reversed_jpy
    amount = left if amount_jpy is None else amount_jpy
    _take_from_use(original, amount)
    is_same_day = original.business_day is None or day <= original.business_day
    reversal = Redemption.objects.create(
        agency_id=original.agency_id,
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
    post_return(reversal)
    journal_after_commit(redemption=reversal, now=now)
    action = ACTIONS[RedemptionKind(reversal.kind)]
    audit.record(action, subject=reversal, actor_label=original.store.code, reason=details["reason"], amount_jpy=amount)
    crashpoint("reverse.before_commit")
    transaction.on_commit(partial(crashpoint, "reverse.after_commit"))
    return reversal


def _take_from_use(original: Redemption, amount: int) -> None:
    uses = Redemption.objects.filter(pk=original.pk)
    if amount and uses.filter(reversed_jpy__lte=F("amount_jpy") - amount).update(
        reversed_jpy=F("reversed_jpy") + amount
    ):
        return
    if uses.filter(reversed_jpy__gte=F("amount_jpy")).exists():
        raise AlreadyReversed
    raise ReversalTooLarge


def _credit(gift_code: GiftCode, amount: int, *, frees_a_use: bool) -> int:
    balance = gift_code.balance_jpy + amount
    changes: dict[str, Any] = {"redeemed_at": None} if balance == gift_code.face_value_jpy else {}
    if frees_a_use and gift_code.use_count:
        changes["use_count"] = F("use_count") - 1
    GiftCode.objects.filter(pk=gift_code.pk).update(balance_jpy=F("balance_jpy") + amount, **changes)
    return balance
