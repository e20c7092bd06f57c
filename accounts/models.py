"""Who may act (people and keys of agencies) and what they did."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.keyed_fields import KeyedIndex, key_id_field
from core.models import PublicModel, TimestampedModel
from core.sealed_fields import SealedText


class User(AbstractUser):
    """A person who works with campaigns: operator, reviewer, support or an agency's staff."""

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")


class Agency(PublicModel):
    """A tenant: nothing of one agency is seen by another."""

    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("short name"), unique=True)
    second_person_above_jpy = models.PositiveBigIntegerField(
        _("second person above (yen)"),
        default=1_000_000,
        help_text=_("What moves more than this value is started by one person and confirmed by another."),
    )
    members = models.ManyToManyField(User, through="Membership", related_name="agencies")

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OPERATOR = "operator", _("operator")
    REVIEWER = "reviewer", _("reviewer")
    SUPPORT = "support", _("support")
    VIEWER = "viewer", _("agency viewer")


class Membership(TimestampedModel):
    """A user's place in an agency; the role decides the permissions (`accounts/roles.py`)."""

    user = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="memberships",
        verbose_name=_("user"),
    )
    agency = models.ForeignKey(
        Agency,
        on_delete=models.CASCADE,
        related_name="memberships",
        verbose_name=_("agency"),
    )
    role = models.CharField(_("role"), max_length=10, choices=Role)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints: ClassVar = [
            models.UniqueConstraint(name="membership_once_per_agency", fields=["user", "agency"]),
            models.CheckConstraint(name="membership_role_known", condition=Q(role__in=Role.values)),
        ]

    def __str__(self) -> str:
        return f"{self.user} / {self.agency} / {self.get_role_display()}"


class Scope(models.TextChoices):
    CAMPAIGNS_READ = "campaigns:read", _("read campaigns")
    ENTRIES_READ = "entries:read", _("read entries")
    ENTRIES_WRITE = "entries:write", _("create entries")
    CODES_READ = "codes:read", _("read stock figures")
    CODES_IMPORT = "codes:import", _("import codes")
    CODES_RESERVE = "codes:reserve", _("reserve and release codes")
    REDEMPTIONS_WRITE = "redemptions:write", _("check, redeem and reverse codes")
    REPORTS_READ = "reports:read", _("read reports")


class DataClass(models.TextChoices):
    CODE = "code", _("codes, PINs and links")


class DataKey(PublicModel):
    """A key that seals one class of one tenant's data, wrapped by a master key that is not in the database.

    `scope` is the public id of what the key belongs to (a campaign); destroying the key makes what it sealed
    unreadable, in backups too.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    data_class = models.CharField(_("class"), max_length=8, choices=DataClass)
    scope = models.CharField(_("belongs to"), max_length=40)
    wrapped = SealedText(table="data_key", column="wrapped", editable=False)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)  # seals nothing new, still opens
    destroyed_at = models.DateTimeField(_("destroyed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("data key")
        verbose_name_plural = _("data keys")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="data_key_one_in_use",
                fields=["agency", "data_class", "scope"],
                condition=Q(retired_at__isnull=True),
            ),
            models.CheckConstraint(
                name="data_key_destroyed_is_empty",
                condition=Q(destroyed_at__isnull=True) | Q(wrapped="", retired_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)[:8]


class ApiKey(PublicModel):
    """A key by which an agency's system calls the API: shown once, kept as a keyed hash."""

    agency = models.ForeignKey(
        Agency,
        on_delete=models.CASCADE,
        related_name="api_keys",
        verbose_name=_("agency"),
    )
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("prefix"), max_length=20, unique=True, editable=False)
    digest = KeyedIndex(hashes="api_key", unique=True)
    index_key_id = key_id_field()
    scopes = models.JSONField(_("scopes"), default=list)
    allowed_addresses = models.JSONField(_("allowed IP addresses"), default=list, blank=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints: ClassVar = [
            models.UniqueConstraint(name="api_key_of_agency", fields=["id", "agency"]),  # for keys that look at both
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class AuditEntry(models.Model):
    """One line of the trail: who did what to which row, when and why. Lines are only ever added."""

    agency = models.ForeignKey(
        Agency,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,  # the trail is written with every act and read by subject or action
        related_name="+",
        verbose_name=_("agency"),
    )
    at = models.DateTimeField(_("at"), auto_now_add=True)
    actor = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        verbose_name=_("user"),
    )
    actor_label = models.CharField(_("actor"), max_length=100, blank=True)
    action = models.CharField(_("action"), max_length=60)
    subject_type = models.CharField(_("subject type"), max_length=60)
    subject_id = models.CharField(_("subject id"), max_length=40)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    facts = models.JSONField(_("facts"), default=dict)
    request_id = models.CharField(_("request id"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(name="audit_by_subject", fields=["subject_type", "subject_id"]),
            models.Index(name="audit_by_action", fields=["action", "at"]),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type} {self.subject_id}"
