"""Uses that a till took without a connection and reports later: the first report wins, the loser is a dispute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from accounts import audit
from campaigns.models import Store
from codes.conditions import NO_DETAILS, Conditions, Purchase
from codes.errors import CodeNotAccepted, CodeTokenExpired, OccurredAtNotAccepted, OfflineLimitExceeded
from codes.journal import pos_names
from codes.models import DisputeStatus, GiftCode, OfflineDispute, Redemption, RedemptionKind
from codes.offline_phones import PhoneShift, check_phone
from codes.selectors import code_index, redemption_of_transaction
from codes.services.journaling import journal_dispute
from codes.services.redemption.days import day_lock
from codes.services.redemption.finding import find_code, find_store
from codes.services.redemption.past import facts_of
from codes.services.redemption.redeeming import Sale, basket_lock, book_sale, is_same_sale, known_sale, transaction_lock
from core.errors import DomainError
from core.named_locks import hold, hold_all

CLOCK_MAY_BE_AHEAD = timedelta(minutes=5)
REPORTED_WITHIN = timedelta(days=7)

Made = Redemption | OfflineDispute


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
    earlier = _earlier(store, uses)
    answers = {}
    for place in _in_order(agency_id, uses):
        sale = _sale(store, uses[place], terminal=terminal, api_key_id=api_key_id)
        answers[place] = _report(sale, earlier[sale.pos_transaction_id], now, shift)
    return [answers[place] for place in range(len(uses))]


def _in_order(agency_id: int, uses: Sequence[OfflineUse]) -> list[int]:
    """Give the places of uses as they are booked: of one number the first that was sent, as if sent one by one.

    Else by code, so that two reports with the same codes take their locks in one order.
    """
    first = {use.pos_transaction_id: place for place, use in reversed(list(enumerate(uses)))}
    indexes = [code_index(agency_id=agency_id, code=use.presented) for use in uses]
    return sorted(range(len(uses)), key=lambda place: (first[uses[place].pos_transaction_id] != place, indexes[place]))


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
    journal_dispute(dispute=dispute, now=now)
    return dispute


def _earlier(store: Store, uses: Sequence[OfflineUse]) -> dict[str, list[Made]]:
    """Give what was made of each number before this report: its line, its disputes."""
    made: dict[str, list[Made]] = {}
    for number in {use.pos_transaction_id for use in uses}:
        line = redemption_of_transaction(agency_id=store.agency_id, store_id=store.pk, pos_transaction_id=number)
        made[number] = [line] if line else []
    sent = {name: number for number in made for name in pos_names(store.pk, number)}
    for dispute in OfflineDispute.objects.filter(store=store, pos_transaction_id__in=sent).order_by("pk"):
        made[sent[dispute.pos_transaction_id]].append(dispute)
    return made


def _sale(store: Store, use: OfflineUse, *, terminal: str, api_key_id: int | None) -> Sale:
    return Sale(
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


def _report(sale: Sale, earlier: list[Made], now: datetime, shift: PhoneShift | None) -> OfflineAnswer:
    number, gift_code = sale.pos_transaction_id, _code_of(sale)
    made = _made_before(sale, gift_code, earlier)
    if isinstance(made, Redemption):
        return OfflineAnswer(number, "known", redemption=made)
    if made is not None:
        return OfflineAnswer(number, "disputed", made.reason_code)
    try:
        with transaction.atomic():
            found = find_code(sale.store.agency_id, sale.presented, is_held=True)
            facts = facts_of(found, sale.store.pk, number)
            if known := known_sale(sale, found, facts.past):
                return OfflineAnswer(number, "known", redemption=known)
            _check_report(sale, found, facts.conditions, now, shift)
            return OfflineAnswer(number, "booked", redemption=book_sale(sale, found, facts, now))
    except DomainError as refusal:
        dispute = _dispute(sale, None if _is_unknown(refusal) else gift_code, refusal.code, now)
        return OfflineAnswer(number, "disputed", dispute.reason_code)


def _code_of(sale: Sale) -> GiftCode | None:
    try:
        return find_code(sale.store.agency_id, sale.presented)
    except (CodeNotAccepted, CodeTokenExpired):
        return None


def _made_before(sale: Sale, gift_code: GiftCode | None, earlier: list[Made]) -> Made | None:
    """Find what an earlier report of this use made; one number may have been sent for several codes or amounts.

    A code that is not known now may have been then, as a one-time number is forgotten after a day, or the other way.
    """
    named = gift_code.pk if gift_code else None
    same = [
        row
        for row in earlier
        if row.amount_jpy == sale.amount_jpy
        and (named is None or row.gift_code_id in (None, named))
        and (isinstance(row, OfflineDispute) or is_same_sale(sale, row.gift_code_id, row))
    ]
    return min(same, key=lambda row: row.gift_code_id != named, default=None)


def _is_unknown(refusal: DomainError) -> bool:
    return isinstance(refusal, CodeNotAccepted | CodeTokenExpired)


def _check_report(
    sale: Sale, gift_code: GiftCode, conditions: Conditions, now: datetime, shift: PhoneShift | None
) -> None:
    """Refuse what a store may not report; two reports of one store add up under the code's lock."""
    store, at, amount = sale.store, sale.occurred_at or now, sale.amount_jpy or 0
    if not now - REPORTED_WITHIN <= at <= now + CLOCK_MAY_BE_AHEAD:
        raise OccurredAtNotAccepted
    if shift is not None:
        check_phone(store=store, terminal=sale.terminal, conditions=conditions, amount_jpy=amount, at=at, shift=shift)
    taken = Redemption.objects.filter(
        gift_code=gift_code, store=store, kind=RedemptionKind.REDEEM, is_offline=True
    ).aggregate(jpy=Sum("amount_jpy") - Sum("reversed_jpy"))["jpy"]
    if (taken or 0) + amount > store.offline_limit_jpy:
        raise OfflineLimitExceeded


def _dispute(sale: Sale, gift_code: GiftCode | None, reason_code: str, now: datetime) -> OfflineDispute:
    dispute, is_new = OfflineDispute.objects.get_or_create(
        agency_id=sale.store.agency_id,
        store=sale.store,
        gift_code=gift_code,
        pos_transaction_id=sale.pos_transaction_id,
        amount_jpy=sale.amount_jpy or 0,
        defaults={
            "terminal": sale.terminal,
            "goods": sale.purchase.goods,
            "occurred_at": sale.occurred_at or now,
            "received_at": now,
            "reason_code": reason_code,
        },
    )
    if is_new:
        audit.record("use.disputed", subject=dispute, actor_label=sale.store.code, reason_code=reason_code)
        journal_dispute(dispute=dispute, now=now)
    return dispute
