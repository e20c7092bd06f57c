"""What can be won, under which terms, and over which links people come."""

import secrets
from functools import partial
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign
from campaigns.models.sponsors import Store
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


class Custody(models.TextChoices):
    STORED = "stored", _("kept here, sealed")
    FETCHED = "fetched", _("fetched from the supplier when shown")


class GiftBrand(PublicModel):
    """The profile of a gift brand: which fields its codes have, what may be said, who has to approve.

    Rules change at the brand's will, so they are dated data with a source, never constants.
    """

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=50)
    custody = models.CharField(_("custody"), max_length=7, choices=Custody, default=Custody.STORED)
    supplier = models.CharField(_("supplier's interface"), max_length=20, blank=True)
    code_fields = models.JSONField(_("fields of a code"), default=list)  # {name, label, pattern, is_required}
    minimum_jpy = models.PositiveBigIntegerField(_("smallest value (yen)"), default=1)
    maximum_jpy = models.PositiveBigIntegerField(_("largest value (yen)"), default=100_000_000)
    denominations = models.JSONField(_("values on offer (yen)"), default=list, blank=True)
    validity_months = models.PositiveSmallIntegerField(_("valid for (months)"), null=True, blank=True)
    needs_approval = models.BooleanField(_("use and texts need approval"), default=True)
    required_wording = models.TextField(_("texts that must appear"), blank=True)
    forbidden_words = models.JSONField(_("words not to be used"), default=list, blank=True)
    note = models.TextField(_("what else to keep in mind"), blank=True)
    source_url = models.CharField(_("source of the rules"), max_length=300, blank=True)
    checked_on = models.DateField(_("checked on"), null=True, blank=True)

    class Meta:
        verbose_name = _("gift brand")
        verbose_name_plural = _("gift brands")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="gift_brand_values_ordered",
                condition=Q(minimum_jpy__gte=1) & Q(minimum_jpy__lte=F("maximum_jpy")),
            ),
            models.CheckConstraint(
                name="gift_brand_fetched_has_supplier",
                condition=Q(custody="stored") | ~Q(supplier=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PrizeKind(models.TextChoices):
    GIFT_CODE = "gift_code", _("gift code of another company")
    OWN_CODE = "own_code", _("own code, redeemed at our stores")
    PHYSICAL = "physical", _("goods")
    SAMPLE = "sample", _("sample product")


# The one place that says which kinds have no code and are sent to an address; the database's own function for giving
# prizes has the same list, and a test compares both.
GOODS = (PrizeKind.PHYSICAL, PrizeKind.SAMPLE)


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
    gift_brand = models.ForeignKey(
        GiftBrand,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="prizes",
        verbose_name=_("gift brand"),
    )
    use_approval = models.CharField(_("approval to use the brand"), max_length=100, blank=True)
    text_approval = models.CharField(_("approval of page and messages"), max_length=100, blank=True)
    is_allocated = models.BooleanField(
        _("stock divided among places"),
        default=False,
        editable=False,  # follows from the allocations in stock
    )
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
        return not self.is_goods

    @property
    def is_goods(self) -> bool:
        """Tell whether it is sent to an address, which is asked for after the win."""
        return self.kind in GOODS


class UseMode(models.TextChoices):
    ONCE = "once", _("once, in full")
    TIMES = "times", _("so many times")
    BALANCE = "balance", _("until the balance is used up")


class UseConditions(PublicModel):
    """Under which conditions a code of our own is taken at a till. Without a row: anywhere, any time, by balance."""

    prize = models.OneToOneField(
        Prize,
        on_delete=models.CASCADE,
        related_name="conditions",
        verbose_name=_("prize"),
    )
    mode = models.CharField(_("may be used"), max_length=7, choices=UseMode, default=UseMode.BALANCE)
    use_limit = models.PositiveSmallIntegerField(_("how many times"), default=1)
    minimum_jpy = models.PositiveBigIntegerField(
        _("purchase of at least (yen)"),
        null=True,
        blank=True,
    )
    maximum_jpy = models.PositiveBigIntegerField(_("purchase of at most (yen)"), null=True, blank=True)
    products = models.JSONField(
        _("products and services"),
        default=list,
        blank=True,
        help_text=_("Item numbers (JAN or your own), one a line. Empty: everything."),
    )
    stores = models.ManyToManyField(Store, blank=True, related_name="+", verbose_name=_("stores"))
    valid_from = models.DateTimeField(_("usable from"), null=True, blank=True)
    valid_until = models.DateTimeField(_("usable until"), null=True, blank=True)  # exclusive
    weekdays = models.JSONField(_("weekdays"), default=list, blank=True)  # 0 Monday … 6 Sunday; empty: every day
    hour_from = models.TimeField(_("from"), null=True, blank=True)
    hour_until = models.TimeField(_("until"), null=True, blank=True)
    is_combinable = models.BooleanField(_("together with other codes"), default=True)
    is_offline_allowed = models.BooleanField(
        _("staff phones may take it without a connection"),
        default=False,
        help_text=_("Within the limits on the page of each store. What cannot be booked later is a dispute."),
    )

    class Meta:
        verbose_name = _("conditions of use")
        verbose_name_plural = _("conditions of use")
        constraints: ClassVar = [
            models.CheckConstraint(name="use_conditions_limit_positive", condition=Q(use_limit__gte=1)),
            models.CheckConstraint(
                name="use_conditions_amounts_ordered",
                condition=Q(minimum_jpy__isnull=True)
                | Q(maximum_jpy__isnull=True)
                | Q(minimum_jpy__lte=F("maximum_jpy")),
            ),
            models.CheckConstraint(
                name="use_conditions_period_ordered",
                condition=Q(valid_from__isnull=True) | Q(valid_until__isnull=True) | Q(valid_from__lt=F("valid_until")),
            ),
        ]

    def __str__(self) -> str:
        return self.get_mode_display()

    @property
    def most_uses(self) -> int | None:
        """How often a code may be used; None as long as its balance lasts."""
        return {UseMode.ONCE: 1, UseMode.TIMES: self.use_limit}.get(UseMode(self.mode))


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
    store = models.ForeignKey(
        Store,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("store"),
        help_text=_("Entries that come by this link count for the store's share of the stock."),
    )

    class Meta:
        verbose_name = _("tracked link")
        verbose_name_plural = _("tracked links")

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.name}"
