"""Codes in stock: sealed, unique within the agency, each leaving the stock once."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, User
from campaigns.models import Prize
from core.models import StatefulModel, in_status


class CodeSource(models.TextChoices):
    IMPORTED = "imported", _("imported from a file")
    GENERATED = "generated", _("generated here")


class BatchStatus(models.TextChoices):
    STAGED = "staged", _("waiting for activation")
    ACTIVE = "active", _("in stock")
    DISCARDED = "discarded", _("discarded")


class CodeBatch(StatefulModel):
    """Codes that came in together (入荷); they can be handed out once the batch is active."""

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {
        BatchStatus.STAGED: {BatchStatus.ACTIVE, BatchStatus.DISCARDED},
    }

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    prize = models.ForeignKey(Prize, on_delete=models.PROTECT, related_name="batches", verbose_name=_("prize"))
    name = models.CharField(_("name"), max_length=100)
    source = models.CharField(_("source"), max_length=9, choices=CodeSource)
    status = models.CharField(_("status"), max_length=9, choices=BatchStatus, default=BatchStatus.STAGED)
    file_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    code_count = models.PositiveIntegerField(_("codes"), default=0)
    face_value_jpy = models.PositiveBigIntegerField(_("value each (yen)"), default=0)
    expires_at = models.DateTimeField(_("codes expire at"), null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    activated_at = models.DateTimeField(_("activated at"), null=True, blank=True)

    class Meta:
        verbose_name = _("batch of codes")
        verbose_name_plural = _("batches of codes")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            in_status("batch_status_known", BatchStatus),
            models.UniqueConstraint(
                name="batch_file_once",
                fields=["agency", "file_sha256"],
                condition=~Q(file_sha256="") & ~Q(status="discarded"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CodeStatus(models.TextChoices):
    STAGED = "staged", _("waiting for activation")
    AVAILABLE = "available", _("available")
    ISSUED = "issued", _("issued")
    VOID = "void", _("void")
    EXPIRED = "expired", _("expired")


class GiftCode(StatefulModel):
    """One code: it leaves the stock once and never returns. The value is in `code_ciphertext` only."""

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {
        CodeStatus.STAGED: {CodeStatus.AVAILABLE, CodeStatus.VOID},
        CodeStatus.AVAILABLE: {CodeStatus.ISSUED, CodeStatus.VOID, CodeStatus.EXPIRED},
        CodeStatus.ISSUED: {CodeStatus.VOID},
    }

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    batch = models.ForeignKey(
        CodeBatch,
        on_delete=models.PROTECT,
        related_name="gift_codes",
        verbose_name=_("batch"),
    )
    prize = models.ForeignKey(
        Prize,
        on_delete=models.PROTECT,
        related_name="gift_codes",
        verbose_name=_("prize"),
    )
    position = models.BigIntegerField(editable=False)
    status = models.CharField(_("status"), max_length=9, choices=CodeStatus, default=CodeStatus.STAGED)
    code_ciphertext = models.TextField(editable=False)
    code_index = models.CharField(max_length=64, editable=False)
    pin_ciphertext = models.TextField(blank=True, editable=False)
    url_ciphertext = models.TextField(blank=True, editable=False)
    face_value_jpy = models.PositiveBigIntegerField(_("value (yen)"), default=0)
    balance_jpy = models.PositiveBigIntegerField(_("balance (yen)"), default=0)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    issued_at = models.DateTimeField(_("issued at"), null=True, blank=True)
    redeemed_at = models.DateTimeField(_("redeemed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("gift code")
        verbose_name_plural = _("gift codes")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            in_status("gift_code_status_known", CodeStatus),
            models.UniqueConstraint(name="gift_code_once_per_agency", fields=["agency", "code_index"]),
            models.CheckConstraint(
                name="gift_code_issued_has_a_time",
                condition=~Q(status="issued") | Q(issued_at__isnull=False),
            ),
            models.CheckConstraint(
                name="gift_code_balance_within_face",
                condition=Q(balance_jpy__lte=models.F("face_value_jpy")),
            ),
        ]
        indexes: ClassVar = [
            # Ordered by a column that only this index serves, so that the planner never walks past issued rows.
            models.Index(
                name="gift_code_in_stock",
                fields=["prize", "position"],
                condition=Q(status="available"),
            ),
            models.Index(name="gift_code_by_batch", fields=["batch", "status"]),
        ]

    def __str__(self) -> str:
        return str(self.public_id)[:8]
