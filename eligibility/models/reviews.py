"""Entries that a person looks at (目視), and what reviewers said of them."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, User
from campaigns.models import Campaign
from core.models import StatefulModel, in_status
from eligibility.models.decisions import Decision, Verdict
from participants.models import Entry


class ReviewStatus(models.TextChoices):
    OPEN = "open", _("waiting")
    RESOLVED = "resolved", _("done")


class ReviewCase(StatefulModel):
    """An entry that a person has to look at (目視)."""

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {
        ReviewStatus.OPEN: {ReviewStatus.RESOLVED},
        ReviewStatus.RESOLVED: {ReviewStatus.OPEN},  # its reviewer took the decision back
    }

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
