"""What a budget allows, judged from a campaign's courses: whether more can be given, and what to warn of."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.errors import Obstacle
from campaigns.models import Budget, Campaign, PrizeCourse
from core.japanese import format_yen


def budget_of(campaign: Campaign) -> Budget | None:
    """Give a campaign's budget as it stands now; None where it has none."""
    return Budget.objects.filter(campaign=campaign).first()


def values_of_courses(campaign: Campaign) -> list[tuple[PrizeCourse, int]]:
    """Tell what one winner of each course gets, in yen."""
    courses = campaign.courses.prefetch_related("prizes")
    return [(course, sum(prize.face_value_jpy for prize in course.prizes.all())) for course in courses]


def is_budget_spent(campaign: Campaign) -> bool:
    """Tell whether the budget has too little left for any course, so that nobody can win any more."""
    budget = budget_of(campaign)
    if budget is None:
        return False
    values = [value for _course, value in values_of_courses(campaign)]
    return bool(values) and min(values) > budget.left_jpy


def prizes_left_in_budget(campaign: Campaign) -> int | None:
    """Tell how many winners of the cheapest course the budget has left; None where no budget limits them."""
    budget = budget_of(campaign)
    if budget is None:
        return None
    least = min((value for _course, value in values_of_courses(campaign)), default=0)
    return budget.left_jpy // least if least else None


def budget_obstacles(campaign: Campaign) -> list[Obstacle]:
    """Name the courses that nobody can ever win, since one prize is worth more than the whole budget."""
    budget = budget_of(campaign)
    if budget is None:
        return []
    message = _("The budget is %(budget)s, and one winner of “%(course)s” gets %(value)s. Please raise the budget.")
    return [
        Obstacle(
            "budget_below_one_prize",
            message % {"budget": format_yen(budget.total_jpy), "course": course.name, "value": format_yen(value)},
            "budget_jpy",
        )
        for course, value in values_of_courses(campaign)
        if value > budget.total_jpy
    ]


def budget_warnings(campaign: Campaign) -> list[str | Promise]:
    """Say before publishing where the winners that are announced cost more than the budget; it forbids nothing."""
    budget = budget_of(campaign)
    announced = sum((course.total_cap or 0) * value for course, value in values_of_courses(campaign))
    if budget is None or announced <= budget.total_jpy:
        return []
    message = _(
        "All places together are worth %(announced)s, the budget is %(budget)s: prizes end before the places do."
    )
    return [message % {"announced": format_yen(announced), "budget": format_yen(budget.total_jpy)}]


def exceeds_budget(campaign: Campaign, jpy: int) -> bool:
    """Tell whether prizes worth so much are more than the budget has left."""
    budget = budget_of(campaign)
    return budget is not None and jpy > budget.left_jpy
