"""Work on many codes at once: a row that tells how far it is, so that it goes on where a dead worker stopped."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, User
from codes.models.stock import CodeBatch
from core.models import StatefulModel, in_status


class JobKind(models.TextChoices):
    CHECK = "check", _("check a file")
    IMPORT = "import", _("read a file in")
    GENERATE = "generate", _("make own codes")
    ACTIVATE = "activate", _("put into stock")
    DISCARD = "discard", _("discard")
    HOLD = "hold", _("hold back")
    RELEASE = "release", _("put back into stock")
    RECALL = "recall", _("recall")
    EXPORT = "export", _("export")
    REWRAP = "rewrap", _("seal under a new key")
    REINDEX = "reindex", _("index under a new key")
    MASTER = "master", _("seal everything under a new master key")


class JobStatus(models.TextChoices):
    WAITING = "waiting", _("waits for a second person")
    QUEUED = "queued", _("waiting its turn")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class CodeJob(StatefulModel):
    """One piece of long work on codes. `done_count` moves in the transaction of the chunk that it counts."""

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {
        JobStatus.WAITING: {JobStatus.QUEUED, JobStatus.CANCELLED},
        JobStatus.QUEUED: {JobStatus.RUNNING, JobStatus.CANCELLED, JobStatus.FAILED},
        JobStatus.RUNNING: {JobStatus.RUNNING, JobStatus.DONE, JobStatus.FAILED, JobStatus.QUEUED, JobStatus.CANCELLED},
        JobStatus.FAILED: {JobStatus.QUEUED, JobStatus.CANCELLED},
    }

    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("agency")
    )
    batch = models.ForeignKey(
        CodeBatch,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="jobs",
        verbose_name=_("batch"),
    )
    kind = models.CharField(_("what"), max_length=8, choices=JobKind)
    status = models.CharField(_("status"), max_length=9, choices=JobStatus, default=JobStatus.QUEUED)
    parameters = models.JSONField(default=dict, blank=True, editable=False)  # ids and choices, never a code
    total_count = models.PositiveBigIntegerField(_("codes in all"), default=0)
    done_count = models.PositiveBigIntegerField(_("done"), default=0)
    cursor = models.BigIntegerField(default=0, editable=False)
    report = models.JSONField(_("what was found"), default=dict, blank=True)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    fruitless_count = models.PositiveSmallIntegerField(default=0, editable=False)  # tries since the last chunk
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    failure_code = models.CharField(_("reason"), max_length=40, blank=True)
    requested_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("started by")
    )
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("confirmed by")
    )
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("work on codes")
        verbose_name_plural = _("work on codes")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            in_status("code_job_status_known", JobStatus),
            models.CheckConstraint(
                name="code_job_two_people",
                condition=Q(approved_by__isnull=True)
                | Q(requested_by__isnull=True)
                | ~Q(approved_by=F("requested_by")),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="code_job_open", fields=["lease_until"], condition=Q(status__in=["queued", "running"])),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class FileProblem(models.Model):
    """A row of a checked file that cannot be used; kept for some weeks, with four symbols of its code at most."""

    job = models.ForeignKey(CodeJob, on_delete=models.CASCADE, db_index=False, related_name="file_problems")
    row = models.PositiveIntegerField(_("row"))
    code = models.CharField(_("problem"), max_length=40)
    tail = models.CharField(_("last four symbols"), max_length=4, blank=True)

    class Meta:
        verbose_name = _("row that cannot be used")
        verbose_name_plural = _("rows that cannot be used")
        ordering: ClassVar = ["row", "pk"]
        indexes: ClassVar = [models.Index(name="file_problem_by_row", fields=["job", "row"])]

    def __str__(self) -> str:
        return f"#{self.row}"
