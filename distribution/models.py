"""Messages on their way: the row is the outbox, and each attempt leaves its line."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from codes.models import Award
from core.models import StatefulModel, TimestampedModel, in_status
from participants.models import Entry, Identity


class DeliveryKind(models.TextChoices):
    AWARD = "award", _("winner notice with claim link")
    VERIFY_EMAIL = "verify_email", _("confirm your address")
    VERDICT = "verdict", _("result of the check")
    NOT_WON = "not_won", _("not won")
    RESUME = "resume", _("link to continue")
    REMINDER = "reminder", _("reminder of a prize not opened yet")
    MOVE = "move", _("link for another device")
    ADDRESS_AGAIN = "address_again", _("request for the address of a parcel that came back")
    SHIPPED = "shipped", _("goods were sent")


# Messages about an award beside the one notice that it has.
ABOUT_AN_AWARD = ["reminder", "move", "address_again", "shipped"]


class DeliveryStatus(models.TextChoices):
    QUEUED = "queued", _("queued")
    SENDING = "sending", _("being sent")
    ACCEPTED = "accepted", _("handed over")
    DELIVERED = "delivered", _("arrived")
    BOUNCED = "bounced", _("bounced")
    FAILED = "failed", _("not sent")
    UNKNOWN = "unknown", _("outcome unknown")
    CANCELLED = "cancelled", _("cancelled")


class DeliveryChannel(models.TextChoices):
    EMAIL = "email", _("e-mail")
    LINE = "line", "LINE"


class Delivery(StatefulModel):
    """One message to one person. An award has exactly one; resends and other channels are attempts of the same row."""

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {
        DeliveryStatus.QUEUED: {
            DeliveryStatus.SENDING,
            DeliveryStatus.CANCELLED,
            DeliveryStatus.FAILED,
        },
        DeliveryStatus.SENDING: {
            DeliveryStatus.QUEUED,
            DeliveryStatus.ACCEPTED,
            DeliveryStatus.FAILED,
            DeliveryStatus.UNKNOWN,
        },
        DeliveryStatus.ACCEPTED: {
            DeliveryStatus.DELIVERED,
            DeliveryStatus.BOUNCED,
            DeliveryStatus.QUEUED,
        },
        DeliveryStatus.UNKNOWN: {
            DeliveryStatus.SENDING,
            DeliveryStatus.QUEUED,
            DeliveryStatus.ACCEPTED,
            DeliveryStatus.DELIVERED,
            DeliveryStatus.BOUNCED,
        },
        DeliveryStatus.BOUNCED: {DeliveryStatus.QUEUED},
        DeliveryStatus.FAILED: {DeliveryStatus.QUEUED},
        DeliveryStatus.DELIVERED: {DeliveryStatus.QUEUED},
    }

    agency = models.ForeignKey(
        Agency,
        on_delete=models.PROTECT,
        db_index=False,  # one row is written with each award: every index costs there
        related_name="+",
        verbose_name=_("agency"),
    )
    kind = models.CharField(_("kind"), max_length=13, choices=DeliveryKind)
    entry = models.ForeignKey(
        Entry,
        on_delete=models.PROTECT,
        related_name="deliveries",
        verbose_name=_("entry"),
    )
    award = models.OneToOneField(
        Award,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="delivery",
        verbose_name=_("award"),
    )
    about = models.ForeignKey(
        Award,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("about the award"),
    )
    identity = models.ForeignKey(
        Identity,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("contact"),
    )
    status = models.CharField(_("status"), max_length=9, choices=DeliveryStatus, default=DeliveryStatus.QUEUED)
    provider_key = models.UUIDField(default=uuid.uuid4, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    accepted_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    failure_code = models.CharField(_("reason"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            in_status("delivery_status_known", DeliveryStatus),
            models.CheckConstraint(
                name="delivery_award_matches_kind",
                condition=Q(kind="award", award__isnull=False) | (~Q(kind="award") & Q(award__isnull=True)),
            ),
            models.CheckConstraint(
                name="delivery_about_matches_kind",
                condition=Q(kind__in=ABOUT_AN_AWARD, about__isnull=False)
                | (~Q(kind__in=ABOUT_AN_AWARD) & Q(about__isnull=True)),
            ),
            models.UniqueConstraint(name="delivery_reminds_once", fields=["about"], condition=Q(kind="reminder")),
            models.CheckConstraint(
                name="delivery_accepted_has_a_time",
                condition=~Q(status__in=["accepted", "delivered"]) | Q(accepted_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="delivery_due",
                fields=["next_attempt_at"],
                condition=Q(status__in=["queued", "unknown"]),
            ),
            models.Index(
                name="delivery_leased",
                fields=["lease_until"],
                condition=Q(status="sending"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {str(self.public_id)[:8]}"


class DeliveryAttempt(TimestampedModel):
    """One try to hand a message over, on one channel."""

    delivery = models.ForeignKey(
        Delivery,
        on_delete=models.PROTECT,
        related_name="attempt_log",
        verbose_name=_("delivery"),
    )
    number = models.PositiveSmallIntegerField(_("number"))
    channel = models.CharField(_("channel"), max_length=5, choices=DeliveryChannel)
    identity = models.ForeignKey(Identity, on_delete=models.PROTECT, related_name="+", verbose_name=_("contact"))
    outcome = models.CharField(_("outcome"), max_length=20, blank=True)
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    provider_message_id = models.CharField(_("provider's id"), max_length=200, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering: ClassVar = ["delivery", "number"]
        constraints: ClassVar = [models.UniqueConstraint(name="attempt_number_once", fields=["delivery", "number"])]

    def __str__(self) -> str:
        return f"#{self.number} {self.outcome}"
