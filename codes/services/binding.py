"""Who may open a prize: the first one who does, told again by device, LINE account or PIN (T06).

An award is bound in the transaction that shows its code for the first time, under the row's lock: of two devices at
the same moment one is bound, and the other is told so.
"""

import re
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import Q
from django.utils.crypto import constant_time_compare

from accounts import audit
from campaigns.models import ClaimBinding
from codes.errors import (
    AwardVoided,
    BoundElsewhere,
    ClaimNotMoved,
    ClaimPaused,
    ClaimPinWrong,
    LineProofNeeded,
    PinNotUsable,
)
from codes.holders import Holder, device_digest, holder_obstacle
from codes.links import moving_ticket
from codes.models import Award

PIN_TRIES = 5
PIN_PAUSE = timedelta(minutes=15)  # doubled with every five wrong tries, up to a day
LONGEST_PIN_PAUSE = timedelta(days=1)


def hold_award(award: Award, holder: Holder, *, new_pin_hash: str, now: datetime) -> None:
    """Bind an award, whose row is locked, to its first holder; refuse everybody else.

    Raises:
        BoundElsewhere, LineProofNeeded, ClaimPinWrong: this is not the holder.
    """
    obstacle = holder_obstacle(award, holder)
    if obstacle == "new_pin" and new_pin_hash:
        _bind(award, now, pin_hash=new_pin_hash)
    elif obstacle in ("new_pin", "pin"):
        raise ClaimPinWrong(award_id=award.pk)
    elif obstacle == "line":
        raise LineProofNeeded(award_id=award.pk)
    elif obstacle == "device":
        raise BoundElsewhere(award_id=award.pk)
    elif award.bound_at is None:
        _bind_to_what_was_shown(award, holder, now)


def prove_pin(*, award_id: int, pin: str, now: datetime) -> str:
    """Check a typed PIN before the code is shown; at the first opening, give the hash of the one that is chosen.

    A try is counted before it is looked at, so that many at once are no more than five. An empty answer: it was right.

    Raises:
        ClaimPaused: too many wrong tries.
        ClaimPinWrong: it is another one.
        PinNotUsable: it cannot be chosen.
    """
    pin_hash = Award.objects.values_list("pin_hash", flat=True).get(pk=award_id)
    if not pin_hash:
        check_new_pin(pin)
        return make_password(pin)
    _count_try(award_id, now)
    if not check_password(pin, pin_hash):
        raise ClaimPinWrong(award_id=award_id)
    Award.objects.filter(pk=award_id, pin_hash=pin_hash).update(pin_failures=0, pin_paused_until=None)
    return ""


def check_new_pin(pin: str) -> None:
    """Refuse a PIN that the first guess would find.

    Raises:
        PinNotUsable: it is not 4 to 8 digits, or they are all the same or in a row.
    """
    if not re.fullmatch(r"[0-9]{4,8}", pin) or len(set(pin)) == 1 or pin in "01234567890" or pin in "09876543210":
        raise PinNotUsable


@transaction.atomic
def move_award(*, award_id: int, ticket: str, device: str, now: datetime) -> Award:
    """Bind an award to the one new device that opens the link sent to its winner; the old device is let go.

    Raises:
        AwardVoided: it was withdrawn.
        ClaimNotMoved: the link was used, or the award was bound anew since.
    """
    award = Award.objects.select_for_update().get(pk=award_id)
    if award.voided_at is not None:
        raise AwardVoided
    if not device or not award.device_digest or not constant_time_compare(ticket, moving_ticket(award)):
        raise ClaimNotMoved(award_id=award_id)
    _bind(award, now, device_digest=device_digest(award, device))
    audit.record("claim.moved", subject=award, actor_label="holder")
    return award


@transaction.atomic
def unbind_award(*, award_id: int, reason: str, now: datetime, actor_id: int | None = None) -> Award:
    """Let whoever opens the award next be its holder; for a winner who has lost his device, account or PIN."""
    award = Award.objects.select_for_update().get(pk=award_id)
    if award.bound_at is None:
        return award
    award.bound_at = award.bound_identity = award.pin_paused_until = None
    award.device_digest, award.pin_hash, award.pin_failures = "", "", 0
    award.save(
        update_fields=[
            "bound_at",
            "bound_identity",
            "device_digest",
            "pin_hash",
            "pin_failures",
            "pin_paused_until",
            "updated_at",
        ]
    )
    audit.record("claim.unbound", subject=award, actor_id=actor_id, reason=reason)
    return award


def _bind_to_what_was_shown(award: Award, holder: Holder, now: datetime) -> None:
    binding = award.entry.campaign.claim_binding
    if binding == ClaimBinding.LINE:
        _bind(award, now, bound_identity_id=holder.identity_id)
    elif binding == ClaimBinding.DEVICE:
        if not holder.device:
            raise BoundElsewhere(award_id=award.pk)
        _bind(award, now, device_digest=device_digest(award, holder.device))


def _bind(award: Award, now: datetime, **marks: object) -> None:
    Award.objects.filter(pk=award.pk).update(bound_at=now, **marks)
    audit.record("claim.bound", subject=award, by=award.entry.campaign.claim_binding)


def _count_try(award_id: int, now: datetime) -> None:
    """Count one try of a PIN, by a conditional update that only one of several at the same moment can make."""
    free = Q(pin_paused_until__isnull=True) | Q(pin_paused_until__lte=now)
    while True:
        known = Award.objects.only("pin_failures", "pin_paused_until").get(pk=award_id)
        if known.pin_paused_until is not None and known.pin_paused_until > now:
            raise ClaimPaused(known.pin_paused_until)
        tries = known.pin_failures + 1
        pause = (
            min(PIN_PAUSE * 2 ** min(tries // PIN_TRIES - 1, 7), LONGEST_PIN_PAUSE) if tries % PIN_TRIES == 0 else None
        )
        counted = Award.objects.filter(free, pk=award_id, pin_failures=known.pin_failures)
        if counted.update(pin_failures=tries, pin_paused_until=now + pause if pause else None):
            return
