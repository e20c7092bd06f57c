"""The audit trail, to read: what each line says in words."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.desk import ExportMixin, ReadOnlyAdmin
from accounts.desk.acts import ACTIONS
from accounts.models import AuditEntry


class ActionFilter(admin.SimpleListFilter):
    title = _("action")
    parameter_name = "action"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return list(ACTIONS.items())

    def queryset(self, request: Any, queryset: Any) -> Any:
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ExportMixin, ReadOnlyAdmin):
    list_display = ("at", "who", "act", "subject", "subject_id", "reason")
    list_select_related = ("actor", "agency")
    list_filter = (ActionFilter,)
    search_fields = ("subject_id", "request_id")
    search_help_text = _("Id of a row, or of a request")
    date_hierarchy = "at"
    fields = ("at", "who", "act", "subject", "subject_id", "reason", "facts", "request_id")
    readonly_fields = ("who", "act", "subject")

    @admin.display(description=_("actor"), ordering="actor")
    def who(self, entry: AuditEntry) -> str:
        return str(entry.actor or entry.actor_label or _("the system"))

    @admin.display(description=_("action"), ordering="action")
    def act(self, entry: AuditEntry) -> str:
        return str(ACTIONS.get(entry.action, entry.action))

    @admin.display(description=_("subject type"), ordering="subject_type")
    def subject(self, entry: AuditEntry) -> str:
        try:
            return str(apps.get_model(entry.subject_type)._meta.verbose_name)
        except (LookupError, ValueError):
            return entry.subject_type
