"""Reads: who takes part in a draw, what is left of a course."""

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet

from campaigns.models import Campaign, PrizeCourse
from draws.models import CourseCounter, DrawResult
from participants.models import Entry, EntryStatus, Identity


@dataclass(frozen=True)
class Candidates:
    """Accepted entries of a campaign without a result: those that can be reached, and those that cannot yet."""

    reachable: int
    unconfirmed: int
    in_review: int


def candidate_entries(campaign: Campaign) -> QuerySet[Entry]:
    """Give the accepted entries without a result, marked with whether a contact is confirmed."""
    confirmed = Identity.objects.filter(participant=OuterRef("participant"), verified_at__isnull=False)
    entries = Entry.objects.filter(campaign=campaign, status=EntryStatus.ACCEPTED, draw_result__isnull=True)
    return entries.annotate(is_confirmed=Exists(confirmed.filter(kind__in=["email", "line"])))


def count_candidates(campaign: Campaign) -> Candidates:
    """Count who would take part in a draw now."""
    entries = candidate_entries(campaign)
    return Candidates(
        reachable=entries.filter(is_confirmed=True).count(),
        unconfirmed=entries.filter(is_confirmed=False).count(),
        in_review=Entry.objects.filter(
            campaign=campaign, status__in=[EntryStatus.SUBMITTED, EntryStatus.IN_REVIEW]
        ).count(),
    )


def winners_so_far(course: PrizeCourse) -> int:
    """Count the winners of a course."""
    return DrawResult.objects.filter(course=course).count()


def winning_participants(campaign: Campaign) -> set[int]:
    """Give the ids of the people who have won something in a campaign."""
    wins = DrawResult.objects.filter(entry__campaign=campaign, course__isnull=False)
    return set(wins.values_list("entry__participant_id", flat=True))


def wrong_counters() -> list[int]:
    """Give the ids of counters that differ from the results they count (I04)."""
    totals = dict(
        DrawResult.objects.filter(course__isnull=False).values_list("course_id").annotate(n=Count("pk")).order_by()
    )
    in_total = CourseCounter.objects.filter(day__isnull=True)
    return [counter.pk for counter in in_total if counter.used != totals.get(counter.course_id, 0)]
