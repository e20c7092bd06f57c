"""At the tills: each use, terminals with keys of their own, settled days, disputed uses."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts import audit
from accounts.desk import ExportMixin, Question, ReadOnlyAdmin, TenantModelAdmin, attempt, shown, yen
from codes.journal import is_pos_index
from codes.models import DisputeStatus, OfflineDispute, Redemption, Settlement, Terminal
from codes.reasons import FROM_JOURNAL, reason_in_words
from codes.selectors import refusal_sentence
from codes.services import close_terminal, open_terminal, resolve_dispute
from codes.settlement_file import settlement_rows
from core import clock
from core.spreadsheets import csv_lines

OWN_TILLS = {"staff page": _("staff page"), "phone": _("pressed on the holder's phone")}


@admin.register(Redemption)
class RedemptionAdmin(ExportMixin, ReadOnlyAdmin):
    list_display = ("at", "store", "kind", "amount", "balance", "given_back", "till", "sale")
    list_select_related = ("store",)
    list_filter = (("store", admin.RelatedOnlyFieldListFilter), "kind", "is_offline")
    search_fields = ("public_id", "pos_transaction_id", "basket_id")
    date_hierarchy = "at"
    fields = (
        "gift_code",
        "store",
        "kind",
        "amount",
        "balance",
        "given_back",
        "at",
        "business_day",
        "sale",
        "basket_id",
        "till",
        "goods",
        "reason",
        "reverses",
        "occurred_at",
        "is_offline",
    )
    readonly_fields = ("amount", "balance", "given_back", "till", "sale")

    @admin.display(description=_("terminal"), ordering="terminal")
    def till(self, redemption: Redemption) -> Any:
        return OWN_TILLS.get(redemption.terminal, redemption.terminal)

    @admin.display(description=_("POS transaction"), ordering="pos_transaction_id")
    def sale(self, redemption: Redemption) -> str:
        """Give the till's own number; where there is no till of theirs, ours would tell nobody anything."""
        return "" if redemption.terminal in OWN_TILLS else redemption.pos_transaction_id

    @admin.display(description=_("amount (yen)"), ordering="amount_jpy")
    def amount(self, redemption: Redemption) -> str:
        return yen(redemption.amount_jpy)

    @admin.display(description=_("balance after (yen)"), ordering="balance_after_jpy")
    def balance(self, redemption: Redemption) -> str:
        return yen(redemption.balance_after_jpy)

    @admin.display(description=_("given back (yen)"), ordering="reversed_jpy")
    def given_back(self, redemption: Redemption) -> str:
        return yen(redemption.reversed_jpy) if redemption.reversed_jpy else ""


@admin.register(Terminal)
class TerminalAdmin(TenantModelAdmin):
    list_display = ("code", "store", "state", "last_used_at")
    list_select_related = ("store", "api_key")
    list_filter = (("store", admin.RelatedOnlyFieldListFilter), "is_active")
    search_fields = ("code", "store__code", "store__name")
    fields = ("store", "code")
    actions_detail = ("switch_off",)

    @display(description=_("status"), label={"on": "success", "off": "default"})
    def state(self, terminal: Terminal) -> tuple[str, Any]:
        return ("on", _("in use")) if terminal.is_active else ("off", _("switched off"))

    @admin.display(description=_("status"))
    def state_words(self, terminal: Terminal) -> Any:
        return self.state(terminal)[1]

    @admin.display(description=_("last used at"))
    def last_used_at(self, terminal: Terminal) -> Any:
        return terminal.api_key.last_used_at

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("store", "code", "state_words", "last_used_at")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is None else self.get_readonly_fields(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a terminal is switched off, never moved

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_switch_off_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        on = Terminal.objects.filter(is_active=True)
        return self.may(request, "change", object_id) and on.filter(pk=object_id or 0).exists()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Open instead of saving; the secret waits in `obj` for the answer of this request only."""
        made, secret = open_terminal(store_id=obj.store_id, code=obj.code, actor_id=request.user.pk)
        obj.pk, obj.agency, obj.secret = made.pk, made.agency, secret

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        obj.name = str(obj)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("The terminal's API key"),
            "key": obj,
            "back_url": self.page_of(None),
        }
        response = TemplateResponse(request, "admin/accounts/apikey/issued.html", context)
        response["Cache-Control"] = "no-store"
        return response

    @action(description=_("Switch off"), url_path="switch-off", icon="block", permissions=["switch_off"])
    def switch_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        terminal = self.row_or_404(request, object_id, "change")
        if request.method == "POST":
            attempt(
                request,
                lambda: close_terminal(terminal_id=terminal.pk, now=clock.now(), actor_id=request.user.pk),
                _("The terminal is switched off."),
            )
            return redirect(self.page_of(terminal))
        question = Question(
            title=_("Switch this terminal off?"),
            button=_("Switch off"),
            sentences=[_("Its key is refused from this moment. For another key, make a terminal with a new number.")],
            figures=[(_("store"), str(terminal.store)), (_("terminal number"), terminal.code)],
            is_grave=True,
        )
        return self.ask(request, question, terminal)


@admin.register(Settlement)
class SettlementAdmin(ExportMixin, ReadOnlyAdmin):
    list_display = ("business_day", "store_number", "store", "redeemed", "reversed_sum", "refunded", "net", "closed_at")
    list_select_related = ("store",)
    list_filter = (("store", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("store__code", "store__name")
    date_hierarchy = "business_day"
    list_before_template = "admin/codes/settlement/totals.html"
    fields = (
        "store",
        "business_day",
        ("redeemed_count", "redeemed"),
        ("reversed_count", "reversed_sum"),
        ("refunded_count", "refunded"),
        "net",
        "closed_at",
    )
    readonly_fields = ("redeemed", "reversed_sum", "refunded", "net")
    actions_detail = ("download",)

    @admin.display(description=_("store number"), ordering="store__code")
    def store_number(self, settlement: Settlement) -> str:
        return settlement.store.code

    @admin.display(description=_("redeemed (yen)"), ordering="redeemed_jpy")
    def redeemed(self, settlement: Settlement) -> str:
        return yen(settlement.redeemed_jpy)

    @admin.display(description=_("reversed (yen)"), ordering="reversed_jpy")
    def reversed_sum(self, settlement: Settlement) -> str:
        return yen(settlement.reversed_jpy)

    @admin.display(description=_("refunded (yen)"), ordering="refunded_jpy")
    def refunded(self, settlement: Settlement) -> str:
        return yen(settlement.refunded_jpy)

    @admin.display(description=_("owed to the store (yen)"), ordering="net_jpy")
    def net(self, settlement: Settlement) -> str:
        return yen(settlement.net_jpy)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Add up what the filters leave."""
        response = super().changelist_view(request, extra_context)
        changes = getattr(response, "context_data", {}).get("cl")
        if changes is not None:
            sums = ("redeemed_jpy", "reversed_jpy", "refunded_jpy", "net_jpy")
            totals = changes.queryset.order_by().aggregate(**{name: Sum(name, default=0) for name in sums})
            response.context_data["totals"] = [
                (self.opts.get_field(name).verbose_name, yen(totals[name])) for name in sums
            ]
        return response

    @action(description=_("Save the day's lines as CSV"), url_path="lines", icon="download")
    def download(self, request: HttpRequest, object_id: str) -> StreamingHttpResponse:
        settlement = self.row_or_404(request, object_id)
        audit.record("settlement.exported", subject=settlement, actor_id=request.user.pk)
        response = StreamingHttpResponse(csv_lines(settlement_rows(settlement)), content_type="text/csv; charset=utf-8")
        name = f"settlement-{settlement.store.code}-{settlement.business_day}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "no-store"
        return response


DISPUTE_COLOURS = dict.fromkeys(DisputeStatus, "default") | {DisputeStatus.OPEN: "warning"}
BEARERS = {
    DisputeStatus.STORE_BEARS: _("The amount is not paid to the store."),
    DisputeStatus.SPONSOR_BEARS: _("The amount is noted as the sponsor's; pay it to the store beside the settlement."),
    DisputeStatus.NO_CLAIM: _("Nobody is charged: the use did not take place, or was settled in another way."),
}


class NoteForm(forms.Form):
    note = forms.CharField(label=_("note"), max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))


@admin.register(OfflineDispute)
class OfflineDisputeAdmin(ExportMixin, ReadOnlyAdmin):
    list_display = ("received_at", "store", "amount", "reason", "state", "terminal", "number")
    list_select_related = ("store",)
    list_filter = ("status", ("store", admin.RelatedOnlyFieldListFilter))
    search_fields = ("pos_transaction_id", "store__code")
    date_hierarchy = "received_at"
    fields = (
        "store",
        "terminal",
        "number",
        "amount",
        "goods",
        "gift_code",
        "occurred_at",
        "received_at",
        "reason",
        "status",
        "noted",
        "settler",
        "resolved_at",
    )
    readonly_fields = ("number", "amount", "reason", "noted", "settler")
    settler = shown("resolved_by", _("settled by"))
    actions_detail: ClassVar = ("store_bears", "sponsor_bears", "drop")

    @admin.display(description=_("amount (yen)"), ordering="amount_jpy")
    def amount(self, dispute: OfflineDispute) -> str:
        return yen(dispute.amount_jpy)

    @admin.display(description=_("why it could not be booked"), ordering="reason_code")
    def reason(self, dispute: OfflineDispute) -> str:
        return refusal_sentence(dispute.reason_code)

    @admin.display(description=_("POS transaction"), ordering="pos_transaction_id")
    def number(self, dispute: OfflineDispute) -> str:
        """One that came back from the journal has only a hash of it."""
        number = dispute.pos_transaction_id
        return reason_in_words(FROM_JOURNAL) if is_pos_index(number) else number

    @admin.display(description=_("note"))
    def noted(self, dispute: OfflineDispute) -> str:
        return reason_in_words(dispute.note)

    @display(description=_("status"), label=DISPUTE_COLOURS, ordering="status")
    def state(self, dispute: OfflineDispute) -> tuple[str, str]:
        return dispute.status, dispute.get_status_display()

    def has_resolve_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        still_open = OfflineDispute.objects.filter(status=DisputeStatus.OPEN)
        return self.may(request, "change", object_id) and still_open.filter(pk=object_id or 0).exists()

    @action(description=_("The store bears it"), url_path="store-bears", icon="store", permissions=["resolve"])
    def store_bears(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._resolve(request, object_id, DisputeStatus.STORE_BEARS, _("The store bears this use?"))

    @action(description=_("The sponsor bears it"), url_path="sponsor-bears", icon="paid", permissions=["resolve"])
    def sponsor_bears(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._resolve(request, object_id, DisputeStatus.SPONSOR_BEARS, _("The sponsor bears this use?"))

    @action(description=_("Drop it"), url_path="drop", icon="close", permissions=["resolve"])
    def drop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._resolve(request, object_id, DisputeStatus.NO_CLAIM, _("Drop this claim?"))

    def _resolve(self, request: HttpRequest, object_id: str, status: DisputeStatus, title: Any) -> HttpResponse:
        dispute: Any = self.row_or_404(request, object_id, "change")
        form = NoteForm(request.POST or None)
        if form.is_valid():
            attempt(
                request,
                lambda: resolve_dispute(
                    dispute_id=dispute.pk,
                    status=status,
                    note=form.cleaned_data["note"],
                    now=clock.now(),
                    actor_id=request.user.pk,
                ),
                _("The dispute is settled."),
            )
            return redirect(self.page_of(dispute))
        question = Question(
            title=title,
            button=_("Settle the dispute"),
            sentences=[
                BEARERS[status],
                _("This is final. The code and the settled days stay as they are."),
            ],
            figures=[
                (_("store"), str(dispute.store)),
                (_("amount (yen)"), yen(dispute.amount_jpy)),
                (_("why it could not be booked"), refusal_sentence(dispute.reason_code)),
            ],
            form=form,
            is_grave=True,
        )
        return self.ask(request, question, dispute)
