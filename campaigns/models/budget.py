"""What the prizes of a campaign may be worth in all, and how much of it is given."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign
from core.models import TimestampedModel


class Budget(TimestampedModel):
    """The yen that a campaign's prizes may be worth (予算); a campaign without a row gives as long as stock lasts."""

    campaign = models.OneToOneField(
        Campaign, on_delete=models.CASCADE, related_name="budget", verbose_name=_("campaign")
    )
    total_jpy = models.PositiveBigIntegerField(_("budget (yen)"))
    used_jpy = models.PositiveBigIntegerField(_("of it given (yen)"), default=0)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints: ClassVar = [
            models.CheckConstraint(name="budget_positive", condition=Q(total_jpy__gte=1)),
            models.CheckConstraint(name="budget_not_overspent", condition=Q(used_jpy__lte=F("total_jpy"))),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} {self.used_jpy}/{self.total_jpy}"

    @property
    def left_jpy(self) -> int:
        """What may still be given, in yen."""
        return self.total_jpy - self.used_jpy

    @property
    def used_percent(self) -> int:
        """How much of the budget is given, rounded down."""
        return self.used_jpy * 100 // self.total_jpy
