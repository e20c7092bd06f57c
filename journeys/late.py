"""Entries accepted after their campaign's draw: what a supplementary draw would do, and a prize given by hand."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from campaigns.budgets import exceeds_budget
from campaigns.models import Campaign, PrizeCourse
from campaigns.selectors import premium_obstacles
from codes.selectors import available_count
from distribution.errors import NoContact
from draws.errors import DrawNotPossible
from draws.models import Draw, DrawResult
from draws.selectors import (
    Odds,
    added_places,
    first_draw,
    has_confirmed_contact,
    late_entries,
    odds_of,
    places_left,
)
from draws.services import grant_course, hold_supplementary_draw
from journeys.services import settle_entry
from participants.models import Entry, Participant
from participants.selectors import reachable_identity


@dataclass(frozen=True)
class LateCourse:
    """What one course would take part with: of `out_of` entries `winner_count` won it in the campaign's draw."""

    name: str
    winner_count: int
    out_of: int
    stock_count: int | None  # None: nothing of it comes out of a stock of codes
    value_jpy: int


@dataclass(frozen=True)
class LatePreview:
    """What a supplementary draw would do, in numbers; `obstacles` are codes of what must be settled first."""

    candidate_count: int
    unconfirmed_count: int
    courses: tuple[LateCourse, ...]
    obstacles: tuple[str, ...]

    @property
    def most_jpy(self) -> int:
        """The value if every entry won the dearest course."""
        return self.candidate_count * max((course.value_jpy for course in self.courses), default=0)


def preview_late_draw(*, campaign_id: int) -> LatePreview:
    """Tell what a supplementary draw of a campaign now would do; nothing is drawn."""
    campaign = Campaign.objects.get(pk=campaign_id)
    entries = late_entries().filter(campaign=campaign)
    reachable = entries.filter(has_confirmed_contact()).count()
    draw = first_draw(campaign)
    courses = _courses(campaign, odds_of(draw)) if draw else ()
    found = {
        "not_drawn_yet": draw is None,
        "no_candidates": reachable == 0,
        "stock_too_small": any(_is_short(course, reachable) for course in courses),
        "budget_too_small": exceeds_budget(campaign, sum(_expected(c, reachable) * c.value_jpy for c in courses)),
        "premiums_too_high": draw is not None and _may_exceed_premiums(campaign, draw, reachable),
    }
    return LatePreview(
        candidate_count=reachable,
        unconfirmed_count=entries.count() - reachable,
        courses=courses,
        obstacles=tuple(code for code, applies in found.items() if applies),
    )


def confirm_late_draw(*, campaign_id: int, expected_candidates: int, actor_id: int, now: datetime) -> Draw:
    """Hold a supplementary draw as previewed; winners get their prizes and messages one by one afterwards.

    Raises:
        DrawNotPossible: the preview lists obstacles.
        CandidatesChanged: entries came in or left since the preview.
    """
    if obstacles := preview_late_draw(campaign_id=campaign_id).obstacles:
        raise DrawNotPossible(obstacles=obstacles)
    return hold_supplementary_draw(
        campaign_id=campaign_id, expected_candidates=expected_candidates, actor_id=actor_id, now=now
    )


@transaction.atomic
def give_by_hand(*, entry_id: int, course_id: int, reason: str, actor_id: int, now: datetime) -> DrawResult:
    """Give an entry accepted after the draw the prizes of a course, with its message, or nothing at all.

    Raises:
        NoContact: the person has not confirmed a contact.
        NotLate: as in `draws.services.grant_course`.
        PremiumLimitExceeded: the law on premiums does not allow this prize on top.
        OutOfStock: a prize of the course has no code left.
        BudgetSpent: the campaign's budget has less left than the course is worth.
    """
    participant_id = Entry.objects.values_list("participant_id", flat=True).get(pk=entry_id)
    Participant.objects.select_for_update().get(pk=participant_id)  # locked as settling does: person, then entry
    if reachable_identity(participant_id) is None:
        raise NoContact
    result = grant_course(entry_id=entry_id, course_id=course_id, reason=reason, actor_id=actor_id, now=now)
    settle_entry(entry_id=entry_id, now=now)
    return result


def _may_exceed_premiums(campaign: Campaign, draw: Draw, candidates: int) -> bool:
    """Tell whether the law's cap would be exceeded if all of them won one course: nobody knows before how many do."""
    courses, added = PrizeCourse.objects.filter(results__draw=draw).distinct(), added_places(campaign)
    worst = (Counter({course.pk: max(0, candidates - places_left(course))}) for course in courses)
    return any(premium_obstacles(campaign, added + beyond) for beyond in worst)


def _courses(campaign: Campaign, odds: Odds) -> tuple[LateCourse, ...]:
    named = {course.pk: course for course in campaign.courses.prefetch_related("prizes")}
    return tuple(_course(named[course_id], count, odds.out_of) for course_id, count in odds.chances)


def _course(course: PrizeCourse, winner_count: int, out_of: int) -> LateCourse:
    prizes = list(course.prizes.all())
    stock = min((available_count(prize.pk) for prize in prizes if prize.needs_code), default=None)
    value = sum(prize.face_value_jpy for prize in prizes)
    return LateCourse(course.name, winner_count, out_of, stock, value)


def _is_short(course: LateCourse, candidates: int) -> bool:
    """Tell whether fewer codes are left than winners are to be expected."""
    return course.stock_count is not None and course.stock_count < _expected(course, candidates)


def _expected(course: LateCourse, candidates: int) -> int:
    """Tell how many winners are to be expected, rounded up."""
    return -(-candidates * course.winner_count // course.out_of)
