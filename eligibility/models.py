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
        indexes: ClassVar = [
            models.Index(name="decision_by_person", fields=["decided_at"], condition=Q(decided_by__isnull=False))
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
    risk = models.PositiveSmallIntegerField(_("risk"), default=0)
    value_jpy = models.PositiveBigIntegerField(_("value at stake (yen)"), default=0)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    claimed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("in the hands of")
    )
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    is_sampled = models.BooleanField(_("two people look"), default=False, editable=False)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        permissions: ClassVar = [("settle_reviewcase", "Can decide where two reviewers disagree")]
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            in_status("review_status_known", ReviewStatus),
            models.UniqueConstraint(name="review_open_once", fields=["entry"], condition=Q(status="open")),
            models.CheckConstraint(name="review_risk_in_bounds", condition=Q(risk__lte=100)),
            models.CheckConstraint(
                name="review_claim_is_whole",
                condition=Q(claimed_by__isnull=True, claimed_at__isnull=True, claimed_until__isnull=True)
                | Q(claimed_by__isnull=False, claimed_at__isnull=False, claimed_until__isnull=False),
            ),
        ]
        indexes: ClassVar = [models.Index(name="review_by_due", fields=["agency", "status", "due_at"])]

    def __str__(self) -> str:
        return str(self.public_id)[:8]


class ReviewOpinion(models.Model):
    """What one reviewer said of a case: one ends it, or two that agree, or the third of somebody senior."""

    case = models.ForeignKey(ReviewCase, on_delete=models.PROTECT, related_name="opinions")
    number = models.PositiveSmallIntegerField(_("number"))
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("reviewer"))
    verdict = models.CharField(_("verdict"), max_length=9, choices=Verdict)
    reason_code = models.CharField(_("reason"), max_length=40, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    seconds = models.PositiveIntegerField(_("seconds"), null=True, blank=True)
    given_at = models.DateTimeField(_("given at"))

    class Meta:
        verbose_name = _("opinion")
        verbose_name_plural = _("opinions")
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="opinion_number_once", fields=["case", "number"]),
            models.UniqueConstraint(name="opinion_once_per_reviewer", fields=["case", "reviewer"]),
            models.CheckConstraint(name="opinion_of_three_at_most", condition=Q(number__range=(1, 3))),
            models.CheckConstraint(
                name="opinion_verdict_known", condition=Q(verdict__in=["eligible", "sent_back", "refused"])
            ),
        ]
        indexes: ClassVar = [models.Index(name="opinion_by_reviewer", fields=["reviewer", "given_at"])]

    def __str__(self) -> str:
        return f"#{self.number}"


class ReviewPolicy(models.Model):
    """How a campaign's cases are reviewed: within how many hours, and how many of 100 by two people."""

    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="review_policy")
    due_hours = models.PositiveSmallIntegerField(_("hours until a case is due"), default=24)
    second_share = models.PositiveSmallIntegerField(_("share that two people review (%)"), default=0)

    class Meta:
        verbose_name = _("review policy")
        verbose_name_plural = _("review policies")
        constraints: ClassVar = [
            models.CheckConstraint(name="review_policy_hours_in_bounds", condition=Q(due_hours__range=(1, 720))),
            models.CheckConstraint(name="review_policy_share_in_bounds", condition=Q(second_share__lte=100)),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class AppealStatus(models.TextChoices):
    OPEN = "open", _("waiting")
    UPHELD = "upheld", _("the result stays")
    CHANGED = "changed", _("the result was changed")


class Appeal(StatefulModel):
    """An entrant objects to a decision (異議申立て): once, within the campaign's time, and is answered in words."""

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {AppealStatus.OPEN: {AppealStatus.UPHELD, AppealStatus.CHANGED}}

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+", verbose_name=_("campaign"))
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="appeals", verbose_name=_("entry"))
    decision = models.OneToOneField(
        Decision, on_delete=models.PROTECT, related_name="appeal", verbose_name=_("decision")
    )
    status = models.CharField(_("status"), max_length=7, choices=AppealStatus, default=AppealStatus.OPEN)
    text = models.TextField(_("what the entrant says"), max_length=1000)
    opened_at = models.DateTimeField(_("received at"))
    answer_due_at = models.DateTimeField(_("to be answered until"))
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    answered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )
    outcome = models.OneToOneField(
        Decision, on_delete=models.PROTECT, null=True, blank=True, related_name="answers_appeal"
    )
    message = models.CharField(_("answer to the entrant"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        ordering: ClassVar = ["answer_due_at", "pk"]
        constraints: ClassVar = [
            in_status("appeal_status_known", AppealStatus),
            models.CheckConstraint(
                name="appeal_answered_in_full",
                condition=Q(status="open", answered_at__isnull=True, outcome__isnull=True)
                | (Q(status="upheld", answered_at__isnull=False, outcome__isnull=True) & ~Q(message=""))
                | (Q(status="changed", answered_at__isnull=False, outcome__isnull=False) & ~Q(message="")),
            ),
        ]
        indexes: ClassVar = [models.Index(name="appeal_by_deadline", fields=["agency", "status", "answer_due_at"])]

    def __str__(self) -> str:
        return str(self.public_id)[:8]
