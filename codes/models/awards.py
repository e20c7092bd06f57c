"""What a winner holds, and each time a code was used."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, ApiKey
from campaigns.models import Prize, Store
from codes.models.stock import GiftCode
from core.models import PublicModel
from draws.models import DrawResult
from participants.models import Entry


class Award(PublicModel):
    """One prize of a winning entry (当選) with at most one code; claimed by a link, revealed by a press."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="awards", verbose_name=_("entry"))
    result = models.ForeignKey(
        DrawResult,
        on_delete=models.PROTECT,
        related_name="awards",
        verbose_name=_("result"),
    )
    prize = models.ForeignKey(Prize, on_delete=models.PROTECT, related_name="awards", verbose_name=_("prize"))
    gift_code = models.OneToOneField(
        GiftCode,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="award",
        verbose_name=_("code"),
    )
    token_index = models.CharField(max_length=64, unique=True, editable=False)
    claim_expires_at = models.DateTimeField(_("to be received until"))
    claimed_at = models.DateTimeField(_("claim page opened at"), null=True, blank=True)
    revealed_at = models.DateTimeField(_("revealed at"), null=True, blank=True)
    reveal_count = models.PositiveIntegerField(_("times shown"), default=0)
    voided_at = models.DateTimeField(_("voided at"), null=True, blank=True)

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
        indexes: ClassVar = [models.Index(name="award_by_prize", fields=["prize", "created_at"])]

    def __str__(self) -> str:
        return f"{self.prize} {str(self.public_id)[:8]}"


class RedemptionKind(models.TextChoices):
    REDEEM = "redeem", _("redeemed")
    REVERSAL = "reversal", _("reversed")


class Redemption(PublicModel):
    """One use of a code at a till, or its reversal; lines are only ever added."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    gift_code = models.ForeignKey(
        GiftCode,
        on_delete=models.PROTECT,
        related_name="redemptions",
        verbose_name=_("code"),
    )
    store = models.ForeignKey(
        Store,
        on_delete=models.PROTECT,
        related_name="redemptions",
        verbose_name=_("store"),
    )
    kind = models.CharField(_("kind"), max_length=8, choices=RedemptionKind)
    amount_jpy = models.PositiveBigIntegerField(_("amount (yen)"))
    balance_after_jpy = models.PositiveBigIntegerField(_("balance after (yen)"))
    pos_transaction_id = models.CharField(_("POS transaction"), max_length=64, blank=True)
    terminal = models.CharField(_("terminal"), max_length=40, blank=True)
    reverses = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversed_by",
        verbose_name=_("reverses"),
    )
    at = models.DateTimeField(_("at"))
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="redemption_once_per_pos_transaction",
                fields=["agency", "store", "pos_transaction_id"],
                condition=~Q(pos_transaction_id=""),
            ),
            models.CheckConstraint(
                name="redemption_reversal_names_its_redemption",
                condition=Q(kind="redeem", reverses__isnull=True) | Q(kind="reversal", reverses__isnull=False),
            ),
            models.CheckConstraint(
                name="redemption_amount_bounded",
                condition=Q(amount_jpy__gt=0, amount_jpy__lte=100_000_000) & ~Q(reverses=F("pk")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount_jpy}"
