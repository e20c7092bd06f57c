"""The result of one entry, stored before it is shown; a reload, a repeat or a crash cannot draw again (I14)."""

from datetime import datetime

from django.db import transaction

from accounts import audit
from campaigns.models import Mechanic, PrizeCourse
from core.clock import jst_day
from draws.errors import CapReached, NotAccepted
from draws.mechanics import first_come, instant
from draws.models import DrawResult
from draws.services.counters import take_place
from participants.models import Entry, EntryStatus


@transaction.atomic
def decide_result(*, entry_id: int, now: datetime) -> DrawResult | None:
    """Decide whether an accepted entry wins, once; None where a draw after closing decides.

    That is the campaign's draw, or for an entry accepted after it a supplementary one.

    Raises:
        NotAccepted: the entry is not accepted.
    """
    entry = Entry.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=entry_id)
    if known := DrawResult.objects.filter(entry=entry).first():
        return known
    if entry.status != EntryStatus.ACCEPTED:
        raise NotAccepted(entry_id=entry_id)
    if entry.campaign.mechanic == Mechanic.LATER:
        return None
    return _keep(entry, _win(entry, now), now)


@transaction.atomic
def record_loss(*, entry_id: int, now: datetime) -> DrawResult:
    """Store that an entry did not win because no prize is left; an earlier result stays."""
    entry = Entry.objects.select_for_update().get(pk=entry_id)
    return DrawResult.objects.filter(entry=entry).first() or _keep(entry, None, now)


def _win(entry: Entry, now: datetime) -> PrizeCourse | None:
    courses = list(entry.campaign.courses.order_by("position", "pk"))
    is_instant = entry.campaign.mechanic == Mechanic.INSTANT
    course = instant.choose_course(courses) if is_instant else first_come.choose_course(courses)
    if course is None:
        return None
    try:
        take_place(course=course, day=jst_day(now))
    except CapReached:
        return None
    return course


def _keep(entry: Entry, course: PrizeCourse | None, now: datetime) -> DrawResult:
    result = DrawResult.objects.create(agency_id=entry.agency_id, entry=entry, course=course, decided_at=now)
    audit.record("entry.result", subject=entry, is_win=course is not None)
    return result
