"""Results, as they were fixed."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.desk import ExportMixin, ReadOnlyAdmin
from draws.models import DrawResult


@admin.register(DrawResult)
class DrawResultAdmin(ExportMixin, ReadOnlyAdmin):
    list_display = ("decided_at", "campaign", "entry", "outcome", "course")
    list_select_related = ("entry__campaign", "course")
    list_filter = (
        ("course", admin.EmptyFieldListFilter),
        ("entry__campaign", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = ("entry__public_id",)
    search_help_text = _("Id of an entry")
    fields = ("entry", "course", "draw", "decided_at")

    @admin.display(description=_("campaign"))
    def campaign(self, result: DrawResult) -> str:
        return str(result.entry.campaign)

    @display(description=_("result"), label={"won": "success", "lost": "default"})
    def outcome(self, result: DrawResult) -> tuple[str, Any]:
        return ("won", _("won")) if result.is_win else ("lost", _("not won"))
