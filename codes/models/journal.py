"""What the issue journal has still to be told, and what it has told of calls."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from codes.models.tills import Redemption
from core.keyed_fields import KeyedIndex, key_id_field


class UnwrittenLine(models.Model):
    """A line for the issue journal, kept in the transaction of its act until it is written: ids and hashes only."""

    line = models.JSONField()

    class Meta:
        verbose_name = _("line for the journal")
        verbose_name_plural = _("lines for the journal")
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"#{self.pk}"


class RecoveredCall(models.Model):
    """A call at a till that a restore brought back from the journal, known by hashes of its key and of its body.

    A repeat is answered with the line that the call made; `redemption` is empty where that could not be booked again.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    key_index = KeyedIndex(hashes="idempotency_key")
    body_index = KeyedIndex(hashes="idempotency_key")
    index_key_id = key_id_field()
    redemption = models.ForeignKey(Redemption, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("call known from the journal")
        verbose_name_plural = _("calls known from the journal")
        constraints: ClassVar = [
            models.UniqueConstraint(name="recovered_call_once", fields=["agency", "key_index"]),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
