"""Serial codes and reference numbers that entries are checked against, and the guard against guessing."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from campaigns.models import Campaign
from core.keyed_fields import KeyedIndex, key_id_field
from core.models import PublicModel, TimestampedModel
from core.sealed_fields import SealedText
from participants.models import Entry


class SerialBatch(PublicModel):
    """Serial codes made or imported for a campaign."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        related_name="serial_batches",
        verbose_name=_("campaign"),
    )
    name = models.CharField(_("name"), max_length=100)
    uses_allowed = models.PositiveSmallIntegerField(_("uses per code"), default=1)

    class Meta:
        verbose_name = _("batch of serial codes")
        verbose_name_plural = _("batches of serial codes")

    def __str__(self) -> str:
        return self.name


class Serial(models.Model):
    """One serial code: found by its keyed hash, consumed by a conditional update."""

    batch = models.ForeignKey(SerialBatch, on_delete=models.PROTECT, related_name="serials")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    value_index = KeyedIndex(hashes="number")
    index_key_id = key_id_field()
    value_ciphertext = SealedText(table="serial", row="batch__public_id", editable=False)
    uses_allowed = models.PositiveSmallIntegerField(_("uses allowed"), default=1)
    used_count = models.PositiveSmallIntegerField(_("used"), default=0)

    class Meta:
        verbose_name = _("serial code")
        verbose_name_plural = _("serial codes")
        constraints: ClassVar = [
            models.UniqueConstraint(name="serial_once_per_campaign", fields=["campaign", "value_index"]),
            models.CheckConstraint(
                name="serial_not_overused",
                condition=Q(used_count__lte=F("uses_allowed")),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ReferenceList(PublicModel):
    """Numbers of a client's own system (members, contracts, orders …), kept as keyed hashes only."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        related_name="reference_lists",
        verbose_name=_("campaign"),
    )
    name = models.CharField(_("name"), max_length=100)
    label = models.CharField(_("what entrants call it"), max_length=50, default="会員番号")

    class Meta:
        verbose_name = _("list of reference numbers")
        verbose_name_plural = _("lists of reference numbers")

    def __str__(self) -> str:
        return self.name


class ReferenceNumber(models.Model):
    """One number of a list, usable so many times."""

    list = models.ForeignKey(ReferenceList, on_delete=models.PROTECT, related_name="numbers")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    value_index = KeyedIndex(hashes="number")
    index_key_id = key_id_field()
    uses_allowed = models.PositiveSmallIntegerField(_("uses allowed"), default=1)
    used_count = models.PositiveSmallIntegerField(_("used"), default=0)

    class Meta:
        verbose_name = _("reference number")
        verbose_name_plural = _("reference numbers")
        constraints: ClassVar = [
            models.UniqueConstraint(name="reference_once_per_campaign", fields=["campaign", "value_index"]),
            models.CheckConstraint(
                name="reference_not_overused",
                condition=Q(used_count__lte=F("uses_allowed")),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class NumberUse(TimestampedModel):
    """Which entry consumed a serial or a reference number: what `used_count` is recounted from."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="number_uses")
    serial = models.ForeignKey(Serial, on_delete=models.PROTECT, null=True, related_name="uses")
    reference = models.ForeignKey(ReferenceNumber, on_delete=models.PROTECT, null=True, related_name="uses")

    class Meta:
        verbose_name = _("use of a number")
        verbose_name_plural = _("uses of numbers")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="serial_use_once_per_entry",
                fields=["entry"],
                condition=Q(serial__isnull=False),
            ),
            models.UniqueConstraint(
                name="reference_use_once_per_entry",
                fields=["entry"],
                condition=Q(reference__isnull=False),
            ),
            models.CheckConstraint(
                name="number_use_of_one_kind",
                condition=Q(serial__isnull=False, reference__isnull=True)
                | Q(serial__isnull=True, reference__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class AttemptBudget(models.Model):
    """How often somebody tried numbers within a window; guarding guesses survives the loss of any cache."""

    scope = KeyedIndex(hashes="attempts", max_length=80, editable=True)
    index_key_id = key_id_field()
    window_started_at = models.DateTimeField()
    window_ends_at = models.DateTimeField(null=True)  # None in rows of before it was kept
    used_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("attempts")
        verbose_name_plural = _("attempts")
        indexes: ClassVar = [models.Index(name="budget_end", fields=["window_ends_at"])]  # for what is over
        constraints: ClassVar = [
            models.UniqueConstraint(name="budget_once_per_window", fields=["scope", "window_started_at"])
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
