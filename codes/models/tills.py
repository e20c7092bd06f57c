"""At the till: each use of a code, what was set aside or undone before it came, and the books."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, ApiKey, User
from campaigns.models import Store
from codes.models.stock import GiftCode
from core.keyed_fields import KeyedIndex, key_id_field
from core.models import PublicModel, StatefulModel, in_status
from core.text import visible_ascii

MAX_JPY = 100_000_000


class RedemptionKind(models.TextChoices):
    REDEEM = "redeem", _("redeemed")
    REVERSAL = "reversal", _("reversed")
    REFUND = "refund", _("refunded")  # a reversal after the store's business day has ended


class Redemption(PublicModel):
    """One use of a code at a till, or its reversal; lines are only ever added.

    `reversed_jpy` of a use is what its reversals have given back so far. `is_repeat` belongs to one answer: the POS
    transaction had made this line before. `call_hashes` is for the issue journal: see `codes.journal.Call`.
    """

    is_repeat = False

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
    reversed_jpy = models.PositiveBigIntegerField(_("given back (yen)"), default=0)
    pos_transaction_id = models.CharField(_("POS transaction"), max_length=64, blank=True)
    basket_id = models.CharField(_("purchase number"), max_length=64, blank=True)
    terminal = models.CharField(_("terminal"), max_length=40, blank=True)
    goods = models.CharField(_("products"), max_length=200, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    reverses = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversals",
        verbose_name=_("reverses"),
    )
    at = models.DateTimeField(_("at"))
    occurred_at = models.DateTimeField(_("time at the till"), null=True, blank=True)
    is_offline = models.BooleanField(_("reported later"), default=False)
    business_day = models.DateField(_("business day"), null=True, blank=True)
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    call_hashes = models.CharField(max_length=80, blank=True, db_default="", default="", editable=False)
    journaled_at = models.DateTimeField(null=True, blank=True, editable=False)

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
                condition=Q(kind="redeem", reverses__isnull=True)
                | Q(kind__in=["reversal", "refund"], reverses__isnull=False),
            ),
            models.CheckConstraint(
                name="redemption_amount_bounded",
                condition=Q(amount_jpy__gt=0, amount_jpy__lte=MAX_JPY) & ~Q(reverses=F("pk")),
            ),
            models.CheckConstraint(
                name="redemption_reversed_at_most_once",
                condition=Q(reversed_jpy__lte=F("amount_jpy")),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="redemption_by_day", fields=["store", "business_day"]),
            models.Index(name="redemption_by_basket", fields=["store", "basket_id"], condition=~Q(basket_id="")),
            models.Index(name="redemption_not_in_journal", fields=["id"], condition=Q(journaled_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount_jpy:,}円"


class Terminal(PublicModel):
    """A till with a key of its own: the key works for its store only."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="terminals", verbose_name=_("store"))
    code = models.CharField(_("terminal number"), max_length=40, validators=[visible_ascii])
    api_key = models.OneToOneField(ApiKey, on_delete=models.PROTECT, related_name="terminal", verbose_name=_("API key"))
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("terminal")
        verbose_name_plural = _("terminals")
        constraints: ClassVar = [
            models.UniqueConstraint(name="terminal_code_once_per_store", fields=["store", "code"]),
        ]

    def __str__(self) -> str:
        return f"{self.store} {self.code}"


class CodeLock(PublicModel):
    """A code set aside for one cart for a short time; others are refused as `locked` meanwhile.

    A cart on the web may not know yet which store sells.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    gift_code = models.OneToOneField(GiftCode, on_delete=models.PROTECT, related_name="lock")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    terminal = models.CharField(max_length=40, blank=True)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("lock on a code")
        verbose_name_plural = _("locks on codes")

    def __str__(self) -> str:
        return str(self.public_id)[:8]


class Tombstone(models.Model):
    """A sale undone before it was known: should it still arrive, it is refused."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    pos_transaction_id = models.CharField(max_length=64)
    at = models.DateTimeField()
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("sale undone before arrival")
        verbose_name_plural = _("sales undone before arrival")
        constraints: ClassVar = [
            models.UniqueConstraint(name="tombstone_once", fields=["agency", "store", "pos_transaction_id"]),
        ]

    def __str__(self) -> str:
        return self.pos_transaction_id


class LedgerAccount(models.TextChoices):
    PROGRAM = "program", _("campaign")
    CODE = "code", _("on the code")
    STORE = "store", _("owed to the store")
    LAPSED = "lapsed", _("lapsed")
    WITHDRAWN = "withdrawn", _("withdrawn")


class LedgerTransfer(models.Model):
    """A posting in the books: yen that leave one account and reach another, so that all accounts always sum to zero.

    A code's account is opened with its face value when it is used for the first time. Rows are never changed or
    deleted; a trigger in the database refuses it.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    gift_code = models.ForeignKey(GiftCode, on_delete=models.PROTECT, related_name="transfers", verbose_name=_("code"))
    redemption = models.OneToOneField(
        Redemption, on_delete=models.PROTECT, null=True, blank=True, related_name="transfer"
    )
    from_account = models.CharField(_("from account"), max_length=9, choices=LedgerAccount)
    to_account = models.CharField(_("to account"), max_length=9, choices=LedgerAccount)
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("store")
    )
    amount_jpy = models.PositiveBigIntegerField(_("amount (yen)"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("posting")
        verbose_name_plural = _("postings")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.CheckConstraint(name="transfer_between_two_accounts", condition=~Q(from_account=F("to_account"))),
            models.CheckConstraint(
                name="transfer_amount_bounded", condition=Q(amount_jpy__gt=0, amount_jpy__lte=MAX_JPY)
            ),
            models.CheckConstraint(
                name="transfer_store_named",
                condition=(Q(from_account="store") | Q(to_account="store")) & Q(store__isnull=False)
                | ~Q(from_account="store") & ~Q(to_account="store") & Q(store__isnull=True),
            ),
            models.UniqueConstraint(
                name="transfer_opens_a_code_once", fields=["gift_code"], condition=Q(from_account="program")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_account} → {self.to_account} {self.amount_jpy}"


class ShownNumber(PublicModel):
    """A number of 24 digits that a phone shows as a barcode once, for five minutes; only its keyed hash is kept."""

    gift_code = models.ForeignKey(GiftCode, on_delete=models.CASCADE, related_name="shown_numbers")
    number_index = KeyedIndex(hashes="shown_number", unique=True)
    index_key_id = key_id_field()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("one-time number")
        verbose_name_plural = _("one-time numbers")
        indexes: ClassVar = [models.Index(name="shown_number_ends", fields=["expires_at"])]

    def __str__(self) -> str:
        return str(self.public_id)[:8]


class DisputeStatus(models.TextChoices):
    OPEN = "open", _("not settled")
    STORE_BEARS = "store", _("borne by the store")
    SPONSOR_BEARS = "sponsor", _("borne by the sponsor")
    NO_CLAIM = "dropped", _("dropped")


class OfflineDispute(StatefulModel):
    """A use reported later that could not be booked: used elsewhere meanwhile, unknown, or above the limit."""

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {
        DisputeStatus.OPEN: {DisputeStatus.STORE_BEARS, DisputeStatus.SPONSOR_BEARS, DisputeStatus.NO_CLAIM},
    }

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="disputes", verbose_name=_("store"))
    gift_code = models.ForeignKey(
        GiftCode, on_delete=models.PROTECT, null=True, blank=True, related_name="disputes", verbose_name=_("code")
    )
    terminal = models.CharField(_("terminal"), max_length=40, blank=True)
    pos_transaction_id = models.CharField(_("POS transaction"), max_length=64)
    amount_jpy = models.PositiveBigIntegerField(_("amount (yen)"))
    occurred_at = models.DateTimeField(_("time at the till"))
    received_at = models.DateTimeField(_("reported at"))
    goods = models.CharField(_("products"), max_length=200, blank=True)
    reason_code = models.CharField(_("why it could not be booked"), max_length=40)
    status = models.CharField(_("status"), max_length=7, choices=DisputeStatus, default=DisputeStatus.OPEN)
    note = models.CharField(_("note"), max_length=500, blank=True)
    resolved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    resolved_at = models.DateTimeField(_("settled at"), null=True, blank=True)

    class Meta:
        verbose_name = _("disputed use")
        verbose_name_plural = _("disputed uses")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            in_status("dispute_status_known", DisputeStatus),
            models.UniqueConstraint(
                name="dispute_once_per_use",
                fields=["agency", "store", "pos_transaction_id", "gift_code", "amount_jpy"],
            ),
            models.UniqueConstraint(
                name="dispute_once_per_use_of_an_unknown_code",
                fields=["agency", "store", "pos_transaction_id", "amount_jpy"],
                condition=Q(gift_code__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        is_hash = self.pos_transaction_id.startswith("#")  # it came back from the journal
        return str(self.public_id)[:8] if is_hash else self.pos_transaction_id


class Settlement(PublicModel):
    """The day's result of a store (精算): counts and sums of its business day, fixed when the day is over."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="settlements", verbose_name=_("store"))
    business_day = models.DateField(_("business day"))
    redeemed_count = models.PositiveIntegerField(_("redemptions"))
    redeemed_jpy = models.PositiveBigIntegerField(_("redeemed (yen)"))
    reversed_count = models.PositiveIntegerField(_("reversals"))
    reversed_jpy = models.PositiveBigIntegerField(_("reversed (yen)"))
    refunded_count = models.PositiveIntegerField(_("refunds"))
    refunded_jpy = models.PositiveBigIntegerField(_("refunded (yen)"))
    net_jpy = models.BigIntegerField(_("owed to the store (yen)"))
    closed_at = models.DateTimeField(_("closed at"))

    class Meta:
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")
        ordering: ClassVar = ["-business_day", "store"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="settlement_once_a_day", fields=["store", "business_day"]),
            models.CheckConstraint(
                name="settlement_adds_up",
                condition=Q(net_jpy=F("redeemed_jpy") - F("reversed_jpy") - F("refunded_jpy")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.store} {self.business_day:%Y/%m/%d}"
