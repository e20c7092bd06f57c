"""What the issue journal has still to be told."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class UnwrittenLine(models.Model):
    """A line for the issue journal, kept in the transaction of its act until it is written: ids and hashes only."""

    line = models.JSONField()

    class Meta:
        verbose_name = _("line for the journal")
        verbose_name_plural = _("lines for the journal")
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"#{self.pk}"
