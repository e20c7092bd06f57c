"""Single codes: where each one is, never what it says."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.desk import ExportMixin, KeysetMixin, Question, ReadOnlyAdmin, attempt, until, yen
from codes.admin.code_page import CodePage, PrizeFilter
from codes.admin.forms import ReasonForm
from codes.admin.revealing import RevealMixin
from codes.admin.supplier_cards import SupplierCardMixin
from codes.models import CodeStatus, GiftCode
from codes.services import void_code
from core import clock


@admin.register(GiftCode)
class GiftCodeAdmin(RevealMixin, SupplierCardMixin, CodePage, KeysetMixin, ExportMixin, ReadOnlyAdmin):
    list_display = ("number", "prize", "status_label", "balance", "valid_until", "issued_at", "redeemed_at")
    list_select_related = ("prize", "batch")
    list_filter = ("status", PrizeFilter)
    search_fields = ("public_id",)
    search_help_text = _("Id of a code, as in the audit trail")
    fields = (
        "prize",
        "batch",
        "status",
        "face_value",
        "balance",
        "valid_until",
        "issued_at",
        "redeemed_at",
        "public_id",
    )
    readonly_fields = ("face_value", "balance", "valid_until", "public_id")
    actions_list = ("find", "export_csv")
    actions_detail = ("reveal", "hold", "release", "replace", "cancel_card", "void")

    @display(
        description=_("status"),
        label={
            CodeStatus.STAGED: "warning",
            CodeStatus.AVAILABLE: "success",
            CodeStatus.RESERVED: "info",
            CodeStatus.HELD: "warning",
            CodeStatus.ISSUED: "info",
            CodeStatus.PRINTED: "info",
            CodeStatus.VOID: "danger",
            CodeStatus.EXPIRED: "default",
        },
    )
    def status_label(self, gift_code: GiftCode) -> tuple[str, str]:
        return gift_code.status, gift_code.get_status_display()

    @admin.display(description=_("number"), ordering="pk")
    def number(self, gift_code: GiftCode) -> str:
        return str(gift_code)

    @admin.display(description=_("value"))
    def face_value(self, gift_code: GiftCode) -> str:
        return yen(gift_code.face_value_jpy)

    @admin.display(description=_("expires at"), ordering="expires_at")
    def valid_until(self, gift_code: GiftCode) -> str:
        return until(gift_code.expires_at)

    @admin.display(description=_("balance"), ordering="balance_jpy")
    def balance(self, gift_code: GiftCode) -> str:
        return yen(gift_code.balance_jpy)

    def has_void_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.may(request, "change", object_id):
            return False
        over = [CodeStatus.VOID, CodeStatus.EXPIRED]
        return GiftCode.objects.filter(pk=object_id or 0).exclude(status__in=over).exists()

    @action(description=_("Block the code"), url_path="void", icon="block", permissions=["void"])
    def void(self, request: HttpRequest, object_id: str) -> HttpResponse:
        gift_code: Any = self.row_or_404(request, object_id)
        form = ReasonForm(request.POST or None)
        if form.is_valid():
            attempt(
                request,
                lambda: void_code(
                    gift_code_id=gift_code.pk,
                    reason=form.cleaned_data["reason"],
                    now=clock.now(),
                    actor_id=request.user.pk,
                ),
                _("The code is blocked."),
            )
            return redirect(self.page_of(gift_code))
        question = Question(
            title=_("Block this code for ever?"),
            button=_("Block the code"),
            sentences=[_("It can no longer be given out or redeemed. This cannot be taken back.")],
            figures=[
                (_("prize"), gift_code.prize.name),
                (_("status"), gift_code.get_status_display()),
                (_("balance"), yen(gift_code.balance_jpy)),
            ],
            form=form,
            is_grave=True,
        )
        return self.ask(request, question, gift_code)
