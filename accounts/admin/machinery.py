"""Tables of the libraries we stand on: in our dress, and for superusers only, since no role names them."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.models import Group
from unfold.admin import ModelAdmin


def _dress(model_admin: type[admin.ModelAdmin]) -> type[admin.ModelAdmin]:
    """Give a library's admin class the look of ours."""
    return type(model_admin.__name__, (model_admin, ModelAdmin), {})


for _model, _shown in list(admin.site._registry.items()):
    if _model._meta.app_label in ("axes", "django_celery_beat"):
        admin.site.unregister(_model)
        admin.site.register(_model, _dress(type(_shown)))

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, ModelAdmin):
    """The roles' groups, as `sync_roles` made them."""

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False
