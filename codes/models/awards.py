"""What a winner holds."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from campaigns.models import Prize
from codes.models.stock import GiftCode
from core.keyed_fields import KeyedIndex
from core.models import PublicModel
from draws.models import DrawResult
from participants.models import Entry, Identity


class Award(PublicModel):
    """One prize of a winning entry (当選) with at most one code; claimed by a link, revealed by a press."""

    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, db_index=False, related_name="+", verbose_name=_("agency")
    )
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="awards", verbose_name=_("entry"))
    result = models.ForeignKey(
        DrawResult,
        on_delete=models.PROTECT,
        db_index=False,  # an entry has one result, and is indexed
        related_name="awards",
        verbose_name=_("result"),
    )
    prize = models.ForeignKey(
        Prize,
        on_delete=models.PROTECT,
        db_index=False,  # see award_by_prize
        related_name="awards",
        verbose_name=_("prize"),
    )
    gift_code = models.OneToOneField(
        GiftCode,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="award",
        verbose_name=_("code"),
    )
    replaces = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name=_("in place of"),
    )
    value_jpy = models.PositiveBigIntegerField(_("value (yen)"), default=0, db_default=0, editable=False)
    token_index = KeyedIndex(hashes="claim_token", key_column="token_key_id", unique=True)
    token_key_id = models.CharField(max_length=8, default="0", editable=False)
    claim_expires_at = models.DateTimeField(_("to be received until"))
    claimed_at = models.DateTimeField(_("claim page opened at"), null=True, blank=True)
    revealed_at = models.DateTimeField(_("revealed at"), null=True, blank=True)
    reveal_count = models.PositiveIntegerField(_("times shown"), default=0)
    voided_at = models.DateTimeField(_("voided at"), null=True, blank=True)
    bound_at = models.DateTimeField(_("bound to its holder at"), null=True, blank=True)
    bound_identity = models.ForeignKey(
        Identity,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("bound to"),
    )
    device_digest = KeyedIndex(hashes="claim_device", key_column="token_key_id", blank=True)
    pin_hash = models.CharField(max_length=200, blank=True, editable=False)
    pin_failures = models.PositiveSmallIntegerField(default=0, editable=False)
    pin_paused_until = models.DateTimeField(null=True, blank=True, editable=False)
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)
    journaled_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("award")
        verbose_name_plural = _("awards")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="award_once_per_prize",
                fields=["entry", "prize"],
                condition=Q(voided_at__isnull=True),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="award_by_prize", fields=["prize", "created_at"]),
            models.Index(name="award_not_in_journal", fields=["id"], condition=Q(journaled_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.prize} {self.notice_number}"

    @property
    def notice_number(self) -> str:
        """The number by which its winner checks that a notice is genuine, and which is read out to the desk."""
        digits = self.public_id.hex[:12].upper()
        return "-".join(digits[start : start + 4] for start in (0, 4, 8))
