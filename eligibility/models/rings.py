"""People who enter together as one: rings, with the evidence."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from campaigns.models import Campaign
from core.models import PublicModel
from participants.models import Entry


class SuspectedRing(PublicModel):
    """People of a campaign who share too much, with a score (0 to 100) and how many are linked by what."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+", verbose_name=_("campaign"))
    score = models.PositiveSmallIntegerField(_("score"))
    evidence = models.JSONField(_("evidence"), default=dict)
    found_at = models.DateTimeField(_("found at"))

    class Meta:
        verbose_name = _("suspected ring")
        verbose_name_plural = _("suspected rings")
        ordering: ClassVar = ["-score", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(name="ring_score_in_bounds", condition=Q(score__lte=100)),
        ]
        indexes: ClassVar = [models.Index(name="ring_by_score", fields=["campaign", "score"])]

    def __str__(self) -> str:
        return str(self.public_id)[:8]


class RingMember(models.Model):
    """An entry of a suspected ring."""

    ring = models.ForeignKey(SuspectedRing, on_delete=models.CASCADE, related_name="members")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="ring_member")

    class Meta:
        verbose_name = _("entry of a ring")
        verbose_name_plural = _("entries of rings")

    def __str__(self) -> str:
        return f"{self.entry}"


class RingScan(models.Model):
    """When a campaign's entries were last looked through for rings."""

    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="+")
    scanned_at = models.DateTimeField()

    class Meta:
        verbose_name = _("search for rings")
        verbose_name_plural = _("searches for rings")

    def __str__(self) -> str:
        return f"#{self.pk}"
