"""The queue of the review desk: what a case is worth, how doubtful and when due, and who has it in hand."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts import audit
from campaigns.models import Prize
from eligibility.errors import CaseTaken, OpinionGiven, PolicyNotAccepted
from eligibility.models import Decision, ReviewCase, ReviewPolicy, ReviewStatus
from eligibility.risk import risk_of
from eligibility.selectors import policy_of

LEASE = timedelta(minutes=10)
NOBODY: dict[str, Any] = {"claimed_by": None, "claimed_at": None, "claimed_until": None}


@transaction.atomic
def open_case(*, decision: Decision, now: datetime) -> ReviewCase:
    """Put an entry into the queue of the desk, with its value, its risk and its due time."""
    campaign = decision.entry.campaign
    highest = Prize.objects.filter(course__campaign=campaign).aggregate(highest=Max("face_value_jpy"))["highest"]
    return ReviewCase.objects.create(
        agency_id=decision.agency_id,
        campaign=campaign,
        entry_id=decision.entry_id,
        decision=decision,
        risk=risk_of(reason["code"] for reason in decision.reasons),
        value_jpy=highest or 0,
        due_at=now + timedelta(hours=policy_of(campaign).due_hours),
    )


@transaction.atomic
def raise_risk(*, case_id: int, risk: int) -> ReviewCase:
    """Lift an open case's risk (0 to 100) to what somebody else found; it never sinks by this."""
    case = ReviewCase.objects.select_for_update().get(pk=case_id)
    if case.status == ReviewStatus.OPEN and risk > case.risk:
        case.risk = min(risk, 100)
        case.save(update_fields=["risk", "updated_at"])
        audit.record("review.risk_raised", subject=case, risk=case.risk)
    return case


@transaction.atomic
def claim_case(*, case_id: int, actor_id: int, now: datetime) -> ReviewCase:
    """Take a case in hand for ten minutes, or for ten more.

    Raises:
        StaleState: the case is closed.
        CaseTaken: another reviewer holds it.
        OpinionGiven: this person has had a say on it already.
    """
    case = ReviewCase.objects.select_for_update().get(pk=case_id)
    if case.status != ReviewStatus.OPEN:
        raise case.stale()
    check_hands(case, actor_id, now)
    is_held = case.claimed_by_id == actor_id and case.claimed_until is not None and case.claimed_until > now
    case.claimed_at = case.claimed_at if is_held else now
    case.claimed_by_id = actor_id
    case.claimed_until = now + LEASE
    case.save(update_fields=[*NOBODY, "updated_at"])
    return case


def check_hands(case: ReviewCase, actor_id: int, now: datetime) -> None:
    """Refuse a person who cannot have the case at this moment.

    Raises:
        CaseTaken, OpinionGiven: as in `claim_case`.
    """
    if case.opinions.filter(reviewer_id=actor_id).exists():
        raise OpinionGiven(case_id=case.pk)
    is_leased = case.claimed_until is not None and case.claimed_until > now
    if is_leased and case.claimed_by_id != actor_id:
        raise CaseTaken(case_id=case.pk)


@transaction.atomic
def release_case(*, case_id: int, actor_id: int, now: datetime) -> ReviewCase:
    """Put a case back that this person holds; one that somebody else holds stays with them."""
    case = ReviewCase.objects.select_for_update().get(pk=case_id)
    if case.claimed_by_id == actor_id:
        for name, value in NOBODY.items():
            setattr(case, name, value)
        case.save(update_fields=[*NOBODY, "updated_at"])
    return case


def close_cases(*, entry_id: int, now: datetime) -> None:
    """Close an entry's review, in the caller's transaction, since there is nothing left to decide."""
    for case in ReviewCase.objects.select_for_update().filter(entry=entry_id, status=ReviewStatus.OPEN):
        case.move_to(ReviewStatus.RESOLVED, resolved_at=now, **NOBODY)


@transaction.atomic
def set_policy(*, campaign_id: int, due_hours: int, second_share: int, actor_id: int, now: datetime) -> ReviewPolicy:
    """Say within how many hours a campaign's cases are due, and how many of 100 two people review.

    Cases that are open keep their due time; the share holds from the next decision on.

    Raises:
        PolicyNotAccepted: hours outside of 1 to 720, or a share outside of 0 to 100.
    """
    if not (1 <= due_hours <= 720 and 0 <= second_share <= 100):
        raise PolicyNotAccepted
    policy, _is_new = ReviewPolicy.objects.update_or_create(
        campaign_id=campaign_id, defaults={"due_hours": due_hours, "second_share": second_share}
    )
    audit.record(
        "review.policy_set",
        subject=policy.campaign,
        actor_id=actor_id,
        due_hours=due_hours,
        second_share=second_share,
    )
    return policy
