"""A ring in figures: how many people and entries, what became of them, and what is at stake."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Exists, IntegerField, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from campaigns.models import Prize
from eligibility.models import ReviewCase, ReviewStatus, RingMember, SuspectedRing, Verdict
from eligibility.rings import HOLD_AT
from participants.models import EntryStatus

AT_ONCE = 100  # entries decided with one press: each is a review of its own
UNDECIDED = (EntryStatus.SUBMITTED, EntryStatus.IN_REVIEW, EntryStatus.SENT_BACK, EntryStatus.ACCEPTED)


def with_figures(rings: QuerySet[SuspectedRing]) -> QuerySet[SuspectedRing]:
    """Add people_count, entry_count, held_count, released_count, refused_count and value_jpy.

    At stake is the highest prize of its campaign for each entry without a result, as at the review desk.
    """
    members = RingMember.objects.filter(ring=OuterRef("pk"))
    freed = Exists(ReviewCase.objects.filter(entry=OuterRef("entry"), outcome__verdict=Verdict.ELIGIBLE))
    held = Exists(ReviewCase.objects.filter(entry=OuterRef("entry"), status=ReviewStatus.OPEN))
    prizes = Prize.objects.filter(course__campaign=OuterRef("entry__campaign")).order_by()
    highest = prizes.values("course__campaign").annotate(highest=Max("face_value_jpy")).values("highest")
    at_stake = members.filter(entry__status__in=UNDECIDED).annotate(worth=Subquery(highest))
    return rings.annotate(
        people_count=_one(members, Count("entry__participant", distinct=True)),
        entry_count=_one(members, Count("pk")),
        held_count=_one(members.filter(held), Count("pk")),
        released_count=_one(members.filter(freed).exclude(entry__status=EntryStatus.REFUSED), Count("pk")),
        refused_count=_one(members.filter(entry__status=EntryStatus.REFUSED), Count("pk")),
        value_jpy=_one(at_stake, Sum("worth")),
    )


def suspected(rings: QuerySet[SuspectedRing]) -> QuerySet[SuspectedRing]:
    """Keep the rings whose entries are held."""
    return rings.filter(score__gte=HOLD_AT, dissolved_at__isnull=True)


def with_held_entries(rings: QuerySet[SuspectedRing]) -> QuerySet[SuspectedRing]:
    """Keep the rings of which an entry waits for a person."""
    waiting = ReviewCase.objects.filter(entry__ring_member__ring=OuterRef("pk"), status=ReviewStatus.OPEN)
    return rings.filter(Exists(waiting))


def cases_held_for(ring_id: int) -> list[ReviewCase]:
    """Give the open cases of a ring's entries that are held for nothing else, in the order of the entries."""
    open_ones = ReviewCase.objects.filter(entry__ring_member__ring=ring_id, status=ReviewStatus.OPEN)
    return [
        case
        for case in open_ones.select_related("decision", "entry").order_by("entry_id")
        if {reason["code"] for reason in case.decision.reasons} == {"suspected_ring"}
    ]


def entries_to_send_to_review(ring_id: int) -> list[int]:
    """Give the ids of a ring's accepted entries, which go on by themselves if nobody stops them."""
    members = RingMember.objects.filter(ring_id=ring_id, entry__status=EntryStatus.ACCEPTED)
    return list(members.order_by("entry_id").values_list("entry_id", flat=True))


def members_of(ring: SuspectedRing) -> Sequence[RingMember]:
    """Give the entries of a ring with their people and campaigns, those of one person together."""
    members = RingMember.objects.filter(ring=ring).select_related("entry__participant", "entry__campaign")
    return list(members.order_by("entry__participant_id", "entry_id"))


def _one(members: QuerySet[RingMember], figure: Any) -> Coalesce:
    found = members.order_by().values("ring").annotate(figure=figure).values("figure")
    return Coalesce(Subquery(found, output_field=IntegerField()), 0)
