"""Users, agencies and who belongs where."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.desk import TenantModelAdmin
from accounts.desk.tenancy import signed_in
from accounts.models import Agency, Membership, Role, User
from accounts.selectors import agencies_of
from accounts.services import add_member, sync_user_groups


@admin.register(User)
class UserAdmin(BaseUserAdmin, ModelAdmin):
    """For superusers; what others may do follows from their memberships."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "last_name", "first_name", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("last_name", "first_name", "email")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser")}),
    )


@admin.register(Agency)
class AgencyAdmin(TenantModelAdmin):
    agency_path = "pk"
    list_display = ("name", "slug", "member_count", "created_at")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(people=Count("memberships"))

    def agency_ids(self, request: HttpRequest, *verbs: str) -> set[int]:
        """A member may name his agency in choices; pages and lists still need the right to see agencies."""
        if "add" in verbs or "delete" in verbs:
            return super().agency_ids(request, *verbs)
        return set(agencies_of(signed_in(request)).values_list("pk", flat=True))

    @admin.display(description=_("members"))
    def member_count(self, agency: Any) -> int:
        return int(agency.people)


@admin.register(Membership)
class MembershipAdmin(TenantModelAdmin):
    """Saving goes through the service, which also sets the user's groups."""

    list_display = ("user", "agency", "role", "created_at")
    list_select_related = ("user", "agency")
    list_filter = ("role",)
    autocomplete_fields = ("user",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        membership = add_member(user_id=obj.user_id, agency_id=obj.agency_id, role=Role(obj.role))
        obj.pk = membership.pk

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*super().get_readonly_fields(request, obj), *(("user",) if obj else ()))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        user_id = obj.user_id
        super().delete_model(request, obj)
        sync_user_groups(user_id=user_id)
