"""What reviewers say of a case, and when that ends it: alone, by two who agree, or by a third who settles it."""

from datetime import datetime

from django.db import transaction

from accounts import audit
from eligibility.errors import ReasonMissing, SeniorNeeded
from eligibility.models import ReviewCase, ReviewOpinion, ReviewStatus, Verdict
from eligibility.reasons import REASONS
from eligibility.selectors import is_in_sample, policy_of
from eligibility.services.desk import NOBODY, check_hands
from eligibility.services.reviewing import BY_PERSON, resolve_case
from participants.models import Entry


@transaction.atomic
def give_opinion(
    *,
    case_id: int,
    verdict: Verdict,
    reason_code: str,
    actor_id: int,
    now: datetime,
    is_senior: bool = False,
    note: str = "",
) -> ReviewCase:
    """Keep what a reviewer says, and close the case if nobody else has to look at it.

    A case of the sample stays open after its first opinion: the entry waits for the second one, given blind.

    Raises:
        StaleState: the case is closed.
        ReasonMissing: sent back or refused without a reason that entrants understand.
        CaseTaken: another reviewer holds it.
        OpinionGiven: this person has had a say on it already.
        SeniorNeeded: two disagree, and this person may not settle it.
        DuplicateReceipt: approved, but the receipt or a number already counts for another entry.
    """
    if verdict not in BY_PERSON or (verdict != Verdict.ELIGIBLE and reason_code not in REASONS):
        raise ReasonMissing
    case = _locked(case_id)
    check_hands(case, actor_id, now)
    earlier = list(case.opinions.all())
    if len(earlier) >= 2 and not is_senior:
        raise SeniorNeeded(case_id=case_id)
    opinion = ReviewOpinion.objects.create(
        case=case,
        number=len(earlier) + 1,
        reviewer_id=actor_id,
        verdict=verdict,
        reason_code=reason_code,
        note=note,
        seconds=_seconds(case, actor_id, now),
        given_at=now,
    )
    audit.record("review.opinion_given", subject=case, actor_id=actor_id, verdict=verdict, number=opinion.number)
    if _is_settled(case, earlier, opinion):
        resolve_case(case_id=case_id, verdict=verdict, reason_code=reason_code, actor_id=actor_id, now=now, note=note)
        case.refresh_from_db()
    else:
        _hand_on(case)
    return case


def _locked(case_id: int) -> ReviewCase:
    """Lock the entry, then its case, as every verdict does."""
    entry_id = ReviewCase.objects.values_list("entry_id", flat=True).get(pk=case_id)
    Entry.objects.select_for_update().get(pk=entry_id)
    case = ReviewCase.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=case_id)
    if case.status != ReviewStatus.OPEN:
        raise case.stale(ReviewStatus.RESOLVED)
    return case


def _is_settled(case: ReviewCase, earlier: list[ReviewOpinion], opinion: ReviewOpinion) -> bool:
    if not earlier:
        return not is_in_sample(case, policy_of(case.campaign).second_share)
    return len(earlier) == 2 or earlier[0].verdict == opinion.verdict


def _hand_on(case: ReviewCase) -> None:
    case.is_sampled = True
    for name, value in NOBODY.items():
        setattr(case, name, value)
    case.save(update_fields=["is_sampled", *NOBODY, "updated_at"])


def _seconds(case: ReviewCase, actor_id: int, now: datetime) -> int | None:
    """Give how long this person had the case in hand, as far as it is known."""
    if case.claimed_by_id != actor_id or case.claimed_at is None:
        return None
    return max(0, int((now - case.claimed_at).total_seconds()))
