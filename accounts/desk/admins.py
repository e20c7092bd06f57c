"""Base classes of the operators' admin."""

from typing import Any, ClassVar

from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin

from accounts.desk.asking import Question
from accounts.desk.fields import InclusiveEndField
from accounts.desk.tenancy import OwnChoices, agency_id_of, allowed_agency_ids


class TenantModelAdmin(OwnChoices, ModelAdmin):
    """Rows of the user's agencies only: in lists, pages, choices, searches, actions and saves.

    A right counts in the agency where the role gives it: an operator of one agency stays a viewer in another.
    """

    agency_path: ClassVar[str] = "agency"
    inclusive_ends: ClassVar[tuple[str, ...]] = ()
    list_per_page = 50
    list_filter_submit = False
    warn_unsaved_form = True
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        ids = self.agency_ids(request, "view", "change")
        return super().get_queryset(request).filter(**{f"{self.agency_path}__in": ids})

    def agency_ids(self, request: HttpRequest, *verbs: str) -> set[int]:
        """Give the agencies in which the user may do one of some things to this model."""
        return allowed_agency_ids(request, *(self._permission(verb) for verb in verbs))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "view", obj) or self.may(request, "change", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "add", None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "delete", obj)

    def may(self, request: HttpRequest, verb: str, row: Model | str | int | None) -> bool:
        """Tell whether the user may do something to any row, or to this one (a row or its key)."""
        if not request.user.has_perm(self._permission(verb)):
            return False
        if row is None:
            return True
        if isinstance(row, str) and not row.isdecimal():  # an address that somebody mistyped
            return False
        ids = self.agency_ids(request, verb)
        if isinstance(row, Model):
            return agency_id_of(row, self.agency_path) in ids
        rows = self.model._default_manager.filter(pk=row)
        return bool(rows.filter(**{f"{self.agency_path}__in": ids}).exists())

    def row_or_404(self, request: HttpRequest, object_id: str, verb: str = "view") -> Any:
        """Find a row that the user may do `verb` to; a foreign one is answered like one that is not there."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.may(request, verb, row):
            raise PermissionDenied
        return row

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Save, unless the row would come to lie in an agency where the user has no such right."""
        if not self.may(request, "change" if change else "add", obj):
            raise PermissionDenied
        super().save_model(request, obj, form, change)

    def get_ordering(self, request: HttpRequest) -> Any:
        """Newest first, unless a model or its list says otherwise: pages of a list must not overlap."""
        return super().get_ordering(request) or self.opts.ordering or ("-pk",)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Drop Django's bulk deletion: what goes, goes one by one with a preview."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Preset the agency of a user who has one only."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        ids = self.agency_ids(request, "add")
        return {"agency": next(iter(ids)), **initial} if len(ids) == 1 else initial

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Fix a row's agency once it is made."""
        has_agency = any(field.name == "agency" for field in self.opts.fields)
        fixed = ("agency",) if obj is not None and has_agency else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.inclusive_ends:
            return InclusiveEndField(
                label=db_field.verbose_name,
                help_text=db_field.help_text,
                required=not db_field.blank,
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def ask(self, request: HttpRequest, question: Question, row: Model | None = None) -> TemplateResponse:
        """Show a question; its button posts to the same address."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": question.title,
            "question": question,
            "original": row,
            "back_url": self.page_of(row),
            "media": self.media + (question.form.media if question.form else self.media),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/ask.html", context)

    def page_of(self, row: Model | None) -> str:
        """Give the address of a row's page, or of the list."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        if row is None:
            return reverse(f"{name}_changelist")
        return reverse(f"{name}_change", args=[row.pk])

    def _permission(self, verb: str) -> str:
        return f"{self.opts.app_label}.{get_permission_codename(verb, self.opts)}"


class ReadOnlyAdmin(TenantModelAdmin):
    """Rows that services write: seen here, never edited."""

    warn_unsaved_form = False
    show_add_link = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
