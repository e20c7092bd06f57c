"""What can be won, under which terms, and over which links people come."""

import secrets
from functools import partial
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign
from core.models import PublicModel

PER_MILLION = 1_000_000


class PrizeCourse(PublicModel):
    """A tier of prizes (A賞, B賞) with its chance and its caps."""

    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.CASCADE,
        related_name="courses",
        verbose_name=_("campaign"),
    )
    name = models.CharField(_("name"), max_length=50)
    position = models.PositiveSmallIntegerField(_("order"), default=1)
    win_rate_per_million = models.PositiveIntegerField(
        _("chance per million entries"),
        default=0,
        help_text=_("For an instant win only. 100,000 means one in ten."),
    )
    total_cap = models.PositiveIntegerField(_("winners in total"), null=True, blank=True)
    daily_cap = models.PositiveIntegerField(_("winners a day"), null=True, blank=True)

    class Meta:
        verbose_name = _("prize course")
        verbose_name_plural = _("prize courses")
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="course_position_once", fields=["campaign", "position"]),
            models.CheckConstraint(
                name="course_chance_at_most_one",
                condition=Q(win_rate_per_million__lte=PER_MILLION),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PrizeKind(models.TextChoices):
    GIFT_CODE = "gift_code", _("gift code of another company")
    OWN_CODE = "own_code", _("own code, redeemed at our stores")
    PHYSICAL = "physical", _("goods")


class Prize(PublicModel):
    """One thing that winners of a course receive; a course may hand out several."""

    course = models.ForeignKey(
        PrizeCourse,
        on_delete=models.CASCADE,
        related_name="prizes",
        verbose_name=_("course"),
    )
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=PrizeKind, default=PrizeKind.GIFT_CODE)
    brand = models.CharField(_("brand"), max_length=50, blank=True)
    face_value_jpy = models.PositiveBigIntegerField(_("value (yen)"), default=0)
    picture = models.ImageField(_("picture"), upload_to="prizes/", blank=True)
    how_to_use = models.TextField(_("how to use"), max_length=1000, blank=True)

    class Meta:
        verbose_name = _("prize")
        verbose_name_plural = _("prizes")
        ordering: ClassVar = ["course__position", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def needs_code(self) -> bool:
        """Tell whether a winner gets a code out of stock."""
        return self.kind != PrizeKind.PHYSICAL


class TermsVersion(PublicModel):
    """The terms as they read at a time; an entry keeps the version that was agreed to."""

    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.CASCADE,
        related_name="terms",
        verbose_name=_("campaign"),
    )
    number = models.PositiveSmallIntegerField(_("version"), default=1)
    body = models.TextField(_("text"))

    class Meta:
        verbose_name = _("terms")
        verbose_name_plural = _("terms")
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [models.UniqueConstraint(name="terms_number_once", fields=["campaign", "number"])]

    def __str__(self) -> str:
        return f"{self.campaign} v{self.number}"


class TrackedLinkChannel(models.TextChoices):
    X = "x", "X"
    INSTAGRAM = "instagram", "Instagram"
    LINE = "line", "LINE"
    EMAIL = "email", _("mail magazine")
    ADS = "ads", _("web ads")
    STORE = "store", _("in store")
    LEAFLET = "leaflet", _("leaflet")
    OTHER = "other", _("other")


new_link_token = partial(secrets.token_hex, 4)  # short and public, but not to be guessed in sequence


class TrackedLink(PublicModel):
    """An address (and QR) of its own for each place where the campaign is announced."""

    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.CASCADE,
        related_name="links",
        verbose_name=_("campaign"),
    )
    name = models.CharField(_("name"), max_length=100)
    channel = models.CharField(_("channel"), max_length=10, choices=TrackedLinkChannel)
    token = models.CharField(_("token"), max_length=16, unique=True, default=new_link_token, editable=False)

    class Meta:
        verbose_name = _("tracked link")
        verbose_name_plural = _("tracked links")

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.name}"
