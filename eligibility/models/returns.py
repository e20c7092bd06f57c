"""返品: goods that were given back after the entry was made."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, User
from campaigns.models import Campaign
from core.models import PublicModel
from eligibility.models.decisions import Decision, Verdict
from participants.models import Entry
from receipts.models import Receipt


class ReturnSource(models.TextChoices):
    CLIENT = "client", _("the client's system")
    DESK = "desk", _("an operator")


class PurchaseReturn(PublicModel):
    """Goods of one receipt were given back: told once, whoever tells it; `decision` is the verdict that followed."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+", verbose_name=_("campaign"))
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="purchase_returns", verbose_name=_("entry"))
    receipt = models.OneToOneField(
        Receipt, on_delete=models.PROTECT, related_name="purchase_return", verbose_name=_("receipt")
    )
    decision = models.OneToOneField(
        Decision, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decision")
    )
    source = models.CharField(_("told by"), max_length=6, choices=ReturnSource)
    reference = models.CharField(_("the client's number"), max_length=100, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    told_at = models.DateTimeField(_("told at"))
    told_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("reported by")
    )
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("settled by")
    )
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("returned purchase")
        verbose_name_plural = _("returned purchases")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(name="return_source_known", condition=Q(source__in=ReturnSource.values)),
            models.UniqueConstraint(
                name="return_reference_once", fields=["agency", "reference"], condition=~Q(reference="")
            ),
            models.CheckConstraint(
                name="return_settled_by_somebody",
                condition=Q(settled_at__isnull=True, settled_by__isnull=True)
                | Q(settled_at__isnull=False, settled_by__isnull=False),
            ),
        ]

    @property
    def is_refusal(self) -> bool:
        """Tell whether the return cost the entry its acceptance."""
        return self.decision is not None and self.decision.verdict == Verdict.REFUSED

    def __str__(self) -> str:
        return str(self.public_id)[:8]
