"""Codes in stock: sealed, unique within the agency, each leaving the stock once."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Agency, User
from campaigns.models import Prize
from core.keyed_fields import KeyedIndex
from core.models import StatefulModel, in_status
from core.sealed_fields import SealedText


class CodeSource(models.TextChoices):
    IMPORTED = "imported", _("imported from a file")
    GENERATED = "generated", _("generated here")
    FETCHED = "fetched", _("fetched from a supplier when shown")


class CodeFormat(models.TextChoices):
    """How the text of our own codes is made, which decides what tills can scan."""

    TYPED = "typed", _("16 letters and digits, to be typed or scanned")
    DIGITS = "digits", _("24 digits, for barcodes")
    JAN = "jan", _("13 digits (JAN), for tills that read nothing else")


class BatchPurpose(models.TextChoices):
    AWARDS = "awards", _("for winners")
    PRINT = "print", _("printed and handed out")


class BatchStatus(models.TextChoices):
    LOADING = "loading", _("being read in")
    STAGED = "staged", _("waiting for activation")
    ACTIVE = "active", _("in stock")
    PAUSED = "paused", _("held back")
    RECALLED = "recalled", _("recalled")
    DISCARDED = "discarded", _("discarded")


class CodeBatch(StatefulModel):
    """Codes that came in together (入荷); they can be handed out once the batch is active."""

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {
        BatchStatus.LOADING: {BatchStatus.STAGED, BatchStatus.DISCARDED},
        BatchStatus.STAGED: {BatchStatus.ACTIVE, BatchStatus.DISCARDED},
        BatchStatus.ACTIVE: {BatchStatus.PAUSED, BatchStatus.RECALLED},
        BatchStatus.PAUSED: {BatchStatus.ACTIVE, BatchStatus.RECALLED},
    }

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    prize = models.ForeignKey(Prize, on_delete=models.PROTECT, related_name="batches", verbose_name=_("prize"))
    name = models.CharField(_("name"), max_length=100)
    source = models.CharField(pgettext_lazy("batch of codes", "source"), max_length=9, choices=CodeSource)
    code_format = models.CharField(_("form"), max_length=6, choices=CodeFormat, default=CodeFormat.TYPED)
    purpose = models.CharField(_("purpose"), max_length=6, choices=BatchPurpose, default=BatchPurpose.AWARDS)
    status = models.CharField(_("status"), max_length=9, choices=BatchStatus, default=BatchStatus.STAGED)
    status_reason = models.CharField(_("reason"), max_length=200, blank=True)
    # What the journal knows of a batch that is printed; others are known by their awards.
    journaled_status = models.CharField(max_length=9, default="", db_default="", blank=True, editable=False)
    file_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    code_count = models.PositiveIntegerField(_("codes"), default=0)
    # Behind which the prize's next codes come: among the codes no index would tell, as they leave it with the stock.
    last_position = models.BigIntegerField(default=0, db_default=0, editable=False)
    face_value_jpy = models.PositiveBigIntegerField(_("value each (yen)"), default=0)
    expires_at = models.DateTimeField(_("codes expire at"), null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    activated_at = models.DateTimeField(_("activated at"), null=True, blank=True)
    activated_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("batch of codes")
        verbose_name_plural = _("batches of codes")
        permissions: ClassVar = [("export_codebatch", "Can have own codes written out")]
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="batch_of_agency", fields=["id", "agency"]),  # for keys that look at both
            in_status("batch_status_known", BatchStatus),
            # On PostgreSQL the foreign key of its codes, and their agency's and prize's in one.
            models.UniqueConstraint(name="batch_of_agency_and_prize", fields=["id", "agency", "prize"]),
            models.UniqueConstraint(
                name="batch_file_once",
                fields=["agency", "file_sha256"],
                condition=~Q(file_sha256="") & ~Q(status="discarded"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def value_jpy(self) -> int:
        """What all codes of the batch are worth together."""
        return self.code_count * self.face_value_jpy


class CodeStatus(models.TextChoices):
    STAGED = "staged", _("waiting for activation")
    AVAILABLE = "available", _("available")
    RESERVED = "reserved", _("reserved")
    HELD = "held", _("held back")
    ISSUED = "issued", _("issued")
    PRINTED = "printed", _("printed and handed out")
    VOID = "void", _("void")
    EXPIRED = "expired", _("expired")


class GiftCode(StatefulModel):
    """One code: it leaves the stock once and never returns. The value is in the ciphertext columns only.

    A code that is fetched has no ciphertext: its supplier makes it under `public_id` and shows it again on request.
    """

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {
        CodeStatus.STAGED: {CodeStatus.AVAILABLE, CodeStatus.PRINTED, CodeStatus.VOID},
        CodeStatus.AVAILABLE: {
            CodeStatus.ISSUED,
            CodeStatus.RESERVED,
            CodeStatus.HELD,
            CodeStatus.VOID,
            CodeStatus.EXPIRED,
        },
        CodeStatus.RESERVED: {CodeStatus.ISSUED, CodeStatus.AVAILABLE, CodeStatus.VOID, CodeStatus.EXPIRED},
        CodeStatus.HELD: {CodeStatus.AVAILABLE, CodeStatus.ISSUED, CodeStatus.VOID, CodeStatus.EXPIRED},
        CodeStatus.ISSUED: {CodeStatus.VOID},
        CodeStatus.PRINTED: {CodeStatus.VOID},
    }

    # Issuing rewrites an entry in every index below, so there are none that the service can do without.
    # On PostgreSQL one foreign key binds all three to the batch: a code never lies in another agency's, or prize's.
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, db_index=False, related_name="+", verbose_name=_("agency")
    )
    batch = models.ForeignKey(
        CodeBatch,
        on_delete=models.PROTECT,
        db_index=False,
        related_name="gift_codes",
        verbose_name=_("batch"),
    )
    prize = models.ForeignKey(
        Prize,
        on_delete=models.PROTECT,
        db_index=False,
        related_name="gift_codes",
        verbose_name=_("prize"),
    )
    position = models.BigIntegerField(editable=False)
    status = models.CharField(_("status"), max_length=9, choices=CodeStatus, default=CodeStatus.STAGED)
    code_ciphertext = SealedText(table="gift_code", column="code", blank=True, editable=False)
    code_index = KeyedIndex(hashes="gift_code")
    index_key_id = models.CharField(max_length=8, default="0", editable=False)
    pin_ciphertext = SealedText(table="gift_code", column="pin", blank=True, editable=False)
    url_ciphertext = SealedText(table="gift_code", column="url", blank=True, editable=False)
    number_ciphertext = SealedText(table="gift_code", column="number", blank=True, editable=False)
    face_value_jpy = models.PositiveBigIntegerField(_("value (yen)"), default=0)
    balance_jpy = models.PositiveBigIntegerField(_("balance (yen)"), default=0)
    use_count = models.PositiveSmallIntegerField(_("times used"), default=0)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    issued_at = models.DateTimeField(_("issued at"), null=True, blank=True)
    redeemed_at = models.DateTimeField(_("redeemed at"), null=True, blank=True)
    presented_slot = models.BigIntegerField(default=0, editable=False)  # last 30-second slot that a till accepted
    recovered_at = models.DateTimeField(_("known from the journal"), null=True, blank=True)

    class Meta:
        verbose_name = _("gift code")
        verbose_name_plural = _("gift codes")
        permissions: ClassVar = [("reveal_giftcode", "Can be shown a code")]
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            in_status("gift_code_status_known", CodeStatus),
            models.UniqueConstraint(name="gift_code_once_per_agency", fields=["agency", "code_index"]),
            models.CheckConstraint(
                name="gift_code_issued_has_a_time",
                condition=~Q(status__in=["issued", "printed"]) | Q(issued_at__isnull=False),
            ),
            models.CheckConstraint(
                name="gift_code_balance_within_face",
                condition=Q(balance_jpy__lte=F("face_value_jpy")),
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
        return f"{self.batch} #{self.position}"

    @property
    def is_on_paper_only(self) -> bool:
        """Tell whether nobody but who holds the paper knows the text: the code was made anew from the journal."""
        from_journal = self.recovered_at is not None and self.status in (CodeStatus.STAGED, CodeStatus.PRINTED)
        return from_journal and not self.code_ciphertext
