"""Who wins: results that are fixed once, and counters that no race can overrun."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, User
from campaigns.models import Campaign, PrizeCourse
from core.models import PublicModel, StatefulModel, in_status
from participants.models import Entry


class CourseCounter(models.Model):
    """Winners of a course, in total (`day` empty) or on one Japanese day; grows only below its cap."""

    course = models.ForeignKey(PrizeCourse, on_delete=models.PROTECT, related_name="counters")
    day = models.DateField(null=True)
    used = models.PositiveIntegerField(default=0)
    cap = models.PositiveIntegerField()
    added = models.PositiveIntegerField(
        default=0
    )  # places beyond the course's own, for who was accepted after the draw

    class Meta:
        verbose_name = _("winner count")
        verbose_name_plural = _("winner counts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="counter_once_per_day",
                fields=["course", "day"],
                condition=Q(day__isnull=False),
            ),
            models.UniqueConstraint(
                name="counter_once_in_total",
                fields=["course"],
                condition=Q(day__isnull=True),
            ),
            models.CheckConstraint(name="counter_within_cap", condition=Q(used__lte=F("cap"))),
        ]

    def __str__(self) -> str:
        return f"{self.course} {self.day or ''} {self.used}/{self.cap}"


class DrawStatus(models.TextChoices):
    PLANNED = "planned", _("planned")
    DRAWN = "drawn", _("drawn")


class Draw(StatefulModel):
    """A draw over the accepted entries of a campaign that have no result yet, run by an operator.

    The first one gives the campaign's places. Later ones are for entries accepted after it, each drawn at its odds.
    """

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {DrawStatus.PLANNED: {DrawStatus.DRAWN}}

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        related_name="draws",
        verbose_name=_("campaign"),
    )
    number = models.PositiveSmallIntegerField(_("number"), default=1)
    status = models.CharField(_("status"), max_length=8, choices=DrawStatus, default=DrawStatus.PLANNED)
    seed = models.CharField(max_length=64, blank=True, editable=False)
    candidate_count = models.PositiveIntegerField(_("entries in the draw"), default=0)
    winner_count = models.PositiveIntegerField(_("winners"), default=0)
    drawn_at = models.DateTimeField(_("drawn at"), null=True, blank=True)
    drawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("draw")
        verbose_name_plural = _("draws")
        constraints: ClassVar = [
            models.UniqueConstraint(name="draw_of_agency", fields=["id", "agency"]),  # for keys that look at both
            in_status("draw_status_known", DrawStatus),
            models.UniqueConstraint(name="draw_number_once", fields=["campaign", "number"]),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}" if self.number == 1 else f"{self.campaign} #{self.number}"


class DrawResult(PublicModel):
    """The result of one entry, stored before it is shown and never changed; no course means not won."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    entry = models.OneToOneField(
        Entry,
        on_delete=models.PROTECT,
        related_name="draw_result",
        verbose_name=_("entry"),
    )
    draw = models.ForeignKey(
        Draw,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="results",
        verbose_name=_("draw"),
    )
    course = models.ForeignKey(
        PrizeCourse,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="results",
        verbose_name=_("course"),
    )
    decided_at = models.DateTimeField(_("decided at"))

    class Meta:
        verbose_name = _("result")
        verbose_name_plural = _("results")
        indexes: ClassVar = [models.Index(name="result_by_course", fields=["course", "decided_at"])]

    def __str__(self) -> str:
        return str(self.course or _("not won"))

    @property
    def is_win(self) -> bool:
        """Tell whether the entry won a course."""
        return self.course_id is not None
