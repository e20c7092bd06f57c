"""目視: the photographs beside the figures, the reasons, the look-alikes, one press and the next case."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.desk import ExportMixin, TenantModelAdmin, shown
from accounts.desk.tenancy import signed_in
from accounts.selectors import agencies_where
from core import clock
from core.errors import DomainError
from eligibility.admin.forms import FiguresForm, LineFormSet, VerdictForm, lines_of
from eligibility.models import ReviewCase, ReviewStatus, Verdict
from eligibility.reasons import described
from eligibility.selectors import next_case, open_cases
from eligibility.services import resolve_case
from participants.selectors import verified_identities
from receipts.models import Receipt
from receipts.selectors import current_receipt, look_alikes, same_photo_receipts
from receipts.services import correct_figures

RIGHT = "eligibility.change_reviewcase"
DOUBTFUL = 80  # lines read with less confidence (%) are tinted
SHOWN_ALIKE = 4


def open_case_badge(request: HttpRequest) -> str | None:
    """Give the number of waiting cases for the sidebar."""
    count = open_cases(agencies_where(signed_in(request), RIGHT)).count()
    return str(count) if count else None


class StateFilter(admin.SimpleListFilter):
    """The list opens with what waits."""

    title = _("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("done", _("done")), ("all", _("all"))]

    def choices(self, changelist: Any) -> Any:
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": _("waiting"),
        }
        for value, title in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset
        wanted = ReviewStatus.RESOLVED if self.value() == "done" else ReviewStatus.OPEN
        return queryset.filter(status=wanted)


@admin.register(ReviewCase)
class ReviewCaseAdmin(ExportMixin, TenantModelAdmin):
    list_display = ("waiting_since", "campaign", "entry", "why", "status_label", "resolver")
    list_select_related = ("campaign", "entry", "decision", "resolved_by")
    list_filter = (StateFilter, ("campaign", admin.RelatedOnlyFieldListFilter))
    search_fields = ("entry__public_id",)
    search_help_text = _("Id of an entry")
    ordering = ("pk",)
    resolver = shown("resolved_by", _("reviewed by"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("waiting since"), ordering="created_at")
    def waiting_since(self, case: ReviewCase) -> str:
        return f"{timezone.localtime(case.created_at):%m/%d %H:%M}"

    @admin.display(description=_("reasons"))
    def why(self, case: ReviewCase) -> str:
        return " ".join(reason["message"] for reason in described(case.decision.reasons))

    @display(description=_("status"), label={ReviewStatus.OPEN: "warning", ReviewStatus.RESOLVED: "success"})
    def status_label(self, case: ReviewCase) -> tuple[str, str]:
        return case.status, case.get_status_display()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The desk itself."""
        case = self.row_or_404(request, object_id)
        receipt = current_receipt(case.entry_id)
        forms = _forms(request, receipt)
        if request.method == "POST":
            if not self.has_change_permission(request, case):
                return self.ask_for_rights(request)
            answer = self._take(request, case, receipt, *forms)
            if answer is not None:
                return answer
        return self._show(request, case, receipt, *forms)

    def ask_for_rights(self, request: HttpRequest) -> HttpResponse:
        """Refuse a verdict to somebody who may only look."""
        messages.error(request, gettext("You may look at this case, but not decide it."))
        return redirect("admin:eligibility_reviewcase_changelist")

    def _take(
        self, request: HttpRequest, case: ReviewCase, receipt: Receipt | None, figures: Any, lines: Any, verdict: Any
    ) -> HttpResponse | None:
        """Keep the figures and the verdict together, or neither."""
        valid = verdict.is_valid() and (receipt is None or (figures.is_valid() and lines.is_valid()))
        if not valid:
            messages.error(request, gettext("Please look at the marked fields."))
            return None
        try:
            with transaction.atomic():
                _keep_figures(request, receipt, figures, lines)
                pressed = verdict.cleaned_data["verdict"]
                if pressed:
                    resolve_case(
                        case_id=case.pk,
                        verdict=Verdict(pressed),
                        reason_code=verdict.reason_code,
                        note=verdict.cleaned_data["note"],
                        actor_id=request.user.pk,  # type: ignore[arg-type]
                        now=clock.now(),
                    )
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect(self.page_of(case))
        if not pressed:
            messages.success(request, gettext("The figures are saved."))
            return redirect(self.page_of(case))
        return self._to_next(request, case, pressed)

    def _to_next(self, request: HttpRequest, case: ReviewCase, pressed: str) -> HttpResponse:
        done = {
            Verdict.ELIGIBLE: gettext("Approved."),
            Verdict.SENT_BACK: gettext("Sent back."),
            Verdict.REFUSED: gettext("Refused."),
        }[Verdict(pressed)]
        following = next_case(agencies_where(signed_in(request), RIGHT), after_pk=case.pk)
        if following is None:
            empty = gettext("The queue is empty. Thank you.")
            messages.success(request, f"{done} {empty}")
            return redirect(self.page_of(None))
        on = gettext("This is the next case.")
        messages.success(request, f"{done} {on}")
        return redirect(self.page_of(following))

    def _show(
        self, request: HttpRequest, case: ReviewCase, receipt: Receipt | None, figures: Any, lines: Any, verdict: Any
    ) -> HttpResponse:
        waiting = open_cases(agencies_where(signed_in(request), RIGHT))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Review by eye"),
            "case": case,
            "entry": case.entry,
            "campaign": case.campaign,
            "reasons": described(case.decision.reasons),
            "receipt": receipt,
            "photos": list(receipt.photos.all()) if receipt else [],
            "figures": figures,
            "lines": lines,
            "doubtful": {line.position for line in receipt.lines.all() if line.confidence < DOUBTFUL}
            if receipt
            else set(),
            "verdict": verdict,
            "alikes": _alikes(receipt) if receipt else [],
            "contacts": verified_identities(case.entry.participant_id),
            "proofs": case.entry.typed_proofs.all(),
            "answers": case.entry.answers.select_related("question"),
            "products": case.campaign.target_products.all(),
            "waiting_count": waiting.count(),
            "is_open": case.status == ReviewStatus.OPEN,
            "can_decide": case.status == ReviewStatus.OPEN and self.has_change_permission(request, case),
            "outcome": described(case.outcome.reasons) if case.outcome else [],
        }
        return TemplateResponse(request, "admin/eligibility/review.html", context)


def _forms(request: HttpRequest, receipt: Receipt | None) -> tuple[Any, Any, Any]:
    data = request.POST or None
    if receipt is None:
        return None, None, VerdictForm(data)
    printed = [
        {
            "name": line.name,
            "quantity": line.quantity,
            "price_jpy": line.price_jpy,
            "discount_jpy": line.discount_jpy or None,
        }
        for line in receipt.lines.all()
    ]
    figures = FiguresForm(data, instance=receipt, prefix="figures")
    return figures, LineFormSet(data, initial=printed, prefix="lines"), VerdictForm(data)


def _keep_figures(request: HttpRequest, receipt: Receipt | None, figures: Any, lines: Any) -> None:
    """Correct a receipt's figures if the reviewer changed any."""
    if receipt is None or not (figures.has_changed() or lines.has_changed()):
        return
    correct_figures(
        receipt_id=receipt.pk,
        figures=figures.figures(),
        lines=lines_of(lines),
        actor_id=request.user.pk,  # type: ignore[arg-type]
        now=clock.now(),
    )


def _alikes(receipt: Receipt) -> list[dict[str, Any]]:
    """Other receipts that may be the same paper, with their photographs."""
    same = [(found, _("the very same file")) for found in same_photo_receipts(receipt)[:SHOWN_ALIKE]]
    near = [(found.receipt, _("figures agree")) for found in look_alikes(receipt)[:SHOWN_ALIKE]]
    shown: dict[int, dict[str, Any]] = {}
    for other, why in [*same, *near]:
        shown.setdefault(other.pk, {"receipt": other, "why": why, "photos": list(other.photos.all())})
    return list(shown.values())[:SHOWN_ALIKE]
