"""Questions that an entrant answers."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign
from core.models import PublicModel


class Survey(PublicModel):
    """The questionnaire of a campaign."""

    campaign = models.OneToOneField(
        Campaign,
        on_delete=models.CASCADE,
        related_name="survey",
        verbose_name=_("campaign"),
    )
    introduction = models.TextField(_("introduction"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")

    def __str__(self) -> str:
        return str(self.campaign)


class QuestionKind(models.TextChoices):
    SINGLE = "single", _("choose one")
    MULTIPLE = "multiple", _("choose any")
    TEXT = "text", _("text")
    NUMBER = "number", _("number")


class Question(PublicModel):
    """One question; with `shown_if` it is asked only after a certain answer to an earlier one."""

    survey = models.ForeignKey(
        Survey,
        on_delete=models.CASCADE,
        related_name="questions",
        verbose_name=_("survey"),
    )
    position = models.PositiveSmallIntegerField(_("order"))
    text = models.CharField(_("question"), max_length=200)
    kind = models.CharField(_("kind"), max_length=8, choices=QuestionKind)
    choices = models.JSONField(_("choices"), default=list, blank=True)
    is_required = models.BooleanField(_("required"), default=True)
    shown_if_question = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("asked only after question"),
    )
    shown_if_answer = models.CharField(_("with the answer"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(name="question_position_once", fields=["survey", "position"])]

    def __str__(self) -> str:
        return self.text
