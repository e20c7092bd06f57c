"""Who takes part: one participant with many identities, what was agreed to, and each entry made."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from campaigns.models import Campaign, Question, TermsVersion, TrackedLink
from core.keyed_fields import KeyedIndex, key_id_field
from core.models import PublicModel, StatefulModel, TimestampedModel, in_status
from core.sealed_fields import SealedText


class Participant(PublicModel):
    """One person within an agency, over all channels; anonymous until an identity is verified."""

    agency = models.ForeignKey(
        Agency,
        on_delete=models.PROTECT,
        related_name="participants",
        verbose_name=_("agency"),
    )
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged")

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        constraints: ClassVar = [
            models.UniqueConstraint(name="participant_of_agency", fields=["id", "agency"]),
        ]

    def __str__(self) -> str:
        return str(self.public_id)[:8]


class IdentityKind(models.TextChoices):
    EMAIL = "email", _("e-mail")
    LINE = "line", "LINE"
    X = "x", "X"


class Identity(PublicModel):
    """One way to know or reach a person; the value is sealed, `value_index` finds it and is unique once verified."""

    participant = models.ForeignKey(
        Participant,
        on_delete=models.PROTECT,
        related_name="identities",
        verbose_name=_("participant"),
    )
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    kind = models.CharField(_("kind"), max_length=5, choices=IdentityKind)
    value_ciphertext = SealedText(table="identity", editable=False)
    value_index = KeyedIndex(hashes="identity")
    index_key_id = key_id_field()
    masked = models.CharField(_("masked"), max_length=254)
    verified_at = models.DateTimeField(_("verified at"), null=True, blank=True)
    unreachable_at = models.DateTimeField(_("unreachable since"), null=True, blank=True)
    facts = models.JSONField(_("checked facts"), default=dict, blank=True)  # is_friend, follows, …, with checked_at

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="identity_verified_once",
                fields=["agency", "kind", "value_index"],
                condition=Q(verified_at__isnull=False),
            ),
            models.UniqueConstraint(
                name="identity_once_per_person",
                fields=["participant", "kind", "value_index"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.masked}"


class EntryStatus(models.TextChoices):
    STARTED = "started", _("started")
    SUBMITTED = "submitted", _("submitted")
    IN_REVIEW = "in_review", _("in review")
    SENT_BACK = "sent_back", _("sent back")
    REFUSED = "refused", _("not eligible")
    ACCEPTED = "accepted", _("accepted")
    WON = "won", _("won")
    LOST = "lost", _("not won")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Entry(StatefulModel):
    """One attempt of a person at one campaign, from the first touch to the result."""

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {
        EntryStatus.STARTED: {EntryStatus.SUBMITTED, EntryStatus.WITHDRAWN},
        EntryStatus.SUBMITTED: {
            EntryStatus.IN_REVIEW,
            EntryStatus.SENT_BACK,
            EntryStatus.REFUSED,
            EntryStatus.ACCEPTED,
            EntryStatus.WITHDRAWN,
        },
        EntryStatus.IN_REVIEW: {
            EntryStatus.SENT_BACK,
            EntryStatus.REFUSED,
            EntryStatus.ACCEPTED,
            EntryStatus.WITHDRAWN,
        },
        # Sent back and refused entries move by the answer to an appeal, too, and when a reviewer takes a word back.
        EntryStatus.SENT_BACK: {
            EntryStatus.SUBMITTED,
            EntryStatus.WITHDRAWN,
            EntryStatus.ACCEPTED,
            EntryStatus.REFUSED,
            EntryStatus.IN_REVIEW,
        },
        EntryStatus.REFUSED: {EntryStatus.ACCEPTED, EntryStatus.SENT_BACK, EntryStatus.IN_REVIEW},
        # A contact confirmed late may show that the person had entered before.
        EntryStatus.ACCEPTED: {
            EntryStatus.WON,
            EntryStatus.LOST,
            EntryStatus.REFUSED,
            EntryStatus.IN_REVIEW,  # held, or taken back by its reviewer, before anything was given
            EntryStatus.WITHDRAWN,
        },
        EntryStatus.WON: {EntryStatus.REFUSED},  # the goods were returned
    }

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        related_name="entries",
        verbose_name=_("campaign"),
    )
    participant = models.ForeignKey(
        Participant,
        on_delete=models.PROTECT,
        related_name="entries",
        verbose_name=_("participant"),
    )
    link = models.ForeignKey(
        TrackedLink,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="entries",
        verbose_name=_("came by"),
    )
    status = models.CharField(_("status"), max_length=10, choices=EntryStatus, default=EntryStatus.STARTED)
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    advance_after = models.DateTimeField(null=True, blank=True, editable=False)
    advance_failures = models.PositiveSmallIntegerField(default=0, editable=False)
    external_reference = models.CharField(_("client's reference"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            in_status("entry_status_known", EntryStatus),
            models.CheckConstraint(
                name="entry_beyond_start_has_a_time",
                condition=Q(status__in=["started", "withdrawn"]) | Q(submitted_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="entry_waiting",
                fields=["advance_after"],
                condition=Q(advance_after__isnull=False),
            ),
            models.Index(name="entry_by_campaign", fields=["campaign", "status"]),
            models.Index(name="entry_by_person", fields=["participant", "campaign"]),
        ]

    def __str__(self) -> str:
        return str(self.public_id)[:8]


class ProofKind(models.TextChoices):
    SERIAL = "serial", _("serial code")
    REFERENCE = "reference", _("reference number")


class TypedProof(PublicModel):
    """A number that an entrant typed, sealed; `value_index` is what lists are asked with."""

    entry = models.ForeignKey(
        Entry,
        on_delete=models.CASCADE,
        related_name="typed_proofs",
        verbose_name=_("entry"),
    )
    kind = models.CharField(_("kind"), max_length=9, choices=ProofKind)
    value_ciphertext = SealedText(table="typed_proof", editable=False)
    value_index = KeyedIndex(hashes="number")
    index_key_id = key_id_field()
    masked = models.CharField(_("masked"), max_length=50)

    class Meta:
        verbose_name = _("typed number")
        verbose_name_plural = _("typed numbers")
        constraints: ClassVar = [models.UniqueConstraint(name="typed_proof_once", fields=["entry", "kind"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.masked}"


class Answer(TimestampedModel):
    """What an entrant answered to one question: a list of texts, also for a single choice."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="answers", verbose_name=_("entry"))
    question = models.ForeignKey(
        Question,
        on_delete=models.PROTECT,
        related_name="answers",
        verbose_name=_("question"),
    )
    values = models.JSONField(_("answer"), default=list)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints: ClassVar = [models.UniqueConstraint(name="answer_once", fields=["entry", "question"])]

    def __str__(self) -> str:
        return f"{self.question}"


class ConsentKind(models.TextChoices):
    TERMS = "terms", _("terms")
    MARKETING = "marketing", _("news from the sponsor")


class Consent(TimestampedModel):
    """What a person agreed to, on which wording, and when it ended."""

    participant = models.ForeignKey(
        Participant,
        on_delete=models.PROTECT,
        related_name="consents",
        verbose_name=_("participant"),
    )
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+", verbose_name=_("campaign"))
    kind = models.CharField(_("kind"), max_length=9, choices=ConsentKind)
    terms_version = models.ForeignKey(TermsVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    granted_at = models.DateTimeField(_("granted at"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.granted_at:%Y-%m-%d}"


class TouchKind(models.TextChoices):
    LINK = "link", _("opened a tracked link")
    PAGE = "page", _("saw the campaign page")
    STARTED = "started", _("started an entry")
    SUBMITTED = "submitted", _("submitted an entry")
    VERIFIED = "verified", _("confirmed a contact")
    CLAIM_OPENED = "claim_opened", _("opened the claim page")
    REVEALED = "revealed", _("saw the code")
    REDEEMED = "redeemed", _("used the code")
    RETURNED = "returned", _("returned the purchase")
    ADDRESS = "address", _("gave the delivery address")
    SHIPPED = "shipped", _("goods were sent")
    CAME_BACK = "came_back", _("goods came back")
    NOTE = "note", _("note by the desk")


class Touch(models.Model):
    """One contact of a person with a campaign: a line of the timeline."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, null=True, related_name="touches")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="touches")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="touches")
    link = models.ForeignKey(TrackedLink, on_delete=models.PROTECT, null=True, related_name="touches")
    kind = models.CharField(_("what"), max_length=12, choices=TouchKind)
    at = models.DateTimeField(_("at"))
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("touch")
        verbose_name_plural = _("timeline")
        ordering: ClassVar = ["at", "pk"]
        indexes: ClassVar = [models.Index(name="touch_by_campaign", fields=["campaign", "kind", "at"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}"


class TraceKind(models.TextChoices):
    DEVICE = "device", _("browser")
    NETWORK = "network", _("network")
    MAILBOX = "mailbox", _("mailbox")
    MAIL_DOMAIN = "mail_domain", _("mail domain")
    OPENING = "opening", _("browser that opened the code")
    PURCHASE = "purchase", _("purchase that the code was used for")
    TILL = "till", _("till and minutes of use")


class EntryTrace(models.Model):
    """What an entry came from, as a keyed hash only: shared ones tell of rings. Kept for 90 days."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="traces")
    kind = models.CharField(_("what"), max_length=11, choices=TraceKind)
    value_index = KeyedIndex(hashes="trace")
    index_key_id = key_id_field()
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("trace")
        verbose_name_plural = _("traces")
        constraints: ClassVar = [models.UniqueConstraint(name="trace_once", fields=["entry", "kind", "value_index"])]
        indexes: ClassVar = [
            models.Index(name="trace_shared", fields=["campaign", "kind", "value_index"]),
            models.Index(name="trace_by_age", fields=["at"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}"
