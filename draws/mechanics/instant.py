"""Instant win: each entry has the course's chance, drawn from the system's secure source."""

import secrets
from collections.abc import Callable, Sequence

from campaigns.models import PrizeCourse
from campaigns.models.offer import PER_MILLION


def choose_course(
    courses: Sequence[PrizeCourse], *, draw: Callable[[int], int] = secrets.randbelow
) -> PrizeCourse | None:
    """Draw a number below a million; the courses' chances lie side by side, what is beyond them is no win."""
    ticket = draw(PER_MILLION)
    for course in courses:
        if ticket < course.win_rate_per_million:
            return course
        ticket -= course.win_rate_per_million
    return None
