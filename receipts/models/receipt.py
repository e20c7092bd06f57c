"""Proof of purchase: photographs, what was read on them, and the fingerprint that lets a receipt count once."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Agency, User
from campaigns.models import Campaign
from core.keyed_fields import KeyedIndex, key_id_field
from core.models import PublicModel, StatefulModel, in_status
from core.sealed_fields import SealedFile
from participants.models import Entry
from receipts.models.shops import Shop, ShopChain


class ReceiptStatus(models.TextChoices):
    UPLOADED = "uploaded", _("waiting to be read")
    READING = "reading", _("being read")
    READ = "read", _("read")
    FAILED = "failed", _("could not be read")
    REPLACED = "replaced", _("replaced by a new photo")


class ReadingFailure(models.TextChoices):
    """Why the last attempt at reading gave nothing."""

    CRASHED = "crashed", _("the reader broke off")
    TIME = "time", _("reading took too long")
    MEMORY = "memory", _("reading took too much memory")
    SILENT = "silent", _("the worker fell silent")
    UNAVAILABLE = "unavailable", _("the reader is not installed")


class Receipt(StatefulModel):
    """One paper receipt of an entry, in one to four photographs."""

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {
        ReceiptStatus.UPLOADED: {
            ReceiptStatus.READING,
            ReceiptStatus.REPLACED,
            ReceiptStatus.FAILED,
        },
        ReceiptStatus.READING: {
            ReceiptStatus.READ,
            ReceiptStatus.FAILED,
            ReceiptStatus.UPLOADED,
            ReceiptStatus.REPLACED,
        },
        ReceiptStatus.READ: {ReceiptStatus.REPLACED},
        ReceiptStatus.FAILED: {ReceiptStatus.READ, ReceiptStatus.REPLACED, ReceiptStatus.UPLOADED},
    }

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        related_name="receipts",
        verbose_name=_("campaign"),
    )
    entry = models.ForeignKey(
        Entry,
        on_delete=models.PROTECT,
        related_name="receipts",
        verbose_name=_("entry"),
    )
    status = models.CharField(_("status"), max_length=8, choices=ReceiptStatus, default=ReceiptStatus.UPLOADED)
    attempts = models.PositiveSmallIntegerField(_("attempts at reading"), default=0)
    failure = models.CharField(_("why it was not read"), max_length=11, choices=ReadingFailure, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    engine = models.CharField(_("reader"), max_length=40, blank=True)
    reading = models.JSONField(_("reading"), null=True, blank=True, editable=False)

    store_name = models.CharField(_("store"), max_length=100, blank=True)
    branch = models.CharField(_("branch"), max_length=100, blank=True)
    telephone = models.CharField(_("telephone"), max_length=13, blank=True)
    purchased_on = models.DateField(_("date of purchase"), null=True, blank=True)
    purchased_time = models.TimeField(_("time of purchase"), null=True, blank=True)
    receipt_no = models.CharField(_("receipt number"), max_length=40, blank=True)
    registration_no = models.CharField(_("registration number"), max_length=14, blank=True)
    subtotal_jpy = models.PositiveBigIntegerField(_("subtotal (yen)"), null=True, blank=True)
    tax_jpy = models.PositiveBigIntegerField(_("tax (yen)"), null=True, blank=True)
    total_jpy = models.PositiveBigIntegerField(_("total (yen)"), null=True, blank=True)
    corrected_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    chain = models.ForeignKey(
        ShopChain,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("chain"),
    )
    shop = models.ForeignKey(
        Shop,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=pgettext_lazy("shop master", "shop"),
    )

    fingerprint = KeyedIndex(hashes="receipt", blank=True)
    index_key_id = key_id_field()
    returned_at = models.DateTimeField(_("goods returned, told at"), null=True, blank=True, editable=False)
    counts = models.BooleanField(_("counts for its entry"), default=False, editable=False)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            in_status("receipt_status_known", ReceiptStatus),
            models.CheckConstraint(
                name="receipt_failure_known", condition=Q(failure="") | Q(failure__in=ReadingFailure.values)
            ),
            models.UniqueConstraint(
                name="receipt_counts_once_per_campaign",
                fields=["campaign", "fingerprint"],
                condition=Q(counts=True) & ~Q(fingerprint=""),
            ),
            models.CheckConstraint(
                name="receipt_total_in_bounds",
                condition=Q(total_jpy__isnull=True) | Q(total_jpy__lte=100_000_000),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="receipt_unread", fields=["status", "lease_until"]),
            models.Index(name="receipt_by_fingerprint", fields=["agency", "fingerprint"]),
            models.Index(name="receipt_by_telephone", fields=["agency", "telephone", "purchased_on"]),
            models.Index(name="receipt_by_registration", fields=["agency", "registration_no", "purchased_on"]),
        ]

    def __str__(self) -> str:
        return str(self.public_id)[:8]


class PhotoTrouble(models.TextChoices):
    """What was wrong with a photograph at the first glance, before any reading."""

    TOO_SMALL = "too_small", _("The photo is too small to read. Please come closer and take it again.")
    TOO_DARK = "too_dark", _("The photo is too dark to read. Please take it again in a bright place.")
    GLARE = "glare", _("Light washes out the photo. Please take it again without the lamp reflecting on the paper.")
    BLURRED = "blurred", _("The photo is blurred. Please hold the phone still, tap on the print, and take it again.")
    NO_PRINT = (
        "no_print",
        _("No print of a receipt is seen. Please take it again with the whole receipt in the frame and in focus."),
    )
    CUT_OFF = (
        "cut_off",
        _("The receipt seems to go on beyond the photo. Please take all of it; a long one goes on in another photo."),
    )


class ReceiptPhoto(PublicModel):
    """One photograph: rebuilt from its pixels without metadata, sealed in the file store.

    Beside it lies a copy on which private numbers and names are covered; others than its sender see that one.
    """

    receipt = models.ForeignKey(
        Receipt,
        on_delete=models.PROTECT,
        related_name="photos",
        verbose_name=_("receipt"),
    )
    position = models.PositiveSmallIntegerField(_("order"))
    file_name = SealedFile(table="receipt_photo", column="file", max_length=200, editable=False)
    file_name_key = models.CharField(max_length=40, default="", db_default="", blank=True, editable=False)
    covered_file_name = SealedFile(table="receipt_photo", column="covered", max_length=200, blank=True, editable=False)
    covered_file_name_key = models.CharField(max_length=40, default="", db_default="", blank=True, editable=False)
    purged_at = models.DateTimeField(_("deleted at"), null=True, blank=True, editable=False)
    original_sha256 = models.CharField(max_length=64, editable=False)
    perceptual_hash = models.CharField(max_length=16, editable=False)
    width = models.PositiveIntegerField(_("width (pixels)"))
    height = models.PositiveIntegerField(_("height (pixels)"))
    trouble = models.CharField(_("seen at once"), max_length=9, choices=PhotoTrouble, blank=True)
    is_edited = models.BooleanField(_("saved by an image editor"), default=False)

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(name="photo_position_once", fields=["receipt", "position"])]
        indexes: ClassVar = [
            models.Index(name="photo_by_original", fields=["original_sha256"]),
            models.Index(name="photo_kept", fields=["receipt"], condition=Q(purged_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.receipt} #{self.position}"


class ReceiptLine(models.Model):
    """One item printed on a receipt; `price_jpy` is the line's amount before its discount."""

    receipt = models.ForeignKey(
        Receipt,
        on_delete=models.CASCADE,
        related_name="lines",
        verbose_name=_("receipt"),
    )
    position = models.PositiveSmallIntegerField(_("order"))
    name = models.CharField(_("item"), max_length=100)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    price_jpy = models.BigIntegerField(_("price (yen)"))
    discount_jpy = models.BigIntegerField(_("discount (yen)"), default=0)
    jan = models.CharField(_("JAN code"), max_length=13, blank=True)
    confidence = models.PositiveSmallIntegerField(_("confidence (%)"), default=100)

    class Meta:
        verbose_name = _("receipt line")
        verbose_name_plural = _("receipt lines")
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(name="receipt_line_once", fields=["receipt", "position"])]

    def __str__(self) -> str:
        return self.name
