"""Stock set aside: for a while for somebody, or for a place; and what was found when it was counted."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, ApiKey, User
from campaigns.models import Campaign, Prize, Store, TrackedLinkChannel
from codes.models.awards import Award
from codes.models.stock import CodeBatch, GiftCode
from core.models import PublicModel, StatefulModel, TimestampedModel, in_status


class ReservationStatus(models.TextChoices):
    HELD = "held", _("held")
    USED = "used", _("given out")
    RELEASED = "released", _("released")
    EXPIRED = "expired", _("expired")


class Reservation(StatefulModel):
    """A code kept for somebody until a moment (引当); given out, or back in stock by itself."""

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {
        ReservationStatus.HELD: {ReservationStatus.USED, ReservationStatus.RELEASED, ReservationStatus.EXPIRED},
    }

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    prize = models.ForeignKey(Prize, on_delete=models.PROTECT, related_name="reservations", verbose_name=_("prize"))
    gift_code = models.ForeignKey(
        GiftCode, on_delete=models.PROTECT, related_name="reservations", verbose_name=_("code")
    )
    award = models.OneToOneField(
        Award, on_delete=models.PROTECT, null=True, blank=True, related_name="reservation", verbose_name=_("award")
    )
    value_jpy = models.PositiveBigIntegerField(_("value (yen)"), default=0, db_default=0, editable=False)
    reference = models.CharField(_("reference"), max_length=100)
    status = models.CharField(_("status"), max_length=8, choices=ReservationStatus, default=ReservationStatus.HELD)
    expires_at = models.DateTimeField(_("held until"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            in_status("reservation_status_known", ReservationStatus),
            models.UniqueConstraint(name="reservation_one_per_code", fields=["gift_code"], condition=Q(status="held")),
            models.UniqueConstraint(
                name="reservation_once_per_reference",
                fields=["agency", "prize", "reference"],
                condition=Q(status__in=["held", "used"]),
            ),
            models.CheckConstraint(
                name="reservation_used_has_award",
                condition=Q(status="used", award__isnull=False) | (~Q(status="used") & Q(award__isnull=True)),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="reservation_ends", fields=["expires_at"], condition=Q(status="held")),
        ]

    def __str__(self) -> str:
        return self.reference


class Allocation(PublicModel):
    """A share of a prize's stock for a place: a store, a channel, a day, or several of them together.

    `place` is the canonical form of the three, so that each place has one share at most.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    prize = models.ForeignKey(Prize, on_delete=models.PROTECT, related_name="allocations", verbose_name=_("prize"))
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("store")
    )
    channel = models.CharField(_("channel"), max_length=10, choices=TrackedLinkChannel, blank=True)
    day = models.DateField(_("day"), null=True, blank=True)
    place = models.CharField(max_length=60, editable=False)
    quota = models.PositiveIntegerField(_("codes"))
    used = models.PositiveIntegerField(_("given out"), default=0)

    class Meta:
        verbose_name = _("share of stock")
        verbose_name_plural = _("shares of stock")
        ordering: ClassVar = ["prize", "place"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="allocation_once_per_place", fields=["prize", "place"]),
            models.CheckConstraint(name="allocation_within_quota", condition=Q(used__lte=F("quota"))),
        ]

    def __str__(self) -> str:
        return f"{self.place}: {self.used}/{self.quota}"


class StockCount(PublicModel):
    """What a count (棚卸) found for one batch: what came in, and where each code is now."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    batch = models.ForeignKey(CodeBatch, on_delete=models.PROTECT, related_name="counts", verbose_name=_("batch"))
    counted_at = models.DateTimeField(_("counted at"))
    counted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    imported = models.PositiveIntegerField(_("came in"))
    staged = models.PositiveIntegerField(_("not in stock yet"))
    available = models.PositiveIntegerField(_("available"))
    reserved = models.PositiveIntegerField(_("reserved"))
    held = models.PositiveIntegerField(_("held back"))
    awarded = models.PositiveIntegerField(_("given out"))
    void = models.PositiveIntegerField(_("void"))
    expired = models.PositiveIntegerField(_("expired"))
    difference = models.IntegerField(_("difference"))

    class Meta:
        verbose_name = _("stock count")
        verbose_name_plural = _("stock counts")
        ordering: ClassVar = ["-counted_at", "batch"]

    def __str__(self) -> str:
        return f"{self.batch} {timezone.localtime(self.counted_at):%Y/%m/%d %H:%M}"


class StockAlarm(TimestampedModel):
    """A warning that a prize runs out; raised once, ended when codes came in."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    prize = models.ForeignKey(Prize, on_delete=models.PROTECT, related_name="stock_alarms", verbose_name=_("prize"))
    raised_at = models.DateTimeField(_("raised at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    left_count = models.PositiveIntegerField(_("left"))
    runs_out_at = models.DateTimeField(_("runs out about"), null=True, blank=True)

    class Meta:
        verbose_name = _("stock warning")
        verbose_name_plural = _("stock warnings")
        constraints: ClassVar = [
            models.UniqueConstraint(name="stock_alarm_one_open", fields=["prize"], condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.prize} {self.left_count}"


class BudgetAlarm(TimestampedModel):
    """A warning that a campaign's budget goes; raised once a level, ended by another level or a larger budget."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="budget_alarms", verbose_name=_("campaign")
    )
    level_percent = models.PositiveSmallIntegerField(_("level (%)"))  # 100: no prize fits into what is left
    raised_at = models.DateTimeField(_("raised at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    used_jpy = models.PositiveBigIntegerField(_("given (yen)"))
    total_jpy = models.PositiveBigIntegerField(_("budget (yen)"))
    runs_out_at = models.DateTimeField(_("runs out about"), null=True, blank=True)

    class Meta:
        verbose_name = _("budget warning")
        verbose_name_plural = _("budget warnings")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="budget_alarm_one_open", fields=["campaign"], condition=Q(ended_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} {self.level_percent}%"


class SupplierCardStatus(models.TextChoices):
    REQUESTED = "requested", _("asked for")
    MADE = "made", _("made")
    UNKNOWN = "unknown", _("outcome unknown")
    REFUSED = "refused", _("refused")
    CANCELLING = "cancelling", _("being cancelled")
    CANCELLED = "cancelled", _("cancelled")


class SupplierCard(StatefulModel):
    """What is kept of a code that its supplier makes and shows: the request and the card's id, never the code."""

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {
        SupplierCardStatus.REQUESTED: {
            SupplierCardStatus.MADE,
            SupplierCardStatus.UNKNOWN,
            SupplierCardStatus.REFUSED,
        },
        SupplierCardStatus.UNKNOWN: {SupplierCardStatus.MADE, SupplierCardStatus.REFUSED},
        SupplierCardStatus.REFUSED: {
            SupplierCardStatus.MADE,
            SupplierCardStatus.UNKNOWN,
            SupplierCardStatus.CANCELLING,
        },
        SupplierCardStatus.MADE: {SupplierCardStatus.CANCELLING},
        SupplierCardStatus.CANCELLING: {
            SupplierCardStatus.CANCELLED,
            SupplierCardStatus.MADE,
            SupplierCardStatus.REFUSED,
        },
    }

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    gift_code = models.OneToOneField(
        GiftCode, on_delete=models.PROTECT, related_name="supplier_card", verbose_name=_("code")
    )
    supplier = models.CharField(_("supplier"), max_length=20)
    request_id = models.CharField(_("request"), max_length=40, unique=True)
    card_id = models.CharField(_("supplier's id"), max_length=100, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=SupplierCardStatus, default=SupplierCardStatus.REQUESTED
    )
    amount_jpy = models.PositiveBigIntegerField(_("value (yen)"))
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    failure_code = models.CharField(_("reason"), max_length=40, blank=True)
    made_at = models.DateTimeField(_("made at"), null=True, blank=True)

    class Meta:
        verbose_name = _("code at the supplier")
        verbose_name_plural = _("codes at the supplier")
        constraints: ClassVar = [
            in_status("supplier_card_status_known", SupplierCardStatus),
            models.CheckConstraint(name="supplier_card_made_has_an_id", condition=~Q(status="made") | ~Q(card_id="")),
        ]
        indexes: ClassVar = [
            models.Index(name="supplier_card_unmade", fields=["updated_at"], condition=~Q(status="made")),
        ]

    def __str__(self) -> str:
        return self.request_id
