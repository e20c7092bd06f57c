"""Uses that a till took without a connection and reports later: the first report wins, the loser is a dispute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from accounts import audit
from campaigns.models import Store
from codes.conditions import NO_DETAILS, Purchase, conditions_of
from codes.errors import CodeNotAccepted, CodeTokenExpired, OccurredAtNotAccepted, OfflineLimitExceeded
from codes.models import DisputeStatus, GiftCode, OfflineDispute, Redemption, RedemptionKind
from codes.offline_phones import PhoneShift, check_phone
from codes.selectors import code_index
from codes.services.redemption.days import day_lock
from codes.services.redemption.finding import find_code, find_store
from codes.services.redemption.past import past_of
from codes.services.redemption.redeeming import Sale, basket_lock, book_sale, known_sale, transaction_lock
from core.errors import DomainError
from core.named_locks import hold, hold_all

CLOCK_MAY_BE_AHEAD = timedelta(minutes=5)
REPORTED_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class OfflineUse:
    """One use as the till kept it."""

    presented: str
    amount_jpy: int
    pos_transaction_id: str
    occurred_at: datetime
    purchase: Purchase = NO_DETAILS


@dataclass(frozen=True)
class OfflineAnswer:
    """What became of it: booked now, known from before, or disputed with a reason."""

    pos_transaction_id: str
    result: str
    reason: str | None = None
    redemption: Redemption | None = None


@transaction.atomic
def report_uses(
    *,
    agency_id: int,
    store_id: int,
    uses: Sequence[OfflineUse],
    now: datetime,
    terminal: str = "",
    api_key_id: int | None = None,
    shift: PhoneShift | None = None,
) -> list[OfflineAnswer]:
    """Book what can still be booked; each of the others becomes a dispute. A repeat answers the same.

    `shift` says that a staff phone took them, and when it might: then the store's limits of a phone hold as well.

    Raises:
        StoreNotAllowed: not an active store of the agency.
    """
    store = find_store(agency_id, store_id)
    hold(day_lock(store.pk), shared=True)  # before any code is locked, as everywhere
    if shift is not None:
        hold(f"phone:{store.pk}:{terminal}")  # two reports of one phone add up
    _hold_names(store, uses)
    # Two reports with the same codes take their locks in one order.
    places = sorted(range(len(uses)), key=lambda place: code_index(agency_id=agency_id, code=uses[place].presented))
    answers = {place: _report(store, uses[place], now, terminal, api_key_id, shift) for place in places}
    return [answers[place] for place in range(len(uses))]


def _hold_names(store: Store, uses: Sequence[OfflineUse]) -> None:
    """Hold numbers and purchases of all uses before the first code is locked, in the order of a single sale."""
    numbers = sorted({use.pos_transaction_id for use in uses})
    baskets = sorted({use.purchase.basket_id for use in uses})
    hold_all([name for number in numbers for name in transaction_lock(store.pk, number)])
    hold_all([name for basket_id in baskets for name in basket_lock(store.pk, basket_id)])


@transaction.atomic
def resolve_dispute(
    *, dispute_id: int, status: DisputeStatus, note: str, now: datetime, actor_id: int | None = None
) -> OfflineDispute:
    """Write down who bears a disputed use; final.

    Raises:
        StaleState: somebody has decided before.
    """
    dispute = OfflineDispute.objects.select_for_update().get(pk=dispute_id)
    dispute.move_to(status, note=note, resolved_by_id=actor_id, resolved_at=now)
    audit.record("dispute.resolved", subject=dispute, actor_id=actor_id, reason=note[:200], borne_by=str(status))
    return dispute


def _report(
    store: Store, use: OfflineUse, now: datetime, terminal: str, api_key_id: int | None, shift: PhoneShift | None
) -> OfflineAnswer:
    disputes = OfflineDispute.objects.filter(store=store, pos_transaction_id=use.pos_transaction_id)
    if dispute := disputes.first():
        return OfflineAnswer(use.pos_transaction_id, "disputed", dispute.reason_code)
    sale = Sale(
        store=store,
        presented=use.presented,
        amount_jpy=use.amount_jpy,
        purchase=use.purchase,
        pos_transaction_id=use.pos_transaction_id,
        terminal=terminal,
        occurred_at=use.occurred_at,
        is_offline=True,
        api_key_id=api_key_id,
    )
    gift_code: GiftCode | None = None
    try:
        with transaction.atomic():
            gift_code = find_code(store.agency_id, use.presented)
            past = past_of(store, use.pos_transaction_id)
            if known := known_sale(sale, gift_code, past):
                return OfflineAnswer(use.pos_transaction_id, "known", redemption=known)
            _check_report(sale, gift_code, now, shift)
            return OfflineAnswer(use.pos_transaction_id, "booked", redemption=book_sale(sale, gift_code, past, now))
    except DomainError as refusal:
        _dispute(sale, None if _is_unknown(refusal) else gift_code, refusal.code, now)
        return OfflineAnswer(use.pos_transaction_id, "disputed", refusal.code)


def _is_unknown(refusal: DomainError) -> bool:
    return isinstance(refusal, CodeNotAccepted | CodeTokenExpired)


def _check_report(sale: Sale, gift_code: GiftCode, now: datetime, shift: PhoneShift | None) -> None:
    store, at, amount = sale.store, sale.occurred_at or now, sale.amount_jpy or 0
    if not now - REPORTED_WITHIN <= at <= now + CLOCK_MAY_BE_AHEAD:
        raise OccurredAtNotAccepted
    if shift is not None:
        conditions = conditions_of(gift_code.prize_id)
        check_phone(store=store, terminal=sale.terminal, conditions=conditions, amount_jpy=amount, at=at, shift=shift)
    GiftCode.objects.select_for_update().get(pk=gift_code.pk)  # two reports of one store add up under its lock
    taken = Redemption.objects.filter(
        gift_code=gift_code, store=store, kind=RedemptionKind.REDEEM, is_offline=True
    ).aggregate(jpy=Sum("amount_jpy") - Sum("reversed_jpy"))["jpy"]
    if (taken or 0) + amount > store.offline_limit_jpy:
        raise OfflineLimitExceeded


def _dispute(sale: Sale, gift_code: GiftCode | None, reason_code: str, now: datetime) -> None:
    dispute = OfflineDispute.objects.create(
        agency_id=sale.store.agency_id,
        store=sale.store,
        gift_code=gift_code,
        terminal=sale.terminal,
        pos_transaction_id=sale.pos_transaction_id,
        amount_jpy=sale.amount_jpy or 0,
        goods=sale.purchase.goods,
        occurred_at=sale.occurred_at or now,
        received_at=now,
        reason_code=reason_code,
    )
    audit.record("use.disputed", subject=dispute, actor_label=sale.store.code, reason_code=reason_code)
