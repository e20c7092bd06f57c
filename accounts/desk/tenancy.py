"""The tenant's wall within the admin: rows, choices and rights of a user's own agencies only."""

from typing import Any, cast

from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest
from unfold.admin import StackedInline, TabularInline

from accounts.models import User
from accounts.selectors import agencies_where


def signed_in(request: HttpRequest) -> User:
    """Give the user whom the admin has let in."""
    return cast("User", request.user)


def allowed_agency_ids(request: HttpRequest, *permissions: str) -> set[int]:
    """Give the agencies in which the user's role holds one of some permissions; asked once a request."""
    asked: dict[tuple[str, ...], set[int]] = getattr(request, "agency_ids", {})
    if permissions not in asked:
        found = agencies_where(signed_in(request), *permissions)
        asked[permissions] = set(found.values_list("pk", flat=True))
        request.agency_ids = asked  # type: ignore[attr-defined]
    return asked[permissions]


def agency_id_of(row: Model, path: str) -> int | None:
    """Follow `path` (as in a filter) from a row to the key of its agency."""
    value: Any = row
    for name in path.split("__"):
        value = getattr(value, name, None)
    return value if isinstance(value, int) or value is None else value.pk


class OwnChoices:
    """Offer in choices only what the user may see; the same rows are what the form accepts."""

    admin_site: Any

    def get_field_queryset(self, db: str | None, db_field: ForeignKey[Any, Any], request: HttpRequest) -> QuerySet[Any]:
        related = db_field.remote_field.model
        if related not in self.admin_site._registry:
            return related._default_manager.none()
        return self.admin_site.get_model_admin(related).get_queryset(request)


class TenantTabularInline(OwnChoices, TabularInline):
    """Rows of a parent that is within the wall itself."""

    extra = 0


class TenantStackedInline(OwnChoices, StackedInline):
    """As TenantTabularInline, one block a row."""

    extra = 0
