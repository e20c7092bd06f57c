"""Goods on their way to a winner: the address he gave after the win, and how many went to each dwelling."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, User
from campaigns.models import Campaign
from codes.models.awards import Award
from core.keyed_fields import KeyedIndex, key_id_field
from core.models import PublicModel, StatefulModel, in_status
from core.sealed_fields import SealedText


class Household(PublicModel):
    """One dwelling within a campaign, known by a keyed hash only: how many goods it receives (I04).

    `cap` is what the campaign allowed when a place was last taken; what was given before a lower limit stays.
    """

    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, db_index=False, related_name="+", verbose_name=_("agency")
    )
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, db_index=False, related_name="+", verbose_name=_("campaign")
    )
    address_index = KeyedIndex(hashes="household")
    index_key_id = key_id_field()
    used = models.PositiveSmallIntegerField(_("goods given"), default=0)
    cap = models.PositiveSmallIntegerField(_("goods at most"), null=True, blank=True)

    class Meta:
        verbose_name = _("household")
        verbose_name_plural = _("households")
        constraints: ClassVar = [
            models.UniqueConstraint(name="household_once_per_campaign", fields=["campaign", "address_index"]),
            models.CheckConstraint(name="household_within_cap", condition=Q(cap__isnull=True) | Q(used__lte=F("cap"))),
        ]

    def __str__(self) -> str:
        return str(self.public_id)[:8]


class ShippingListStatus(models.TextChoices):
    WAITING = "waiting", _("waits for a second person")
    APPROVED = "approved", _("confirmed by a second person")
    REFUSED = "refused", _("refused")


class ShippingList(StatefulModel):
    """Addresses that leave as a file for the shipper: asked for by one person, let out by another (T21)."""

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {
        ShippingListStatus.WAITING: {ShippingListStatus.APPROVED, ShippingListStatus.REFUSED},
    }

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+", verbose_name=_("campaign"))
    status = models.CharField(_("status"), max_length=8, choices=ShippingListStatus, default=ShippingListStatus.WAITING)
    reason = models.CharField(_("reason"), max_length=200)
    total_count = models.PositiveIntegerField(_("shipments"), default=0)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("asked for by"))
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("confirmed by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("shipping list")
        verbose_name_plural = _("shipping lists")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="shipping_list_of_agency", fields=["id", "agency"]),
            in_status("shipping_list_status_known", ShippingListStatus),
            models.CheckConstraint(
                name="shipping_list_second_person",
                condition=~Q(status="approved") | (Q(approved_by__isnull=False) & ~Q(approved_by=F("requested_by"))),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} {str(self.public_id)[:8]}"


class ShipmentStatus(models.TextChoices):
    WAITING = "waiting", _("waits for the address")
    READY = "ready", _("ready to be sent")
    LISTED = "listed", _("on a shipping list")
    HANDED_OVER = "handed_over", _("handed to the shipper")
    RETURNED = "returned", _("came back, address asked for again")
    CANCELLED = "cancelled", _("cancelled")


class Shipment(StatefulModel):
    """The parcel of one award of goods (発送); made with the award, its address is given by the winner.

    The address is sealed as one text. `masked` is what lists show of it; both go when it is purged, the row stays.
    """

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {
        ShipmentStatus.WAITING: {ShipmentStatus.READY, ShipmentStatus.CANCELLED},
        ShipmentStatus.READY: {
            ShipmentStatus.READY,  # corrected
            ShipmentStatus.LISTED,
            ShipmentStatus.HANDED_OVER,
            ShipmentStatus.CANCELLED,
        },
        ShipmentStatus.LISTED: {ShipmentStatus.READY, ShipmentStatus.HANDED_OVER, ShipmentStatus.CANCELLED},
        ShipmentStatus.HANDED_OVER: {ShipmentStatus.RETURNED},
        ShipmentStatus.RETURNED: {ShipmentStatus.READY, ShipmentStatus.CANCELLED},
    }

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    award = models.OneToOneField(Award, on_delete=models.PROTECT, related_name="shipment", verbose_name=_("award"))
    status = models.CharField(_("status"), max_length=11, choices=ShipmentStatus, default=ShipmentStatus.WAITING)
    address_ciphertext = SealedText(table="shipment", column="address", blank=True, default="", editable=False)
    masked = models.CharField(_("delivery address"), max_length=100, blank=True)
    household = models.ForeignKey(
        Household, on_delete=models.PROTECT, null=True, blank=True, related_name="shipments", editable=False
    )
    shipping_list = models.ForeignKey(
        ShippingList,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="shipments",
        verbose_name=_("shipping list"),
    )
    tracking_number = models.CharField(_("tracking number"), max_length=30, blank=True)
    address_given_at = models.DateTimeField(_("address given at"), null=True, blank=True)
    asked_again_until = models.DateTimeField(_("address asked for again until"), null=True, blank=True)
    handed_over_at = models.DateTimeField(_("handed over at"), null=True, blank=True)
    returned_at = models.DateTimeField(_("came back at"), null=True, blank=True)
    purged_at = models.DateTimeField(_("address deleted at"), null=True, blank=True)

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        ordering: ClassVar = ["-pk"]
        permissions: ClassVar = [("export_shipment", "Can have addresses written out for the shipper")]
        constraints: ClassVar = [
            in_status("shipment_status_known", ShipmentStatus),
            models.CheckConstraint(
                name="shipment_ready_has_an_address",
                condition=~Q(status__in=["ready", "listed", "handed_over"])
                | (
                    Q(address_given_at__isnull=False) & (Q(household__isnull=False) | Q(purged_at__isnull=False))
                ),  # a household goes with the last address, when its campaign is over
            ),
            models.CheckConstraint(
                name="shipment_handed_over_has_a_time",
                condition=~Q(status__in=["handed_over", "returned"]) | Q(handed_over_at__isnull=False),
            ),
            models.CheckConstraint(
                name="shipment_cancelled_has_no_address",
                condition=~Q(status="cancelled") | Q(address_ciphertext="", household__isnull=True),
            ),
        ]
        indexes: ClassVar = [models.Index(name="shipment_by_status", fields=["agency", "status"])]

    def __str__(self) -> str:
        return f"{self.get_status_display()} {str(self.public_id)[:8]}"

    @property
    def address_until(self) -> datetime:
        """Give the exclusive end of the time to give the address."""
        return self.asked_again_until or self.award.claim_expires_at
