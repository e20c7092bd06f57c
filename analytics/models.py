"""No table of its own yet: figures are counted from the stages' rows. Holds the permission to see reports."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Report(models.Model):
    """A name for the permission to see reports; has no rows."""

    class Meta:
        managed = False
        default_permissions = ("view",)
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        permissions: ClassVar = []

    def __str__(self) -> str:
        return "report"
