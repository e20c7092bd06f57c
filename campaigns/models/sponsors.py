"""The client brand behind a campaign, and the shops where its codes are used."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from core.models import PublicModel

DEFAULT_ACCENT = "#b3263a"  # mizuhiki red; 6.3:1 on paper white


class Sponsor(PublicModel):
    """A brand for which an agency runs campaigns; its name, look and inquiry desk stand on every page and message."""

    agency = models.ForeignKey(
        Agency,
        on_delete=models.PROTECT,
        related_name="sponsors",
        verbose_name=_("agency"),
    )
    name = models.CharField(_("name"), max_length=100)
    inquiry_name = models.CharField(_("inquiry desk"), max_length=100)
    inquiry_email = models.EmailField(_("inquiry e-mail"))
    inquiry_phone = models.CharField(_("inquiry phone"), max_length=20, blank=True)
    inquiry_hours = models.CharField(_("inquiry hours"), max_length=100, blank=True)
    logo = models.ImageField(_("logo"), upload_to="brand/", blank=True)
    accent_color = models.CharField(
        _("accent colour"),
        max_length=7,
        default=DEFAULT_ACCENT,
        validators=[
            RegexValidator(
                r"\A#[0-9a-f]{6}\Z",
                _("Write the colour as # and six digits, like #b3263a."),
            )
        ],
    )

    class Meta:
        verbose_name = _("sponsor")
        verbose_name_plural = _("sponsors")
        constraints: ClassVar = [
            models.UniqueConstraint(name="sponsor_of_agency", fields=["id", "agency"]),  # for keys that look at both
        ]

    def __str__(self) -> str:
        return self.name


class Store(PublicModel):
    """A shop whose staff redeem codes, on the staff page (number and PIN) or by POS."""

    agency = models.ForeignKey(
        Agency,
        on_delete=models.PROTECT,
        related_name="stores",
        verbose_name=_("agency"),
    )
    code = models.CharField(_("store number"), max_length=20)
    name = models.CharField(_("name"), max_length=100)
    staff_pin_hash = models.CharField(max_length=200, editable=False, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    closes_at = models.TimeField(
        _("business day ends at"),
        null=True,
        blank=True,
        help_text=_("Until then a redemption can be undone; afterwards it is a refund. Without it: midnight."),
    )
    offline_limit_jpy = models.PositiveBigIntegerField(
        _("offline limit (yen a code)"),
        default=0,
        help_text=_("What the store may take without a connection and report later. 0: nothing."),
    )
    phone_offline_count = models.PositiveSmallIntegerField(
        _("offline limit of a phone (codes a day)"),
        default=0,
        help_text=_("How many codes one phone with the staff page may take a day without a connection. 0: none."),
    )
    phone_offline_jpy = models.PositiveBigIntegerField(
        _("offline limit of a phone (yen a day)"),
        default=0,
        help_text=_(
            "How much it may take a day in all. The prize has to allow it as well, and the limit a code holds."
        ),
    )
    tries_a_minute = models.PositiveSmallIntegerField(
        _("codes a minute from one terminal"),
        default=60,
        db_default=60,
        validators=[MinValueValidator(60), MaxValueValidator(600)],
        help_text=_(
            "How many codes one terminal number may check or take by API. Enough for a till; a web shop, which calls "
            "under one number for all its customers, needs as many as come in its busiest minute."
        ),
    )
    unknown_an_hour = models.PositiveSmallIntegerField(
        _("unknown codes an hour"),
        default=120,
        db_default=120,
        validators=[MinValueValidator(120), MaxValueValidator(600)],
        help_text=_(
            "After so many codes that do not exist, all calls for this store by that API key are refused until the "
            "hour is over, so that nobody guesses codes. Raise it only for a web shop that itself limits the tries of "
            "each customer."
        ),
    )

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        constraints: ClassVar = [
            models.UniqueConstraint(name="store_code_once_per_agency", fields=["agency", "code"]),
            # On PostgreSQL the foreign key of what is booked in it, and its agency's, in one.
            models.UniqueConstraint(name="store_of_agency", fields=["id", "agency"]),
        ]

    def __str__(self) -> str:
        return self.name
