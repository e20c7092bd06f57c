"""商品名辞書: in which forms the tills of a chain print a product (略称), and who taught it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, User
from campaigns.models import Sponsor
from core.models import PublicModel
from receipts.models.shops import KnowledgeSource, ShopChain


class Product(PublicModel):
    """A product of a sponsor, the same one in all of its campaigns; `folded` is its name as matching compares it."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    sponsor = models.ForeignKey(Sponsor, on_delete=models.PROTECT, related_name="+", verbose_name=_("sponsor"))
    name = models.CharField(_("name"), max_length=100)
    folded = models.CharField(max_length=200, editable=False)
    jan = models.CharField(_("JAN code"), max_length=13, blank=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="product_of_agency", fields=["id", "agency"]),  # for keys that look at both
            models.UniqueConstraint(name="product_once_per_sponsor", fields=["sponsor", "folded", "jan"]),
        ]

    def __str__(self) -> str:
        return self.name


class PrintedForm(PublicModel):
    """One form of a product's name on the receipts of a chain, or of any chain where none is named.

    An undone one stays as a record and no longer counts.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    sponsor = models.ForeignKey(Sponsor, on_delete=models.PROTECT, related_name="+", verbose_name=_("sponsor"))
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="forms", verbose_name=_("product"))
    chain = models.ForeignKey(
        ShopChain,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("chain"),
    )
    form = models.CharField(_("name on receipts"), max_length=100)
    folded = models.CharField(max_length=200, editable=False)
    source = models.CharField(_("source"), max_length=9, choices=KnowledgeSource, default=KnowledgeSource.IMPORTED)
    taught_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    taught_at = models.DateTimeField(_("taught at"))
    taught_from = models.ForeignKey(
        "receipts.Receipt",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("learned from"),
    )
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)

    class Meta:
        verbose_name = _("printed form")
        verbose_name_plural = _("product dictionary")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="form_once_per_chain",
                fields=["sponsor", "chain", "folded"],
                condition=Q(undone_at__isnull=True, chain__isnull=False),
            ),
            models.UniqueConstraint(
                name="form_once_for_all_chains",
                fields=["sponsor", "folded"],
                condition=Q(undone_at__isnull=True, chain__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.form
