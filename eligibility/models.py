"""The verdict on an entry, with its reasons, and the lists it is checked against."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, User
from campaigns.models import Campaign, RuleVersion
from core.models import PublicModel, StatefulModel, TimestampedModel, in_status
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
    value_index = models.CharField(max_length=64, editable=False)
    value_ciphertext = models.TextField(editable=False)
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
    value_index = models.CharField(max_length=64, editable=False)
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

    scope = models.CharField(max_length=80)
    window_started_at = models.DateTimeField()
    used_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("attempts")
        verbose_name_plural = _("attempts")
        constraints: ClassVar = [
            models.UniqueConstraint(name="budget_once_per_window", fields=["scope", "window_started_at"])
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Verdict(models.TextChoices):
    ELIGIBLE = "eligible", _("eligible")
    UNCLEAR = "unclear", _("to be reviewed")
    SENT_BACK = "sent_back", _("sent back")
    REFUSED = "refused", _("not eligible")


class Decision(PublicModel):
    """A verdict with its reasons, its inputs and the version of the rules; later ones supersede, none is changed."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    entry = models.ForeignKey(
        Entry,
        on_delete=models.PROTECT,
        related_name="decisions",
        verbose_name=_("entry"),
    )
    number = models.PositiveSmallIntegerField(_("number"))
    verdict = models.CharField(_("verdict"), max_length=9, choices=Verdict)
    reasons = models.JSONField(_("reasons"), default=list)
    inputs = models.JSONField(_("inputs"), default=dict)
    rule_version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="+", verbose_name=_("rules"))
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(_("decided at"))

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="decision_number_once", fields=["entry", "number"]),
            models.CheckConstraint(name="decision_verdict_known", condition=Q(verdict__in=Verdict.values)),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}"


class ReviewStatus(models.TextChoices):
    OPEN = "open", _("waiting")
    RESOLVED = "resolved", _("done")


class ReviewCase(StatefulModel):
    """An entry that a person has to look at (目視)."""

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {ReviewStatus.OPEN: {ReviewStatus.RESOLVED}}

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+", verbose_name=_("campaign"))
    entry = models.ForeignKey(
        Entry,
        on_delete=models.PROTECT,
        related_name="review_cases",
        verbose_name=_("entry"),
    )
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="review_case")
    status = models.CharField(_("status"), max_length=8, choices=ReviewStatus, default=ReviewStatus.OPEN)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    resolved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            in_status("review_status_known", ReviewStatus),
            models.UniqueConstraint(name="review_open_once", fields=["entry"], condition=Q(status="open")),
        ]

    def __str__(self) -> str:
        return str(self.public_id)[:8]


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
