"""Refusals about what is offered and when."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.japanese import format_yen


@dataclass(frozen=True)
class Obstacle:
    """One thing that keeps a campaign from being published: where it is and what to do."""

    code: str
    message: str | Promise
    field: str = ""


class NotPublishable(DomainError):
    """The campaign is not complete; `obstacles` name every gap at once."""

    code = "not_publishable"
    message = _("This campaign cannot be published yet. Please complete what is listed as missing.")
    status = 422

    def __init__(self, obstacles: Sequence[Obstacle]) -> None:
        super().__init__(obstacles=[obstacle.code for obstacle in obstacles])
        self.obstacles = list(obstacles)


class PremiumLimitExceeded(DomainError):
    """One more prize would exceed a cap of the law on premiums; `obstacles` say which cap, and by how much."""

    code = "premium_limit_exceeded"
    message = _("The law on premiums does not allow this prize.")

    def __init__(self, obstacles: Sequence[Obstacle]) -> None:
        super().__init__(obstacles=[obstacle.code for obstacle in obstacles])
        self.obstacles = list(obstacles)

    def __str__(self) -> str:
        return " ".join([str(self.message), *(str(obstacle.message) for obstacle in self.obstacles)])


class BudgetBelowUsed(DomainError):
    """More yen are given than the budget is to be; `used_jpy` says how many."""

    code = "budget_below_used"
    message = _("Prizes worth %(used)s are given already. Please enter a budget that is not smaller.")

    def __init__(self, used_jpy: int) -> None:
        super().__init__(used_jpy=used_jpy)
        self.used_jpy = used_jpy

    def __str__(self) -> str:
        return str(self.message) % {"used": format_yen(self.used_jpy)}


class BudgetNotCounted(DomainError):
    """A first budget for a campaign that has opened: what it has given has to be counted, which the stock page does."""

    code = "budget_not_counted"
    message = _("This campaign has opened without a budget. Please set it on the stock page of the campaign.")


class CampaignNotYetOpen(DomainError):
    code = "campaign_not_yet_open"
    message = _("Entries have not opened yet. Please come back when the entry period begins.")
    status = 403


class CampaignClosed(DomainError):
    code = "campaign_closed"
    message = _("Entries have closed. Thank you for your interest.")
    status = 403


class CampaignPaused(DomainError):
    code = "campaign_paused"
    message = _("Entries are paused for the moment. What you have entered so far is kept; please try again later.")
    status = 403


class PinNotAccepted(DomainError):
    """Unknown store or wrong PIN: one answer."""

    code = "pin_not_accepted"
    message = _("The store number or the PIN is not right. Please check both and try again.")
    status = 403


class PinTooSimple(DomainError):
    code = "pin_too_simple"
    message = _("Please use a PIN of six to twelve digits that are not all the same.")
    status = 422
