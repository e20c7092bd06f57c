"""The draw after closing: all results in one transaction, or none."""

import secrets
from collections import Counter
from datetime import datetime

from django.db import transaction

from accounts import audit
from campaigns.models import Campaign
from draws.errors import CandidatesChanged, DrawNotPossible
from draws.mechanics.later import Ticket, assign_courses, draw_order
from draws.models import Draw, DrawResult, DrawStatus
from draws.selectors import candidate_entries, has_confirmed_contact, places_left, winning_participants
from draws.services.counters import take_places
from participants.services import wake_entries

CHUNK = 2000


@transaction.atomic
def hold_draw(*, campaign_id: int, expected_candidates: int, actor_id: int | None, now: datetime) -> Draw:
    """Draw the winners among all accepted entries of a campaign, once.

    Raises:
        CandidatesChanged: the number of entries is not what the operator confirmed.
        DrawNotPossible: the draw was held already.
    """
    campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
    draw, _created = Draw.objects.get_or_create(campaign=campaign, number=1, defaults={"agency_id": campaign.agency_id})
    if draw.status != DrawStatus.PLANNED:
        raise DrawNotPossible(draw_id=draw.pk)
    tickets = tickets_of(campaign)
    if sum(ticket.is_confirmed for ticket in tickets) != expected_candidates:
        raise CandidatesChanged(expected=expected_candidates)
    seed = secrets.token_hex(32)
    courses = list(campaign.courses.order_by("position", "pk"))
    winners = assign_courses(
        draw_order(seed, tickets),
        [(course.pk, places_left(course)) for course in courses],
        won_before=winning_participants(campaign),
    )
    counts = Counter(winners.values())
    for course in courses:
        if counts[course.pk]:
            take_places(course=course, count=counts[course.pk])
    keep_results(draw, tickets, winners, now)
    draw.move_to(
        DrawStatus.DRAWN,
        seed=seed,
        candidate_count=expected_candidates,
        winner_count=len(winners),
        drawn_at=now,
        drawn_by_id=actor_id,
    )
    audit.record("draw.held", subject=draw, actor_id=actor_id, candidates=expected_candidates, winners=len(winners))
    return draw


def tickets_of(campaign: Campaign) -> list[Ticket]:
    """Give and lock the accepted entries without a result."""
    entries = candidate_entries(campaign).annotate(is_confirmed=has_confirmed_contact()).order_by("pk")
    locked = entries.only("public_id", "participant").select_for_update(of=("self",))
    return [
        Ticket(entry.pk, str(entry.public_id), entry.participant_id, is_confirmed=entry.is_confirmed)
        for entry in locked.iterator(CHUNK)
    ]


def keep_results(draw: Draw, tickets: list[Ticket], winners: dict[int, int], now: datetime) -> None:
    """Store a draw's results, and let each entry go on."""
    DrawResult.objects.bulk_create(
        (
            DrawResult(
                agency_id=draw.agency_id,
                entry_id=ticket.entry_id,
                draw=draw,
                course_id=winners.get(ticket.entry_id),
                decided_at=now,
            )
            for ticket in tickets
        ),
        batch_size=CHUNK,
    )
    wake_entries(entry_ids=[ticket.entry_id for ticket in tickets], now=now)
