"""Caps are kept by conditional updates on counter rows, never by counting (I04)."""

from datetime import date

from django.db import transaction
from django.db.models import F

from campaigns.models import PrizeCourse
from draws.errors import CapReached
from draws.models import CourseCounter

NO_CAP = 2_000_000_000


@transaction.atomic
def take_place(*, course: PrizeCourse, day: date) -> None:
    """Take one place of a course, for its day and in total; both or none.

    Raises:
        CapReached: the day's or the course's places are gone.
    """
    if course.daily_cap is not None:
        _take(course, day, course.daily_cap, 1)
    _take(course, None, course.total_cap, 1)  # the hottest row last, so that it is locked the shortest


@transaction.atomic
def take_places(*, course: PrizeCourse, count: int) -> None:
    """Take several places in total at once, for a draw.

    Raises:
        CapReached: fewer are left.
    """
    _take(course, None, course.total_cap, count)


@transaction.atomic
def take_added_places(*, course: PrizeCourse, count: int, free: int) -> None:
    """Take places of a course for entries accepted after its draw: what is `free` first, the rest is added to the cap.

    The course's own cap is what was announced and stays; what was added beyond it is counted apart.
    """
    beyond = max(0, count - free)
    if beyond and course.total_cap is not None:
        CourseCounter.objects.get_or_create(course=course, day=None, defaults={"cap": course.total_cap})
        total = CourseCounter.objects.filter(course=course, day__isnull=True)
        total.update(added=F("added") + beyond, cap=F("cap") + beyond)
    _take(course, None, course.total_cap, count)


def _take(course: PrizeCourse, day: date | None, cap: int | None, count: int) -> None:
    asked_cap = NO_CAP if cap is None else cap
    counter, _created = CourseCounter.objects.get_or_create(course=course, day=day, defaults={"cap": asked_cap})
    wanted_cap = asked_cap + counter.added
    if counter.cap != wanted_cap:  # the operator changed the cap; never below what is given out
        CourseCounter.objects.filter(pk=counter.pk, used__lte=wanted_cap).update(cap=wanted_cap)
    free = CourseCounter.objects.filter(pk=counter.pk, used__lte=F("cap") - count)
    if not free.update(used=F("used") + count):
        raise CapReached(course_id=course.pk)
