"""Who may enter: rules in groups, frozen into numbered versions that verdicts refer to."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from campaigns.models.campaign import Campaign
from core.models import PublicModel


class Combination(models.TextChoices):
    ALL = "all", _("all of them")
    ANY = "any", _("any one of them")
    AT_LEAST = "at_least", _("at least so many of them")


class RuleGroup(PublicModel):
    """Rules that count together. Every group of a campaign has to be met."""

    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.CASCADE,
        related_name="rule_groups",
        verbose_name=_("campaign"),
    )
    position = models.PositiveSmallIntegerField(_("order"), default=1)
    combination = models.CharField(_("needed"), max_length=8, choices=Combination, default=Combination.ALL)
    minimum_count = models.PositiveSmallIntegerField(_("how many"), default=1)

    class Meta:
        verbose_name = _("group of conditions")
        verbose_name_plural = _("groups of conditions")
        ordering: ClassVar = ["position", "pk"]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.get_combination_display()}"


class RuleKind(models.TextChoices):
    PURCHASE = "purchase", _("receipt: must buy")
    SERIAL = "serial", _("serial code")
    REFERENCE = "reference", _("reference number on a list")
    SURVEY = "survey", _("survey answered")
    LINE_FRIEND = "line_friend", _("LINE friend")
    X_FOLLOW = "x_follow", _("X follow")


class EntryRule(PublicModel):
    """One condition with its parameters; `eligibility/rules/` judges it. Period and limits always apply."""

    group = models.ForeignKey(
        RuleGroup,
        on_delete=models.CASCADE,
        related_name="rules",
        verbose_name=_("group"),
    )
    position = models.PositiveSmallIntegerField(_("order"), default=1)
    kind = models.CharField(_("kind"), max_length=12, choices=RuleKind)
    parameters = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(name="entry_rule_kind_known", condition=Q(kind__in=RuleKind.values))
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class RuleVersion(PublicModel):
    """Everything a verdict rests on, frozen: groups, rules, periods, limits, products, stores. Never changed."""

    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        related_name="rule_versions",
        verbose_name=_("campaign"),
    )
    number = models.PositiveIntegerField(_("version"))
    document = models.JSONField(_("rules"))
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("version of the rules")
        verbose_name_plural = _("versions of the rules")
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [models.UniqueConstraint(name="rule_version_once", fields=["campaign", "number"])]

    def __str__(self) -> str:
        return f"{self.campaign} v{self.number}"


class TargetProduct(PublicModel):
    """A product that counts, with the forms in which receipts print it."""

    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.CASCADE,
        related_name="target_products",
        verbose_name=_("campaign"),
    )
    name = models.CharField(_("name"), max_length=100)
    jan = models.CharField(_("JAN code"), max_length=13, blank=True)
    printed_forms = models.JSONField(
        _("names on receipts"),
        default=list,
        blank=True,
        help_text=_("One for each way in which shops print the name."),
    )

    class Meta:
        verbose_name = _("target product")
        verbose_name_plural = _("target products")

    def __str__(self) -> str:
        return self.name


class TargetStore(PublicModel):
    """A shop or chain whose receipts count; without any, all shops count."""

    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.CASCADE,
        related_name="target_stores",
        verbose_name=_("campaign"),
    )
    name = models.CharField(_("name"), max_length=100)
    telephone = models.CharField(_("telephone"), max_length=13, blank=True)
    registration_no = models.CharField(_("registration number"), max_length=14, blank=True)

    class Meta:
        verbose_name = _("target store")
        verbose_name_plural = _("target stores")

    def __str__(self) -> str:
        return self.name
