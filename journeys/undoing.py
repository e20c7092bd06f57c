"""A reviewer's word is taken back as long as nothing left the house for it: no result, no prize, no message."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from core.errors import DomainError
from distribution.models import Delivery, DeliveryKind, DeliveryStatus
from distribution.services import cancel_delivery
from draws.models import DrawResult
from eligibility.errors import DecidedFurther
from eligibility.models import ReviewCase, ReviewOpinion, ReviewStatus
from eligibility.services import is_overtaken, undo_opinion
from journeys.errors import AlreadyGiven, AlreadyTold
from participants.models import Entry


def obstacle_to_undoing(opinion: ReviewOpinion) -> DomainError | None:
    """Give what stands against taking an opinion back now; None where nothing does."""
    case = opinion.case
    if case.status == ReviewStatus.RESOLVED:
        if DrawResult.objects.filter(entry=case.entry_id).exists():
            return AlreadyGiven(case_id=case.pk)
        if any(not _is_unsent(message) for message in _messages(case)):
            return AlreadyTold(case_id=case.pk)
    return DecidedFurther(case_id=case.pk) if is_overtaken(opinion=opinion) else None


def own_opinions(user: User) -> QuerySet[ReviewOpinion]:
    """Give what a person said at the review desk, the latest first."""
    own = ReviewOpinion.objects.filter(reviewer=user).select_related("case__entry", "case__campaign", "case__outcome")
    return own.order_by("-given_at", "-pk")


@transaction.atomic
def undo_review(*, opinion_id: int, actor_id: int, now: datetime) -> ReviewCase:
    """Take an opinion back, and stop the message about it that has not been sent.

    Raises:
        AlreadyGiven: the entry has a result.
        AlreadyTold: a message about the decision was sent, or may have been.
        NotYourDecision, DecidedFurther: as in `eligibility.services.undo_opinion`.
    """
    of_entry = ReviewOpinion.objects.filter(pk=opinion_id).values("case__entry")
    Entry.objects.select_for_update().filter(pk__in=of_entry).first()  # giving a prize takes the same lock first
    opinion = ReviewOpinion.objects.filter(pk=opinion_id).select_related("case__entry", "case__outcome").first()
    if opinion is None:
        raise DecidedFurther(opinion_id=opinion_id)
    waiting = list(_messages(opinion.case).select_for_update())
    if obstacle := obstacle_to_undoing(opinion):
        raise obstacle
    for message in waiting:
        if message.status == DeliveryStatus.QUEUED:
            cancel_delivery(delivery_id=message.pk, reason="decision_taken_back", actor_id=actor_id, now=now)
    return undo_opinion(opinion_id=opinion_id, actor_id=actor_id, now=now)


def _messages(case: ReviewCase) -> QuerySet[Delivery]:
    """The messages about a case's outcome."""
    told = Delivery.objects.filter(entry=case.entry_id, kind=DeliveryKind.VERDICT)
    return told.filter(created_at__gte=case.resolved_at) if case.resolved_at else told.none()


def _is_unsent(message: Delivery) -> bool:
    return message.attempts == 0 and message.status in (DeliveryStatus.QUEUED, DeliveryStatus.CANCELLED)
