"""People who enter together as one: rings, with the evidence, and what was decided of them as a whole."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, User
from campaigns.models import Sponsor
from core.models import PublicModel
from eligibility.rings import HOLD_AT
from participants.models import Entry


class SuspectedRing(PublicModel):
    """People in a sponsor's campaigns who share too much, with a score (0 to 100) and how many are linked by what."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    sponsor = models.ForeignKey(Sponsor, on_delete=models.PROTECT, related_name="+", verbose_name=_("sponsor"))
    score = models.PositiveSmallIntegerField(_("score"))
    evidence = models.JSONField(_("evidence"), default=dict)
    found_at = models.DateTimeField(_("found at"))
    changed_at = models.DateTimeField(_("changed last at"))
    dissolved_at = models.DateTimeField(_("fell apart at"), null=True, blank=True)  # only what was acted on is kept

    class Meta:
        verbose_name = _("suspected ring")
        verbose_name_plural = _("suspected rings")
        ordering: ClassVar = ["-score", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="ring_of_agency", fields=["id", "agency"]),  # for keys that look at both
            models.CheckConstraint(name="ring_score_in_bounds", condition=Q(score__lte=100)),
        ]
        indexes: ClassVar = [models.Index(name="ring_by_score", fields=["sponsor", "score"])]

    def __str__(self) -> str:
        return str(self.public_id)[:8]

    @property
    def is_suspected(self) -> bool:
        """Tell whether its entries are held for a person."""
        return self.score >= HOLD_AT


class RingMember(models.Model):
    """An entry of a suspected ring."""

    ring = models.ForeignKey(SuspectedRing, on_delete=models.CASCADE, related_name="members")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="ring_member")

    class Meta:
        verbose_name = _("entry of a ring")
        verbose_name_plural = _("entries of rings")

    def __str__(self) -> str:
        return f"{self.entry}"


class RingActKind(models.TextChoices):
    HELD = "held", _("held for review")
    RELEASED = "released", _("released")
    REFUSED = "refused", _("not eligible")


class RingAct(PublicModel):
    """What a person decided of a ring's entries at once: which ones, why, and which it left as they were.

    `waiting_ids` are cases that a second reviewer has to see; `skipped` holds entries with the code of the refusal.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    ring = models.ForeignKey(SuspectedRing, on_delete=models.PROTECT, related_name="acts", verbose_name=_("ring"))
    kind = models.CharField(_("what"), max_length=8, choices=RingActKind)
    entry_ids = models.JSONField(default=list)
    waiting_ids = models.JSONField(default=list)
    skipped = models.JSONField(default=dict)
    reason = models.CharField(_("reason"), max_length=200)
    reason_code = models.CharField(max_length=40, blank=True)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("user"))
    at = models.DateTimeField(_("at"))
    undoes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by", verbose_name=_("undoes")
    )

    class Meta:
        verbose_name = _("decision on a ring")
        verbose_name_plural = _("decisions on rings")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(name="ring_act_known", condition=Q(kind__in=RingActKind.values)),
            models.CheckConstraint(name="ring_refusal_has_a_reason", condition=~Q(kind="refused") | ~Q(reason_code="")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {str(self.public_id)[:8]}"


class RingSearch(models.Model):
    """How far a sponsor's entries were looked through for rings.

    `decision_id` is the last decision seen; `common` are the hashes that so many share that they tell nothing.
    """

    sponsor = models.OneToOneField(Sponsor, on_delete=models.PROTECT, related_name="+")
    searched_at = models.DateTimeField()
    full_at = models.DateTimeField()
    campaign_ids = models.JSONField(default=list)
    decision_id = models.BigIntegerField(default=0)
    common = models.JSONField(default=list)

    class Meta:
        verbose_name = _("search for rings")
        verbose_name_plural = _("searches for rings")

    def __str__(self) -> str:
        return f"#{self.pk}"
