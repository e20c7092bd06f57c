"""What every `admin.py` builds on: the tenant's wall, questions before an act, form fields, export."""

from accounts.desk.admins import ReadOnlyAdmin, TenantModelAdmin
from accounts.desk.asking import Question, attempt
from accounts.desk.exports import ExportMixin
from accounts.desk.fields import InclusiveEndField, LinesField, grouped, shown, until, yen
from accounts.desk.history import HistoryMixin
from accounts.desk.importing import TableImportMixin
from accounts.desk.keyset import KeysetMixin
from accounts.desk.searching import id_begins
from accounts.desk.tenancy import TenantStackedInline, TenantTabularInline

__all__ = [
    "ExportMixin",
    "HistoryMixin",
    "InclusiveEndField",
    "KeysetMixin",
    "LinesField",
    "Question",
    "ReadOnlyAdmin",
    "TableImportMixin",
    "TenantModelAdmin",
    "TenantStackedInline",
    "TenantTabularInline",
    "attempt",
    "grouped",
    "id_begins",
    "shown",
    "until",
    "yen",
]
