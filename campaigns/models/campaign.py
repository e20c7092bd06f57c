"""The campaign itself: objective, periods, mechanic, state."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from campaigns.models.sponsors import Sponsor
from core.models import PublicModel, StatefulModel, in_status


class Objective(models.TextChoices):
    ACQUISITION = "acquisition", _("win new customers")
    REPEAT = "repeat", _("encourage repeat purchases")
    TRIAL = "trial", _("trial of a new product")
    VISITS = "visits", _("bring people to the shop")
    MEMBERS = "members", _("gain members or friends")
    RESEARCH = "research", _("learn about customers")


class Mechanic(models.TextChoices):
    EVERYONE = "everyone", _("everyone wins")
    FIRST_COME = "first_come", _("first come, first served")
    INSTANT = "instant", _("instant win")
    LATER = "later", _("draw after closing")


class CampaignStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    SCHEDULED = "scheduled", _("scheduled")
    OPEN = "open", _("open")
    PAUSED = "paused", _("paused")
    CLOSED = "closed", _("closed")
    SETTLED = "settled", _("settled")
    ARCHIVED = "archived", _("archived")


class ClaimBinding(models.TextChoices):
    NONE = "none", _("whoever has the link")
    DEVICE = "device", _("the device that opens it first")
    LINE = "line", _("the winner's LINE account")
    PIN = "pin", _("a PIN chosen at the first opening")


class Campaign(StatefulModel):
    """One campaign of a sponsor. Ends are stored exclusive; people type and read them inclusive, in JST."""

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {
        CampaignStatus.DRAFT: {CampaignStatus.SCHEDULED, CampaignStatus.OPEN},
        CampaignStatus.SCHEDULED: {
            CampaignStatus.OPEN,
            CampaignStatus.PAUSED,
            CampaignStatus.DRAFT,
        },
        CampaignStatus.OPEN: {CampaignStatus.PAUSED, CampaignStatus.CLOSED},
        CampaignStatus.PAUSED: {CampaignStatus.OPEN, CampaignStatus.CLOSED},
        CampaignStatus.CLOSED: {CampaignStatus.SETTLED},
        CampaignStatus.SETTLED: {CampaignStatus.ARCHIVED},
    }

    agency = models.ForeignKey(
        Agency,
        on_delete=models.PROTECT,
        related_name="campaigns",
        verbose_name=_("agency"),
    )
    sponsor = models.ForeignKey(
        Sponsor,
        on_delete=models.PROTECT,
        related_name="campaigns",
        verbose_name=_("sponsor"),
    )
    slug = models.SlugField(
        _("address"),
        unique=True,
        help_text=_("The last part of the entry page's address."),
    )
    title = models.CharField(_("title"), max_length=100)
    summary = models.TextField(_("summary"), max_length=1000, blank=True)
    how_to_enter = models.TextField(_("how to enter"), max_length=2000, blank=True)
    hero_image = models.ImageField(_("picture"), upload_to="brand/", blank=True)
    objective = models.CharField(_("objective"), max_length=12, choices=Objective)
    mechanic = models.CharField(_("who wins"), max_length=10, choices=Mechanic)
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=CampaignStatus,
        default=CampaignStatus.DRAFT,
        editable=False,
    )
    entry_opens_at = models.DateTimeField(_("entries from"))
    entry_closes_at = models.DateTimeField(_("entries until"))
    purchase_from_on = models.DateField(_("purchases from"), null=True, blank=True)
    purchase_until_on = models.DateField(_("purchases until (that day included)"), null=True, blank=True)
    delivery_opens_at = models.DateTimeField(_("delivery from"), null=True, blank=True)
    delivery_closes_at = models.DateTimeField(_("delivery until"), null=True, blank=True)
    claim_days = models.PositiveSmallIntegerField(_("days to receive the code"), default=30)
    claim_binding = models.CharField(
        _("who may open the code"),
        max_length=6,
        choices=ClaimBinding,
        default=ClaimBinding.NONE,
    )
    photo_days = models.PositiveSmallIntegerField(
        _("days to keep receipt photos"),
        default=30,
        help_text=_(
            "From the final verdict; for entries never finished from the end of entries. Then they are deleted."
        ),
    )
    claim_reminder_days = models.PositiveSmallIntegerField(
        _("remind so many days before the deadline"),
        default=3,
        help_text=_("Of a prize that was not opened yet. 0: no reminder."),
    )
    entries_per_person = models.PositiveSmallIntegerField(_("entries per person"), default=1)
    entries_per_person_a_day = models.PositiveSmallIntegerField(_("entries per person and day"), default=1)
    appeal_days = models.PositiveSmallIntegerField(
        _("days to object to a result"),
        default=14,
        help_text=_("Of an entry that was refused or sent back. 0: no objections are heard."),
    )
    appeal_answer_days = models.PositiveSmallIntegerField(_("days to answer an objection"), default=7)
    announced_winner_count = models.PositiveIntegerField(_("announced number of winners"), null=True, blank=True)
    trade_value_jpy = models.PositiveBigIntegerField(
        _("least purchase to enter (yen, tax included)"),
        null=True,
        blank=True,
        help_text=_(
            "Several purchases are added up. Empty: what the condition on receipts asks for."
            " For serial codes on goods enter the price of the cheapest."
        ),
    )
    projected_sales_jpy = models.PositiveBigIntegerField(
        _("projected sales (yen)"),
        null=True,
        blank=True,
        help_text=_(
            "Of the goods of the campaign while it runs. The prizes of a draw may be worth 2 percent of it in all."
        ),
    )
    goods_per_household = models.PositiveSmallIntegerField(
        _("goods per household"),
        null=True,
        blank=True,
        help_text=_("How many goods or samples one dwelling may receive in this campaign. Empty: no limit."),
    )
    address_days = models.PositiveSmallIntegerField(
        _("days to keep delivery addresses"),
        default=90,
        db_default=90,
        help_text=_("From the day the goods were handed to the shipper. Then addresses are deleted; the counts stay."),
    )
    shows_remaining = models.BooleanField(_("show how many are left"), default=False)
    cloned_from = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering: ClassVar = ["-entry_opens_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="campaign_of_agency", fields=["id", "agency"]),  # for keys that look at both
            in_status("campaign_status_known", CampaignStatus),
            models.CheckConstraint(
                name="campaign_entry_period_ordered",
                condition=Q(entry_opens_at__lt=F("entry_closes_at")),
            ),
            models.CheckConstraint(
                name="campaign_purchase_period_ordered",
                condition=Q(purchase_from_on__isnull=True)
                | Q(purchase_until_on__isnull=True)
                | Q(purchase_from_on__lte=F("purchase_until_on")),
            ),
            models.CheckConstraint(name="campaign_claim_days_positive", condition=Q(claim_days__gte=1)),
            models.CheckConstraint(
                name="campaign_photo_days_bounded", condition=Q(photo_days__gte=1) & Q(photo_days__lte=365)
            ),
            models.CheckConstraint(
                name="campaign_appeal_days_bounded",
                condition=Q(appeal_days__lte=365, appeal_answer_days__range=(1, 90)),
            ),
            models.CheckConstraint(
                name="campaign_claim_binding_known",
                condition=Q(claim_binding__in=ClaimBinding.values),
            ),
            models.CheckConstraint(
                name="campaign_trade_value_positive",
                condition=Q(trade_value_jpy__isnull=True) | Q(trade_value_jpy__gte=1),
            ),
            models.CheckConstraint(
                name="campaign_household_limit_positive",
                condition=Q(goods_per_household__isnull=True) | Q(goods_per_household__gte=1),
            ),
            models.CheckConstraint(name="campaign_address_days_bounded", condition=Q(address_days__range=(1, 180))),
            models.CheckConstraint(name="campaign_entries_positive", condition=Q(entries_per_person__gte=1)),
            models.CheckConstraint(
                name="campaign_daily_entries_positive",
                condition=Q(entries_per_person_a_day__gte=1),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def is_open(self, at: datetime) -> bool:
        """Tell whether an entry at this instant is accepted: the state allows it and opens <= at < closes."""
        return self.status == CampaignStatus.OPEN and self.entry_opens_at <= at < self.entry_closes_at


class KpiMetric(models.TextChoices):
    ENTRIES = "entries", _("entries")
    ACCEPTED = "accepted", _("accepted entries")
    NEW_PARTICIPANTS = "participants", _("participants")
    REDEMPTIONS = "redemptions", _("redemptions")
    REDEMPTION_RATE = "redemption_rate", _("redemption rate (%)")


class KpiTarget(PublicModel):
    """A figure that the campaign is meant to reach."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="kpi_targets")
    metric = models.CharField(_("figure"), max_length=20, choices=KpiMetric)
    target = models.PositiveIntegerField(_("target"))

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        constraints: ClassVar = [models.UniqueConstraint(name="kpi_metric_once", fields=["campaign", "metric"])]

    def __str__(self) -> str:
        return f"{self.get_metric_display()} {self.target}"
