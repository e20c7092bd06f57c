"""Messages about a prize that waits: a reminder before its deadline, and a link for another device."""

from datetime import datetime

from django.db import transaction

from accounts import audit
from codes.models import Award
from codes.services import note_reminder, reissue_award
from core.queueing import wake_on_commit
from distribution.errors import NoContact
from distribution.models import Delivery, DeliveryKind
from distribution.selectors import daytime_from
from distribution.services.queueing import SEND_IDS, SEND_TASK, queue_award
from participants.selectors import reachable_identity


@transaction.atomic
def remind_of_award(*, award_id: int, now: datetime) -> Delivery | None:
    """Queue the one reminder of a prize that was not opened, to be sent by day; None if it is too late or was done."""
    if not note_reminder(award_id=award_id, now=now):
        return None
    award = Award.objects.select_related("entry").get(pk=award_id)
    if reachable_identity(award.entry.participant_id) is None:
        return None
    return _queue(award, DeliveryKind.REMINDER, at=daytime_from(now))


@transaction.atomic
def send_moving_link(*, award_id: int, now: datetime) -> Delivery:
    """Send the winner, to the contact confirmed before, a link that lets one new device open his prize.

    Raises:
        NoContact: nobody can be written to.
    """
    award = Award.objects.select_related("entry").get(pk=award_id)
    if reachable_identity(award.entry.participant_id) is None:
        raise NoContact
    delivery = _queue(award, DeliveryKind.MOVE, at=now)
    audit.record("claim.move_asked", subject=award, actor_label="holder")
    return delivery


@transaction.atomic
def reissue(*, award_id: int, reason: str, now: datetime, actor_id: int | None = None) -> Award:
    """Give another code in place of one that nobody has seen, and queue the notice of it; a repeat gives the same.

    Raises:
        AlreadyRevealed, AwardVoided, NotEligible, OutOfStock, StockBusy: see `codes.services.reissue_award`.
    """
    award = reissue_award(award_id=award_id, reason=reason, now=now, actor_id=actor_id)
    queue_award(award_id=award.pk, now=now)
    return award


def _queue(award: Award, kind: DeliveryKind, *, at: datetime) -> Delivery:
    delivery = Delivery.objects.create(
        agency_id=award.agency_id, kind=kind, entry_id=award.entry_id, about=award, next_attempt_at=at
    )
    wake_on_commit(SEND_TASK, SEND_IDS, [delivery.pk])
    return delivery
