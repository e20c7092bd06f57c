"""返品: returned purchases, those first whose code was seen already; and the form by which an operator tells of one."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.desk import ExportMixin, Question, ReadOnlyAdmin, attempt, yen
from accounts.desk.tenancy import signed_in
from accounts.selectors import agencies_where
from core import clock
from eligibility.models import PurchaseReturn, ReturnSource
from eligibility.services import Notice, settle_return
from journeys.returns import returns_to_settle, shown_awards, take_return
from participants.models import Entry
from receipts.models import Receipt
from receipts.selectors import current_receipts

RIGHT = "eligibility.change_purchasereturn"


def open_return_badge(request: HttpRequest) -> str | None:
    """Give the number of returns that wait for an operator."""
    count = returns_to_settle(agencies_where(signed_in(request), RIGHT)).count()
    return str(count) if count else None


class ReturnForm(forms.Form):
    receipt = forms.ChoiceField(label=_("receipt"), widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(
        label=_("reason"), max_length=200, widget=UnfoldAdminTextInputWidget, help_text=_("Stands in the audit trail.")
    )

    def __init__(self, *args: Any, receipts: list[Receipt], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["receipt"].choices = [(str(receipt.pk), _purchase(receipt)) for receipt in receipts]  # type: ignore[attr-defined]


class SettleForm(forms.Form):
    note = forms.CharField(label=_("what became of it"), max_length=500, widget=UnfoldAdminTextInputWidget)


@admin.register(PurchaseReturn)
class PurchaseReturnAdmin(ExportMixin, ReadOnlyAdmin):
    list_display = ("told", "campaign", "entry", "purchase", "source", "state_label", "shown_value")
    list_select_related = ("campaign", "entry", "receipt", "decision")
    list_filter = (("settled_at", admin.EmptyFieldListFilter), ("campaign", admin.RelatedOnlyFieldListFilter))
    search_fields = ("entry__public_id", "reference")
    search_help_text = _("Id of an entry, or the client's number")
    list_before_template = "admin/journeys/returns_to_settle.html"

    @admin.display(description=_("told at"), ordering="told_at")
    def told(self, found: PurchaseReturn) -> str:
        return f"{timezone.localtime(found.told_at):%Y/%m/%d %H:%M}"

    @admin.display(description=_("purchase made"))
    def purchase(self, found: PurchaseReturn) -> str:
        return _purchase(found.receipt)

    @display(
        description=_("status"),
        label={"open": "danger", "settled": "success", "withdrawn": "info", "kept": "default", "noted": "default"},
    )
    def state_label(self, found: PurchaseReturn) -> tuple[str, Any]:
        return _state(found)

    @admin.display(description=_("codes shown (yen)"))
    def shown_value(self, found: PurchaseReturn) -> str:
        return yen(_value(found))

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view(self.report)
        return [path("report/<int:entry_id>/", view, name="eligibility_purchasereturn_report"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with what waits above it."""
        waiting = list(returns_to_settle(agencies_where(signed_in(request), RIGHT)).select_related("decision"))
        figures = {"waiting": len(waiting), "waiting_value": sum(map(_value, waiting))}
        return super().changelist_view(request, figures | (extra_context or {}))

    def report(self, request: HttpRequest, entry_id: int) -> HttpResponse:
        """Take an operator's word that goods were given back."""
        ids = self.agency_ids(request, "add")
        if not ids:
            raise PermissionDenied
        entry = Entry.objects.filter(pk=entry_id, agency__in=ids).first()
        if entry is None:
            raise Http404
        receipts = list(current_receipts(entry.pk).filter(returned_at__isnull=True))
        form = ReturnForm(request.POST or None, receipts=receipts)
        if form.is_valid() and self._take(request, form):
            return redirect("admin:participants_entry_change", entry.pk)
        question = Question(
            title=_("Was the purchase returned?"),
            button=_("Note the return"),
            sentences=(
                _("The verdict is renewed without this receipt. A code that nobody has seen is blocked for good."),
                _("A code that was shown stays with the entrant and is listed here."),
                _("The entrant is told, and can object."),
            ),
            figures=[(_("entry"), str(entry)), (_("status"), entry.get_status_display())],
            obstacles=() if receipts else (_("The entry has no receipt that could be returned."),),
            form=form,
            is_grave=True,
        )
        return self.ask(request, question)

    def _take(self, request: HttpRequest, form: ReturnForm) -> bool:
        actor_id = signed_in(request).pk
        notice = Notice(source=ReturnSource.DESK, reason=form.cleaned_data["reason"], actor_id=actor_id)
        receipt_id = int(form.cleaned_data["receipt"])
        done = _("The return is noted, and the verdict renewed.")
        return attempt(request, lambda: take_return(receipt_id=receipt_id, notice=notice, now=clock.now()), done)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A return with what is known of it; settled here."""
        found = self.row_or_404(request, object_id)
        can_settle = _state(found)[0] == "open" and self.may(request, "change", found)
        form = SettleForm(request.POST or None) if can_settle else None
        if request.method == "POST" and form is not None and form.is_valid() and self._settle(request, found, form):
            return redirect(self.page_of(None))
        return self.ask(request, _question(found, form), found)

    def _settle(self, request: HttpRequest, found: PurchaseReturn, form: SettleForm) -> bool:
        actor_id, note = signed_in(request).pk, form.cleaned_data["note"]
        settle = partial(settle_return, return_id=found.pk, note=note, actor_id=actor_id, now=clock.now())
        return attempt(request, settle, _("The return is settled."))


def _question(found: PurchaseReturn, form: SettleForm | None) -> Question:
    figures: list[tuple[Any, Any]] = [
        (_("entry"), str(found.entry)),
        (_("purchase made"), _purchase(found.receipt)),
        (_("told by"), found.get_source_display()),
        (_("the client's number"), found.reference or "—"),
        (_("reason"), found.reason or "—"),
        (_("status"), _state(found)[1]),
        *((award.prize.name, _seen(award)) for award in shown_awards(found)),
        (_("what became of it"), found.note or "—"),
    ]
    return Question(
        title=_("Returned purchase"),
        button=_("Settle"),
        sentences=(_("Write what was agreed with the entrant or the client."),) if form else (),
        figures=figures,
        obstacles=() if form else (_("Nothing is left to be settled here."),),
        form=form,
    )


def _seen(award: Any) -> str:
    """When a code was shown, and how much of it is used."""
    used = award.gift_code.face_value_jpy - award.gift_code.balance_jpy if award.gift_code else 0
    shown_at = f"{timezone.localtime(award.revealed_at):%Y/%m/%d %H:%M}"
    return str(_("shown %(at)s, used %(used)s")) % {"at": shown_at, "used": yen(used)}


def _state(found: PurchaseReturn) -> tuple[str, Any]:
    if found.settled_at:
        return "settled", _("settled")
    if found.decision is None:
        return "noted", _("noted")
    if not found.is_refusal:
        return "kept", _("conditions met without it")
    if shown_awards(found).exists():
        return "open", _("code was shown: to be settled")
    return "withdrawn", _("entry refused, nothing was shown")


def _value(found: PurchaseReturn) -> int:
    return sum(award.prize.face_value_jpy for award in shown_awards(found))


def _purchase(receipt: Receipt) -> str:
    day = receipt.purchased_on.strftime("%Y/%m/%d") if receipt.purchased_on else ""
    return f"{receipt.store_name} {day} {yen(receipt.total_jpy)}".strip()
