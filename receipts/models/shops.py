"""店舗マスター: chains and their branches as an operator imported them or reviewers confirmed them on receipts."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Agency, User
from core.models import PublicModel, StatefulModel, in_status


class KnowledgeSource(models.TextChoices):
    IMPORTED = "imported", _("imported")
    CONFIRMED = "confirmed", _("confirmed on a receipt")


class ShopChain(PublicModel):
    """A chain, or a shop that stands alone, with the forms in which its receipts print the name (logos included)."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    name = models.CharField(_("chain"), max_length=100)
    kana = models.CharField(_("kana"), max_length=100, blank=True)
    printed_forms = models.JSONField(_("names on receipts"), default=list, blank=True)

    class Meta:
        verbose_name = _("chain")
        verbose_name_plural = _("chains")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="chain_of_agency", fields=["id", "agency"]),  # for keys that look at both
            models.UniqueConstraint(name="chain_once_per_agency", fields=["agency", "name"]),
        ]

    def __str__(self) -> str:
        return self.name


class ShopStatus(models.TextChoices):
    PROPOSED = "proposed", _("proposed")
    ACTIVE = "active", _("in use")
    OFF = "off", _("switched off")


class Shop(StatefulModel):
    """One branch: found by its telephone, then by its registration number, then by its printed names.

    A proposed one changes no reading until a second receipt or an operator confirms it.
    """

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {
        ShopStatus.PROPOSED: {ShopStatus.ACTIVE, ShopStatus.OFF},
        ShopStatus.ACTIVE: {ShopStatus.OFF, ShopStatus.PROPOSED},  # the approval that confirmed it was taken back
        ShopStatus.OFF: {ShopStatus.ACTIVE},
    }

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    chain = models.ForeignKey(ShopChain, on_delete=models.PROTECT, related_name="shops", verbose_name=_("chain"))
    branch = models.CharField(_("branch"), max_length=100, blank=True)
    kana = models.CharField(_("kana"), max_length=100, blank=True)
    printed_forms = models.JSONField(_("branch names on receipts"), default=list, blank=True)
    telephone = models.CharField(_("telephone"), max_length=11, blank=True)
    registration_no = models.CharField(_("registration number"), max_length=14, blank=True)
    status = models.CharField(_("status"), max_length=8, choices=ShopStatus, default=ShopStatus.ACTIVE)
    source = models.CharField(_("source"), max_length=9, choices=KnowledgeSource, default=KnowledgeSource.IMPORTED)
    taught_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    taught_at = models.DateTimeField(_("taught at"), null=True, blank=True)
    taught_from = models.ForeignKey(
        "receipts.Receipt",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("learned from"),
    )
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(_("switched at"), null=True, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("shop master", "shop")
        verbose_name_plural = _("shop master")
        ordering: ClassVar = ["chain__name", "branch", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="shop_of_agency", fields=["id", "agency"]),  # for keys that look at both
            in_status("shop_status_known", ShopStatus),
            models.UniqueConstraint(
                name="shop_telephone_once_per_agency", fields=["agency", "telephone"], condition=~Q(telephone="")
            ),
            models.UniqueConstraint(
                name="shop_branch_once_per_chain", fields=["chain", "branch"], condition=~Q(branch="")
            ),
        ]
        indexes: ClassVar = [models.Index(name="shop_by_registration_no", fields=["agency", "registration_no"])]

    def __str__(self) -> str:
        return f"{self.chain} {self.branch}".strip()
