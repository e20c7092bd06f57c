"""A code set aside for one cart, for five minutes at most."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction

from accounts import audit
from codes.conditions import Use, conditions_of, judge_use
from codes.errors import LockNotFound
from codes.models import CodeLock
from codes.selectors import lock_of
from codes.services.presenting import check_presentation
from codes.services.redemption.checking import check_not_locked
from codes.services.redemption.finding import find_code, find_store

LONGEST_LOCK_SECONDS = 300


@transaction.atomic
def lock_code(
    *, agency_id: int, presented: str, store_id: int | None, ttl_seconds: int, now: datetime, terminal: str = ""
) -> CodeLock:
    """Keep a code for the cart that asked first; it ends by itself.

    Whether it is good in the store is left to the redemption where the cart names none.

    Raises:
        Locked: it is kept for another cart.
        CodeNotAccepted, CodeTokenExpired and the refusals of `judge_use`: it cannot be used anyway.
    """
    store = None if store_id is None else find_store(agency_id, store_id)
    gift_code = find_code(agency_id, presented, is_held=True)
    judge_use(gift_code, conditions_of(gift_code.prize_id), Use(store_id, now, is_question=True))
    check_not_locked(lock_of(gift_code), now, None)
    check_presentation(gift_code=gift_code, presented=presented, now=now)
    CodeLock.objects.filter(gift_code=gift_code).delete()  # one that has ended
    lock = CodeLock.objects.create(
        agency_id=agency_id,
        gift_code=gift_code,
        store=store,
        terminal=terminal,
        expires_at=now + timedelta(seconds=max(1, min(ttl_seconds, LONGEST_LOCK_SECONDS))),
    )
    audit.record("code.locked", subject=lock, actor_label=store.code if store else "")
    return lock


@transaction.atomic
def release_lock(*, agency_id: int, lock_public_id: uuid.UUID, now: datetime, store_id: int | None = None) -> None:
    """Give a code free before its lock ends.

    Raises:
        LockNotFound: none of this agency (and store, if one is given) that still holds.
    """
    locks = CodeLock.objects.select_for_update().filter(
        agency_id=agency_id, public_id=lock_public_id, expires_at__gt=now
    )
    lock = (locks if store_id is None else locks.filter(store_id=store_id)).first()
    if lock is None:
        raise LockNotFound
    audit.record("code.unlocked", subject=lock)
    lock.delete()


def drop_ended_locks(*, now: datetime) -> int:
    """Delete the locks that have ended; returns how many."""
    return CodeLock.objects.filter(expires_at__lte=now).delete()[0]
