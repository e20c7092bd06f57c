"""A winner gets his prizes: each with one code out of stock, once, however often it is asked.

On PostgreSQL it is one call of a function in the database (codes/migrations/0003); elsewhere the same steps in Python.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import Enum, auto
from functools import partial

import structlog
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts import audit
from campaigns.models import Prize
from campaigns.services import give_back_budget, spend_again, spend_budget
from codes.claim import TRIES, claim_next_code, wait_for_others
from codes.errors import BudgetSpent, NotEligible, OutOfStock, StockBusy
from codes.links import claim_token, token_index
from codes.models import Award, CodeStatus, GiftCode
from codes.recovered import are_any_recovered, recovered_code_of
from codes.selectors import usable_reservation
from codes.services.granting import award_code
from codes.services.journaling import journal_void, journal_withdrawal
from codes.services.places import take_from_rest, take_place_of
from codes.services.redemption.ledger import withdraw_balance
from codes.services.reserving import award_reserved
from codes.services.shipping import cancel_shipment
from core import rows
from core.errors import DomainError
from core.index_keys import current_key_id
from draws.models import DrawResult

FINAL: dict[str, type[DomainError]] = {"MZ001": NotEligible, "MZ002": OutOfStock, "MZ006": BudgetSpent}
STOCK_BUSY, MORE_TOKENS, KEPT_FOR_ENTRY = "MZ003", "MZ004", "MZ005"


def award_prizes(*, result_id: int, now: datetime) -> list[Award]:
    """Give a winning entry every prize of its course; a repeat returns the same awards.

    Raises:
        NotEligible: the entry has not won.
        OutOfStock: a prize has no code left; nothing is awarded.
        BudgetSpent: the campaign's budget has less left than the prizes are worth; nothing is awarded.
        StockBusy: codes are left but held by others; to be tried again.
    """
    if connection.vendor != "postgresql":
        return award_by_steps(result_id=result_id, now=now)
    given = call_giving("codes_give_prizes", result_id=result_id, now=now)
    if given is None:
        return award_by_steps(result_id=result_id, now=now)
    awards = Award.objects.select_related("gift_code", "prize").in_bulk([line[0] for line in given])
    return [awards[line[0]] for line in given]


def call_giving(function: str, *, result_id: int, now: datetime) -> list[Sequence[int]] | None:
    """Call one of the functions that give prizes, again where it may succeed; raises as `award_prizes`.

    None says that the entry has a code kept for it, which `award_by_steps` gives.

    Each prize needs an id and the index of its claim token, whose key is not in the database; most courses have one
    prize, so more are brought only when they are asked for.
    """
    token_count = 1
    for attempt in range(TRIES):
        try:
            return _in_savepoint(partial(_call, function, result_id, now, token_count))
        except IntegrityError:  # another gives the same result its prizes at this moment: next time they are there
            if attempt == TRIES - 1:
                raise
        except DatabaseError as error:
            refused = getattr(error.__cause__, "sqlstate", "")
            if refused in FINAL:
                raise FINAL[refused](result_id=result_id) from error
            if refused == KEPT_FOR_ENTRY:
                return None
            if refused not in (MORE_TOKENS, STOCK_BUSY):
                raise
            if refused == MORE_TOKENS:
                token_count = Prize.objects.filter(course__results=result_id).count()
            else:
                wait_for_others(attempt)
    raise StockBusy(result_id=result_id)


@transaction.atomic
def void_award(
    *, award_id: int, reason: str, now: datetime, actor_id: int | None = None, is_replaced: bool = False
) -> Award:
    """Withdraw an award and block its code, which never returns to stock; a repeat changes nothing.

    What nobody has seen was not given: its worth returns to the campaign's budget, unless another takes its place.
    Goods that are with the shipper were given; others are not sent, and their address is forgotten.
    """
    award = Award.objects.select_for_update().get(pk=award_id)
    if award.voided_at is not None:
        return award
    award.voided_at = now
    award.save(update_fields=["voided_at", "updated_at"])
    if award.gift_code_id is not None:
        gift_code = GiftCode.objects.select_for_update().get(pk=award.gift_code_id)
        if gift_code.status == CodeStatus.ISSUED:
            gift_code.move_to(CodeStatus.VOID)
            withdraw_balance(gift_code, now)
            journal_void(gift_code=gift_code, now=now)
    journal_withdrawal(award=award, now=now)
    audit.record("award.voided", subject=award, actor_id=actor_id, reason=reason)
    goods_are_out = cancel_shipment(award_id=award_id, now=now)
    if award.revealed_at is None and not is_replaced and not goods_are_out:
        give_back_budget(campaign_id=award.entry.campaign_id, jpy=award.value_jpy, now=now)
    return award


@transaction.atomic
def void_unseen_award(*, award_id: int, reason: str, now: datetime, actor_id: int | None = None) -> bool:
    """Withdraw an award whose code nobody has seen, as `void_award`; False where it was seen, perhaps a moment ago."""
    award = Award.objects.select_for_update().get(pk=award_id)
    if award.revealed_at is not None:
        return False
    void_award(award_id=award_id, reason=reason, now=now, actor_id=actor_id)
    return True


def _in_savepoint[T](act: Callable[[], T]) -> T:
    """A refusal must not spoil the caller's transaction; without one, the call is a transaction of its own."""
    if not connection.in_atomic_block:
        return act()
    with transaction.atomic():
        return act()


def _call(function: str, result_id: int, now: datetime, token_count: int) -> list[Sequence[int]]:
    public_ids = [uuid.uuid4() for _ in range(token_count)]
    indexes = [token_index(claim_token(public_id)) for public_id in public_ids]
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    return rows.many(
        f"SELECT * FROM {function}(%s, %s, %s::uuid[], %s::text[], %s, %s, %s)",  # noqa: S608 a name of ours
        [result_id, now, _array(public_ids), _array(indexes), current_key_id(), request_id, are_any_recovered()],
    )


def _array(values: Iterable[object]) -> str:
    """Write ids or hashes as one text, which the driver passes on in a fraction of the time of a list."""
    return f"{{{','.join(map(str, values))}}}"


@transaction.atomic
def award_by_steps(*, result_id: int, now: datetime) -> list[Award]:
    """Do in Python what the database's function does, and what it leaves: codes reserved or known from the journal."""
    results = DrawResult.objects.select_for_update(of=("self",)).select_related("entry__campaign", "entry__link")
    result = results.get(pk=result_id)
    if result.course_id is None:
        raise NotEligible(result_id=result_id)
    prizes = Prize.objects.filter(course_id=result.course_id).order_by("pk")
    given = [_award(result, prize, now) for prize in prizes]
    campaign_id = result.entry.campaign_id
    if not spend_budget(campaign_id=campaign_id, jpy=_worth(given, Origin.STOCK), now=now):
        raise BudgetSpent(result_id=result_id)
    spend_again(campaign_id=campaign_id, jpy=_worth(given, Origin.JOURNAL), now=now)
    return [award for award, _origin in given]


def new_award(result: DrawResult, prize: Prize, *, now: datetime, replaces: Award | None = None) -> Award:
    """Take a code and hold it for a winner, in the caller's transaction; raises as `award_prizes`.

    In place of another award it takes what is left for everybody: the entry's own place has given its share already.
    """
    gift_code = claim_next_code(prize_id=prize.pk, now=now) if prize.needs_code else None
    if replaces is not None:
        take_from_rest(prize=prize, now=now)
    elif gift_code is not None:
        take_place_of(prize=prize, entry=result.entry, now=now)
    return award_code(result=result, prize=prize, gift_code=gift_code, now=now, replaces=replaces)


class Origin(Enum):
    """Where an award comes from: it counts towards the budget now, did so before, or counts whatever is left."""

    STOCK = auto()
    COUNTED = auto()  # known, or its code was reserved
    JOURNAL = auto()


def _worth(given: Iterable[tuple[Award, Origin]], origin: Origin) -> int:
    return sum(award.value_jpy for award, found in given if found is origin)


def _award(result: DrawResult, prize: Prize, now: datetime) -> tuple[Award, Origin]:
    known = Award.objects.filter(entry_id=result.entry_id, prize=prize, voided_at__isnull=True).first()
    if known is not None:
        return known, Origin.COUNTED
    if not prize.needs_code:
        return new_award(result, prize, now=now), Origin.STOCK
    if kept := recovered_code_of(entry=result.entry, prize_id=prize.pk):  # given before a restore: the same once more
        award = award_code(
            result=result,
            prize=prize,
            gift_code=kept.gift_code,
            now=now,
            public_id=kept.award_public_id,
            token_key_id=kept.token_key_id,
        )
        return award, Origin.JOURNAL
    if reservation := usable_reservation(entry=result.entry, prize_id=prize.pk, now=now):
        return award_reserved(reservation_id=reservation.pk, result_id=result.pk, now=now), Origin.COUNTED
    return new_award(result, prize, now=now), Origin.STOCK
