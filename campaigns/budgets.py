"""What a budget allows, judged from a campaign's courses: whether more can be given, and what to warn of."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.errors import Obstacle
from campaigns.models import Budget, Campaign
from core.japanese import format_yen


def budget_of(campaign: Campaign) -> Budget | None:
    """Give a campaign's budget as it stands now; None where it has none."""
    return Budget.objects.filter(campaign=campaign).first()


def prize_values(campaign: Campaign) -> dict[str, int]:
    """Tell what one winner of each course gets, in yen, by the course's name."""
    courses = campaign.courses.prefetch_related("prizes")
    return {course.name: sum(prize.face_value_jpy for prize in course.prizes.all()) for course in courses}


def is_budget_spent(campaign: Campaign) -> bool:
    """Tell whether the budget has too little left for any course, so that nobody can win any more."""
    budget = budget_of(campaign)
    return budget is not None and all(value > budget.left_jpy for value in prize_values(campaign).values())


def prizes_left_in_budget(campaign: Campaign) -> int | None:
    """Tell how many winners of the cheapest course the budget has left; None where no budget limits them."""
    budget, least = budget_of(campaign), min(prize_values(campaign).values(), default=0)
    return budget.left_jpy // least if budget is not None and least else None


def budget_obstacles(campaign: Campaign) -> list[Obstacle]:
    """Name the courses that nobody can ever win, since one prize is worth more than the whole budget."""
    budget = budget_of(campaign)
    if budget is None:
        return []
    message = _("The budget is %(budget)s, and one winner of “%(course)s” gets %(value)s. Please raise the budget.")
    return [
        Obstacle(
            "budget_below_one_prize",
            message % {"budget": format_yen(budget.total_jpy), "course": name, "value": format_yen(value)},
            "budget_jpy",
        )
        for name, value in prize_values(campaign).items()
        if value > budget.total_jpy
    ]


def budget_warnings(campaign: Campaign) -> list[str | Promise]:
    """Say before publishing where the winners that are announced cost more than the budget; it forbids nothing."""
    budget = budget_of(campaign)
    values = prize_values(campaign)
    announced = sum((course.total_cap or 0) * values[course.name] for course in campaign.courses.all())
    if budget is None or announced <= budget.total_jpy:
        return []
    message = _(
        "All places together are worth %(announced)s, the budget is %(budget)s: prizes end before the places do."
    )
    return [message % {"announced": format_yen(announced), "budget": format_yen(budget.total_jpy)}]
