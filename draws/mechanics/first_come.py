"""First come, first served; also everyone wins, which is the same until the stock is gone."""

from collections.abc import Sequence

from campaigns.models import PrizeCourse


def choose_course(courses: Sequence[PrizeCourse]) -> PrizeCourse | None:
    """Give the one course there is; its caps decide whether something is left."""
    return courses[0] if courses else None
