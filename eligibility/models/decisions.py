"""The verdict on an entry, with its reasons; and the objection to one (異議申立て)."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, User
from campaigns.models import Campaign, RuleVersion
from core.models import PublicModel, StatefulModel, in_status
from participants.models import Entry


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
    alone_because = models.CharField(_("why nobody else answers"), max_length=500, blank=True)

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
