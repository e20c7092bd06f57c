"""The audit trail, to read."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.desk import ExportMixin, ReadOnlyAdmin
from accounts.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ExportMixin, ReadOnlyAdmin):
    list_display = ("at", "who", "action", "subject_type", "subject_id", "reason")
    list_select_related = ("actor", "agency")
    list_filter = ("action",)
    search_fields = ("subject_id", "request_id")
    search_help_text = _("Id of a row, or of a request")
    date_hierarchy = "at"

    @admin.display(description=_("actor"), ordering="actor")
    def who(self, entry: AuditEntry) -> str:
        return str(entry.actor or entry.actor_label or _("the system"))
