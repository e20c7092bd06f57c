"""Entries: where each one stands, and what was brought for it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.desk import ExportMixin, ReadOnlyAdmin, TenantTabularInline
from participants.models import Answer, Entry, EntryStatus, TypedProof

COLOURS = {
    EntryStatus.STARTED: "default",
    EntryStatus.SUBMITTED: "info",
    EntryStatus.IN_REVIEW: "warning",
    EntryStatus.SENT_BACK: "warning",
    EntryStatus.REFUSED: "danger",
    EntryStatus.ACCEPTED: "success",
    EntryStatus.WON: "success",
    EntryStatus.LOST: "default",
    EntryStatus.WITHDRAWN: "default",
}


class SeenInline(TenantTabularInline):
    """Rows that services wrote."""

    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("participants.view_entry")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class TypedProofInline(SeenInline):
    model = TypedProof
    fields = ("kind", "masked")


class AnswerInline(SeenInline):
    model = Answer
    fields = ("question", "answer")
    readonly_fields = ("answer",)

    @admin.display(description=_("answer"))
    def answer(self, answer: Answer) -> str:
        return "、".join(map(str, answer.values))


@admin.register(Entry)
class EntryAdmin(ExportMixin, ReadOnlyAdmin):
    list_display = ("public_id", "campaign", "status_label", "link", "submitted_at", "decided_at")
    list_select_related = ("campaign", "link")
    list_filter = (
        "status",
        ("campaign", admin.RelatedOnlyFieldListFilter),
        ("link", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = ("public_id", "external_reference")
    search_help_text = _("Id of an entry, or the client's reference")
    date_hierarchy = "submitted_at"
    fields = (
        ("campaign", "participant"),
        ("status", "link"),
        ("submitted_at", "decided_at"),
        "external_reference",
    )
    inlines = (TypedProofInline, AnswerInline)
    change_form_template = "admin/participants/entry/change_form.html"

    @display(description=_("status"), label=COLOURS, ordering="status")
    def status_label(self, entry: Entry) -> tuple[str, str]:
        return entry.status, entry.get_status_display()
