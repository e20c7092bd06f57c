"""What a till is told before it redeems; checking changes nothing."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from campaigns.models import UseConditions
from codes.conditions import (
    NO_CONDITIONS,
    NO_DETAILS,
    Conditions,
    Purchase,
    Use,
    judge_use,
    most_jpy,
    usable_until,
    uses_left,
)
from codes.errors import Locked, StoreNotAllowed
from codes.models import CodeLock
from codes.selectors import others_in_basket
from codes.services.presenting import check_presentation
from codes.services.redemption.finding import find_code
from codes.services.redemption.past import facts_of
from core.errors import DomainError


@dataclass(frozen=True)
class CodeState:
    """Whether a code could be used, until when and how often; if not, why. `amount_jpy` is what this use would take."""

    is_redeemable: bool
    refusal_code: str | None
    prize_name: str
    balance_jpy: int
    expires_at: datetime | None
    max_amount_jpy: int = 0
    amount_jpy: int = 0
    conditions: Conditions = NO_CONDITIONS
    use_conditions: UseConditions | None = None
    uses_left: int | None = None


def check_code(
    *,
    agency_id: int,
    presented: str,
    store_id: int,
    now: datetime,
    amount_jpy: int | None = None,
    purchase: Purchase = NO_DETAILS,
    lock_public_id: uuid.UUID | None = None,
) -> CodeState:
    """Tell whether a code could be redeemed now, and if not, why.

    Raises:
        CodeNotAccepted: not a code that this agency gave out.
    """
    gift_code = find_code(agency_id, presented)
    facts = facts_of(gift_code, store_id)
    conditions = facts.conditions
    refusal: str | None = None
    amount = 0
    try:
        if facts.store is None:
            raise StoreNotAllowed(store_id=store_id)
        others = others_in_basket(gift_code, store_id, purchase.basket_id)
        use = Use(store_id, now, amount_jpy, purchase, others, is_question=True)
        amount = judge_use(gift_code, conditions, use)
        check_not_locked(facts.lock, now, lock_public_id)
        check_presentation(gift_code=gift_code, presented=presented, now=now)
    except DomainError as error:
        refusal = error.code
    return CodeState(
        is_redeemable=refusal is None,
        refusal_code=refusal,
        prize_name=gift_code.prize.name,
        balance_jpy=gift_code.balance_jpy,
        expires_at=usable_until(gift_code, conditions),
        max_amount_jpy=most_jpy(gift_code, conditions, purchase) if refusal is None else 0,
        amount_jpy=amount if refusal is None else 0,
        conditions=conditions,
        use_conditions=facts.use_conditions,
        uses_left=uses_left(gift_code, conditions.use_limit),
    )


def check_not_locked(lock: CodeLock | None, now: datetime, own_lock: uuid.UUID | None) -> None:
    """Refuse a code that is set aside for another cart; a lock of one's own or one that has ended may go.

    Raises:
        Locked: it is.
    """
    if lock is not None and lock.expires_at > now and lock.public_id != own_lock:
        raise Locked
