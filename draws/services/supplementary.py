"""Entries accepted after their campaign's draw: drawn at its odds, or given a prize by hand; never left waiting."""

import secrets
from collections import Counter
from datetime import datetime

from django.db import transaction

from accounts import audit
from campaigns.errors import PremiumLimitExceeded
from campaigns.models import Campaign, PrizeCourse
from campaigns.selectors import premium_obstacles
from draws.errors import CandidatesChanged, DrawNotPossible, NotLate
from draws.mechanics.later import draw_apart
from draws.models import Draw, DrawResult, DrawStatus
from draws.selectors import added_places, first_draw, late_entries, odds_of, places_left, winning_participants
from draws.services.counters import take_added_places
from draws.services.drawing import keep_results, tickets_of
from participants.models import Entry


@transaction.atomic
def hold_supplementary_draw(*, campaign_id: int, expected_candidates: int, actor_id: int | None, now: datetime) -> Draw:
    """Draw for the entries accepted after a campaign's draw, each by itself, at the odds that everybody had then.

    The seed is made now, when nobody can any more choose which entries are accepted. Winners take places that were left
    over, else places beyond those announced. Who has not confirmed a contact goes on waiting.

    Raises:
        DrawNotPossible: the campaign's own draw was not held.
        CandidatesChanged: the number of entries is not what the operator confirmed.
    """
    campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
    first = first_draw(campaign)
    if first is None:
        raise DrawNotPossible(campaign_id=campaign_id)
    tickets = [ticket for ticket in tickets_of(campaign) if ticket.is_confirmed]
    if not tickets or len(tickets) != expected_candidates:
        raise CandidatesChanged(expected=expected_candidates)
    odds, seed = odds_of(first), secrets.token_hex(32)
    won_before = winning_participants(campaign)
    winners = draw_apart(seed, tickets, odds.chances, out_of=odds.out_of, won_before=won_before)
    draw = Draw.objects.create(agency_id=campaign.agency_id, campaign=campaign, number=campaign.draws.count() + 1)
    counts = Counter(winners.values())
    for course in campaign.courses.filter(pk__in=counts).order_by("position", "pk"):
        _take(course, counts[course.pk])
    keep_results(draw, tickets, winners, now)
    outcome = {"candidate_count": len(tickets), "winner_count": len(winners), "drawn_at": now, "drawn_by_id": actor_id}
    draw.move_to(DrawStatus.DRAWN, seed=seed, **outcome)
    audit.record("draw.held", subject=draw, actor_id=actor_id, candidates=len(tickets), winners=len(winners))
    return draw


@transaction.atomic
def grant_course(*, entry_id: int, course_id: int, reason: str, actor_id: int, now: datetime) -> DrawResult:
    """Give an entry accepted after its campaign's draw a course without a draw, for a reason that is kept.

    Raises:
        NotLate: the entry has a result, is not accepted, or its draw is to come; or the course is another campaign's.
        PremiumLimitExceeded: with this prize the campaign gives more than the law on premiums allows.
    """
    # One prize of a campaign after the other, since all of them count towards its cap.
    campaign = Campaign.objects.select_for_update(of=("self",), no_key=True).get(entries=entry_id)
    entry = Entry.objects.select_for_update().get(pk=entry_id)
    course = campaign.courses.filter(pk=course_id).first()
    if course is None or not late_entries().filter(pk=entry_id).exists():
        raise NotLate(entry_id=entry_id)
    _take(course, 1)
    if obstacles := premium_obstacles(campaign, added_places(campaign)):
        raise PremiumLimitExceeded(obstacles)
    result = DrawResult.objects.create(agency_id=entry.agency_id, entry=entry, course=course, decided_at=now)
    audit.record("entry.course_granted", subject=entry, actor_id=actor_id, reason=reason, course_id=course_id)
    return result


def _take(course: PrizeCourse, count: int) -> None:
    take_added_places(course=course, count=count, free=places_left(course))
