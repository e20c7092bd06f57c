"""The trail of one row on its own page: who changed what, and when."""

from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from accounts.desk.acts import ACTIONS
from accounts.models import AuditEntry

SHOWN = 20


class HistoryMixin:
    """Adds the read-only field `history`; lines of the trail with `changes` tell old and new values."""

    @admin.display(description=_("history"))
    def history(self, row: Any) -> str:
        lines = AuditEntry.objects.filter(subject_type=row._meta.label_lower, subject_id=str(row.public_id))
        told = [_line(entry) for entry in lines.select_related("actor").order_by("-at", "-pk")[:SHOWN]]
        began = (_when(row.created_at), "", _("first written"), "")
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} {} {} {}</li>", [*told, began]))


def _line(entry: AuditEntry) -> tuple[str, str, Any, str]:
    changes = entry.facts.get("changes", {})
    what = "、".join(f"{_text(old)} → {_text(new)}" for old, new in changes.values())
    return _when(entry.at), str(entry.actor or ""), ACTIONS.get(entry.action, entry.action), what


def _text(value: Any) -> str:
    return "・".join(value) if isinstance(value, list) and value else str(value or "—")


def _when(at: Any) -> str:
    return f"{timezone.localtime(at):%Y/%m/%d %H:%M}"
