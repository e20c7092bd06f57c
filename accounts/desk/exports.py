"""What a list shows, as a file; who took it is in the audit trail before the first line leaves."""

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.admin.utils import (
    display_for_field,
    display_for_value,
    label_for_field,
    lookup_field,
)
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.html import strip_tags
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from accounts import audit
from accounts.desk.tenancy import signed_in
from core.spreadsheets import csv_lines

ROWS_AT_ONCE = 500
GROUPED = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+|-?[0-9]{1,3}(,[0-9]{3})*円")


class ExportMixin:
    """Adds the button 「表示中の一覧をCSVで保存」; filters, search and the tenant's wall apply as on the page."""

    actions_list: Any = ("export_csv",)

    @action(description=_("Save this list as CSV"), url_path="export", icon="download")
    def export_csv(self: Any, request: HttpRequest) -> StreamingHttpResponse:
        changes: ChangeList = self.get_changelist_instance(request)
        user = signed_in(request)
        audit.record(
            "list.exported",
            subject=user,
            actor_id=user.pk,
            model=self.model._meta.label_lower,
            count=changes.result_count,
        )
        response = StreamingHttpResponse(csv_lines(self._export_rows(changes)), content_type="text/csv; charset=utf-8")
        name = f"{self.model._meta.model_name}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "no-store"
        return response

    def rows_for_export(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Give the rows of a list as its file needs them, which is read at leisure and added up."""
        return rows

    def _export_rows(self: Any, changes: ChangeList) -> Iterator[list[str]]:
        columns = [name for name in changes.list_display if name != "action_checkbox"]
        yield [str(label_for_field(name, self.model, model_admin=self)) for name in columns]
        for row in self.rows_for_export(changes.queryset).iterator(chunk_size=ROWS_AT_ONCE):
            yield [self._export_cell(name, row) for name in columns]

    def _export_cell(self: Any, name: str, row: Any) -> str:
        field, method, value = lookup_field(name, row, self)
        if field is not None and method is None:
            text = display_for_field(value, field, "")
        else:
            label = getattr(method, "label", None)
            value = value[1] if label and isinstance(value, tuple) else value
            text = display_for_value(value, "", boolean=getattr(method, "boolean", False))
        return _as_number(strip_tags(str(text)).strip())


def _as_number(text: str) -> str:
    """Give an amount or a count as a spreadsheet adds it up: "1,500円" is 1500. Anything else stays as it is."""
    return re.sub("[,円]", "", text) if GROUPED.fullmatch(text) else text
