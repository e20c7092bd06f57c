"""API keys: issued with a secret that is shown once, revoked at once."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.desk import InclusiveEndField, LinesField, Question, TenantModelAdmin, attempt, until
from accounts.models import ApiKey, Scope
from accounts.services import issue_api_key, revoke_api_key
from core import clock


class ApiKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        label=_("scopes"), choices=Scope.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    allowed_addresses = LinesField(
        label=_("allowed IP addresses"),
        required=False,
        help_text=_("One a line. Empty: from everywhere."),
    )
    expires_at = InclusiveEndField(label=_("expires at"), required=False)

    class Meta:
        model = ApiKey
        fields: ClassVar = ["agency", "name", "scopes", "allowed_addresses", "expires_at"]


@admin.register(ApiKey)
class ApiKeyAdmin(TenantModelAdmin):
    form = ApiKeyForm
    list_display = ("name", "agency", "prefix", "state", "last_used_at", "valid_until")
    list_select_related = ("agency",)
    fields = ("agency", "name", "scopes", "allowed_addresses", "expires_at")
    actions_detail = ("revoke",)

    @admin.display(description=_("scopes"))
    def allowed(self, key: ApiKey) -> str:
        names = dict(Scope.choices)
        return "、".join(str(names.get(scope, scope)) for scope in key.scopes)

    @admin.display(description=_("expires at"), ordering="expires_at")
    def valid_until(self, key: ApiKey) -> str:
        return until(key.expires_at)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.fields
        return ("agency", "name", "prefix", "allowed", "allowed_addresses", "valid_until", "last_used_at", "revoked_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what a key may do is fixed when it is issued

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.may(request, "change", object_id)

    @display(description=_("status"), label={"live": "success", "revoked": "danger", "expired": "warning"})
    def state(self, key: ApiKey) -> tuple[str, Any]:
        if key.revoked_at:
            return "revoked", _("revoked")
        if key.expires_at and key.expires_at <= clock.now():
            return "expired", _("expired")
        return "live", _("live")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Issue instead of saving; the secret waits in `obj` for the answer of this request only."""
        key, secret = issue_api_key(
            agency_id=obj.agency_id,
            name=obj.name,
            scopes=[Scope(scope) for scope in obj.scopes],
            allowed_addresses=obj.allowed_addresses,
            expires_at=obj.expires_at,
            actor_id=request.user.pk,
        )
        obj.pk, obj.prefix, obj.secret = key.pk, key.prefix, secret

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Your new API key"),
            "key": obj,
            "back_url": self.page_of(None),
        }
        response = TemplateResponse(request, "admin/accounts/apikey/issued.html", context)
        response["Cache-Control"] = "no-store"
        return response

    @action(description=_("Revoke"), url_path="revoke", icon="block", permissions=["revoke"])
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self.row_or_404(request, object_id, "change")
        if request.method == "POST":
            attempt(
                request,
                lambda: revoke_api_key(api_key_id=key.pk, now=clock.now(), actor_id=request.user.pk),
                _("The key is revoked."),
            )
            return redirect(self.page_of(key))
        if key.revoked_at:
            messages.info(request, _("This key was revoked before."))
            return redirect(self.page_of(key))
        question = Question(
            title=_("Revoke this key?"),
            button=_("Revoke the key"),
            sentences=[
                _("Systems that use this key are refused from this moment. A revoked key cannot be used again.")
            ],
            figures=[(_("name"), key.name), (_("prefix"), f"{key.prefix}…")],
            is_grave=True,
        )
        return self.ask(request, question, key)
