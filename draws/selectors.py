"""Reads: who takes part in a draw, what is left of a course."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models.functions import TruncDate

from campaigns.models import Campaign, Mechanic, PrizeCourse
from core.clock import JST
from draws.models import CourseCounter, Draw, DrawResult, DrawStatus
from participants.models import Entry, EntryStatus, Identity


@dataclass(frozen=True)
class Candidates:
    """Accepted entries of a campaign without a result: those that can be reached, and those that cannot yet."""

    reachable: int
    unconfirmed: int
    in_review: int


def candidate_entries(campaign: Campaign) -> QuerySet[Entry]:
    """Give the accepted entries of a campaign that have no result yet."""
    return Entry.objects.filter(campaign=campaign, status=EntryStatus.ACCEPTED, draw_result__isnull=True)


def late_entries() -> QuerySet[Entry]:
    """Give the accepted entries without a result whose campaign's draw was held before they were accepted."""
    drawn = Draw.objects.filter(campaign=OuterRef("campaign"), status=DrawStatus.DRAWN)
    waiting = Entry.objects.filter(status=EntryStatus.ACCEPTED, draw_result__isnull=True)
    return waiting.filter(Exists(drawn), campaign__mechanic=Mechanic.LATER)


def first_draw(campaign: Campaign) -> Draw | None:
    """Give the draw of a campaign's places, if it was held."""
    return Draw.objects.filter(campaign=campaign, number=1, status=DrawStatus.DRAWN).first()


@dataclass(frozen=True)
class Odds:
    """At which odds a draw was held: of `out_of` entries so many won each course (course id, count)."""

    out_of: int
    chances: tuple[tuple[int, int], ...]

    @property
    def winner_count(self) -> int:
        """How many won in all."""
        return sum(count for _course, count in self.chances)


def odds_of(draw: Draw) -> Odds:
    """Give the odds of a draw, courses in their order."""
    won = draw.results.filter(course__isnull=False).values("course").annotate(n=Count("pk"))
    rows = won.order_by("course__position", "course").values_list("course", "n")
    return Odds(draw.candidate_count, tuple((course or 0, count) for course, count in rows))


def has_confirmed_contact() -> Exists:
    """Give the condition that an entry's person can be written to."""
    contacts = Identity.objects.filter(participant=OuterRef("participant"), kind__in=["email", "line"])
    return Exists(contacts.filter(verified_at__isnull=False))


def count_candidates(campaign: Campaign) -> Candidates:
    """Count who would take part in a draw now."""
    entries = candidate_entries(campaign)
    undecided = [EntryStatus.SUBMITTED, EntryStatus.IN_REVIEW]
    return Candidates(
        reachable=entries.filter(has_confirmed_contact()).count(),
        unconfirmed=entries.exclude(has_confirmed_contact()).count(),
        in_review=Entry.objects.filter(campaign=campaign, status__in=undecided).count(),
    )


def winners_so_far(course: PrizeCourse) -> int:
    """Count the winners of a course."""
    return DrawResult.objects.filter(course=course).count()


def places_left(course: PrizeCourse) -> int:
    """Count how many winners a course still has room for; a course without a cap has none in a draw."""
    return max(0, (course.total_cap or 0) - winners_so_far(course))


def added_places(campaign: Campaign) -> Counter[int]:
    """Give how many places each course (by id) was given beyond its own, for entries accepted after the draw."""
    totals = CourseCounter.objects.filter(course__campaign=campaign, day__isnull=True)
    return Counter(dict(totals.values_list("course", "added")))


def winning_participants(campaign: Campaign) -> set[int]:
    """Give the ids of the people who have won something in a campaign."""
    wins = DrawResult.objects.filter(entry__campaign=campaign, course__isnull=False)
    return set(wins.values_list("entry__participant_id", flat=True))


def wrong_counters() -> list[int]:
    """Give the ids of counters that differ from the results they count, in total or of one day (I04)."""
    wins = DrawResult.objects.filter(course__isnull=False).order_by()
    days = wins.annotate(day=TruncDate("decided_at", tzinfo=JST)).values_list("course", "day")
    counted = {(course, day): count for course, day, count in days.annotate(n=Count("pk"))}
    counted |= {(course, None): count for course, count in wins.values_list("course").annotate(n=Count("pk"))}
    counters = CourseCounter.objects.values_list("pk", "course", "day", "used")
    return [pk for pk, course, day, used in counters if used != counted.get((course, day), 0)]
