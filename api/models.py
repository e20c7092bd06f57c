"""Answers kept for repeated calls."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency


class IdempotencyRecord(models.Model):
    """The answer to a value-moving call, kept under the caller's key; written in the effect's own transaction."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    endpoint = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    body_sha256 = models.CharField(max_length=64)
    status_code = models.PositiveSmallIntegerField(null=True)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        constraints: ClassVar = [
            models.UniqueConstraint(name="idempotency_key_once", fields=["agency", "endpoint", "key"])
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
