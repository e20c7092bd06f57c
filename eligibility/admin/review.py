"""目視: the photographs beside the figures, the reasons, the look-alikes, one press and the next case."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.desk import ExportMixin, TenantModelAdmin, shown
from accounts.desk.fields import yen
from accounts.desk.tenancy import signed_in
from accounts.selectors import agencies_where
from core import clock
from core.errors import DomainError
from eligibility.admin.desk_figures import FigurePages
from eligibility.admin.forms import (
    FiguresForm,
    LineFormSet,
    VerdictForm,
    has_changed_figures,
    lines_of,
    taught_lines,
)
from eligibility.admin.review_filters import OnlyFilter, StateFilter
from eligibility.admin.review_page import (
    alikes,
    chosen_receipt,
    compared,
    figure_rows,
    line_rows,
    photographs,
    ring_of,
    summed,
)
from eligibility.admin.reviewing_help import reasons_to_review
from eligibility.errors import SeniorNeeded
from eligibility.models import ReviewCase, ReviewStatus, Verdict
from eligibility.queue import Wish, counts_of, following_case, workable_cases
from eligibility.reasons import described
from eligibility.risk import HIGH_RISK
from eligibility.selectors import open_cases
from eligibility.services import claim_case, give_opinion, release_case
from participants.selectors import verified_identities
from receipts.models import Receipt
from receipts.selectors import current_receipts
from receipts.services import correct_figures, teach_printed_form

RIGHT = "eligibility.change_reviewcase"
SETTLE = "eligibility.settle_reviewcase"
SOON = timedelta(hours=4)


def open_case_badge(request: HttpRequest) -> str | None:
    """Give the number of waiting cases for the sidebar."""
    count = open_cases(agencies_where(signed_in(request), RIGHT)).count()
    return str(count) if count else None


@admin.register(ReviewCase)
class ReviewCaseAdmin(FigurePages, ExportMixin, TenantModelAdmin):
    list_display = (
        "waiting_since",
        "due_label",
        "campaign",
        "entry",
        "why",
        "value",
        "risk_label",
        "holder",
        "status_label",
        "resolver",
    )
    list_select_related = ("campaign", "entry", "decision", "resolved_by", "claimed_by")
    list_filter = (StateFilter, OnlyFilter, ("campaign", admin.RelatedOnlyFieldListFilter))
    list_before_template = "admin/eligibility/review_counts.html"
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

    @display(
        description=_("due"),
        ordering="due_at",
        label={"late": "danger", "soon": "warning", "later": "info", "none": "info"},
    )
    def due_label(self, case: ReviewCase) -> tuple[str, str]:
        if case.due_at is None:
            return "none", "—"
        told = f"{timezone.localtime(case.due_at):%m/%d %H:%M}"
        if case.status != ReviewStatus.OPEN:
            return "none", told
        left = case.due_at - clock.now()
        if left < timedelta(0):
            return "late", gettext("%(at)s overdue") % {"at": told}
        return ("soon" if left < SOON else "later"), told

    @admin.display(description=_("value at stake"), ordering="value_jpy")
    def value(self, case: ReviewCase) -> str:
        return yen(case.value_jpy)

    @display(description=_("risk"), ordering="risk", label={"high": "danger", "low": "info"})
    def risk_label(self, case: ReviewCase) -> tuple[str, str]:
        return ("high" if case.risk >= HIGH_RISK else "low"), str(case.risk)

    @admin.display(description=_("in the hands of"))
    def holder(self, case: ReviewCase) -> str:
        if case.claimed_until is None or case.claimed_until <= clock.now():
            return ""
        return f"{case.claimed_by} (〜{timezone.localtime(case.claimed_until):%H:%M})"

    @admin.display(description=_("reasons"))
    def why(self, case: ReviewCase) -> str:
        return " ".join(reason["message"] for reason in described(case.decision.reasons))

    @display(description=_("status"), label={ReviewStatus.OPEN: "warning", ReviewStatus.RESOLVED: "success"})
    def status_label(self, case: ReviewCase) -> tuple[str, str]:
        return case.status, case.get_status_display()

    def get_urls(self) -> Any:
        following = path("next/", self.admin_site.admin_view(self.following), name="eligibility_reviewcase_next")
        return [following, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The queue, with its counts above."""
        given = {"campaign": request.GET.get("campaign__id__exact", ""), "only": request.GET.get("only", "")}
        wish = Wish.from_query(given)
        open_ones = self.get_queryset(request).filter(status=ReviewStatus.OPEN)
        context = {
            "counts": counts_of(open_ones, clock.now()),
            "begin_query": wish.query,
            "may_review": self.has_change_permission(request),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def following(self, request: HttpRequest) -> HttpResponse:
        """Lead to the case to work next, in the order that the address asks for."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        after = self.get_queryset(request).filter(pk=_number(request.GET.get("after"))).first()
        return redirect(self._address_of(self._next(request, after), request))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The desk itself."""
        case = self.row_or_404(request, object_id)
        receipts = list(current_receipts(case.entry_id))
        receipt = chosen_receipt(receipts, request.GET.get("receipt", ""))
        forms = _forms(request, receipt)
        if request.method == "POST":
            if not self.has_change_permission(request, case):
                return self.ask_for_rights(request)
            if "release" in request.POST:
                return self._release(request, case)
            answer = self._take(request, case, receipt, *forms)
            if answer is not None:
                return answer
        hindrance = self._claim(request, case)
        return self._show(request, case, receipt, forms, hindrance)

    def ask_for_rights(self, request: HttpRequest) -> HttpResponse:
        """Refuse a verdict to somebody who may only look."""
        messages.error(request, gettext("You may look at this case, but not decide it."))
        return redirect("admin:eligibility_reviewcase_changelist")

    def _claim(self, request: HttpRequest, case: ReviewCase) -> str:
        """Take the case in hand for whoever opens it and may decide it; tell what stands against it."""
        if case.status != ReviewStatus.OPEN or not self.has_change_permission(request, case):
            return ""
        if case.opinions.count() >= 2 and not _is_senior(request, case):
            return str(SeniorNeeded.message)
        try:
            held = claim_case(case_id=case.pk, actor_id=signed_in(request).pk, now=clock.now())
        except DomainError as refusal:
            return str(refusal)
        case.claimed_by, case.claimed_until = held.claimed_by, held.claimed_until
        return ""

    def _release(self, request: HttpRequest, case: ReviewCase) -> HttpResponse:
        release_case(case_id=case.pk, actor_id=signed_in(request).pk, now=clock.now())
        messages.success(request, gettext("The case is back in the queue."))
        return redirect(self.page_of(None))

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
                pressed = verdict.cleaned_data["verdict"]
                if not pressed:
                    claim_case(case_id=case.pk, actor_id=signed_in(request).pk, now=clock.now())
                _keep_figures(request, receipt, figures, lines)
                if pressed:
                    case = _give(request, case, verdict)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect(self._address_of(case, request))
        if not pressed:
            messages.success(request, gettext("The figures are saved."))
            following = self._next(request, case) if "onward" in request.POST else case
            return redirect(self._address_of(following, request, receipt if following is case else None))
        return self._to_next(request, case, pressed)

    def _to_next(self, request: HttpRequest, case: ReviewCase, pressed: str) -> HttpResponse:
        done = {
            Verdict.ELIGIBLE: gettext("Approved."),
            Verdict.SENT_BACK: gettext("Sent back."),
            Verdict.REFUSED: gettext("Refused."),
        }[Verdict(pressed)]
        if case.status == ReviewStatus.OPEN:
            done = gettext("Kept. Another person looks at it as well before the entrant hears of it.")
        following = self._next(request, case)
        on = gettext("This is the next case.") if following else gettext("The queue is empty. Thank you.")
        messages.success(request, f"{done} {on}")
        return redirect(self._address_of(following, request))

    def _next(self, request: HttpRequest, after: ReviewCase | None) -> ReviewCase | None:
        user, now = signed_in(request), clock.now()
        cases = workable_cases(user, agencies_where(user, RIGHT), agencies_where(user, SETTLE), now)
        found: ReviewCase | None = following_case(cases, Wish.from_query(request.GET), after=after, now=now)
        return found

    def _address_of(self, case: ReviewCase | None, request: HttpRequest, receipt: Receipt | None = None) -> str:
        shown = f"receipt={receipt.public_id}" if receipt and "receipt" in request.GET else ""
        query = "&".join(filter(None, [Wish.from_query(request.GET).query, shown]))
        return f"{self.page_of(case)}?{query}" if query and case else self.page_of(case)

    def _show(
        self, request: HttpRequest, case: ReviewCase, receipt: Receipt | None, forms: Any, hindrance: str
    ) -> HttpResponse:
        figures, lines, verdict = forms
        waiting = open_cases(agencies_where(signed_in(request), RIGHT))
        others = alikes(receipt)
        may_decide = case.status == ReviewStatus.OPEN and self.has_change_permission(request, case)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Review by eye"),
            "case": case,
            "entry": case.entry,
            "campaign": case.campaign,
            "reasons": reasons_to_review(case.decision.reasons, figures),
            "receipt": receipt,
            "sum": summed(case.entry, receipt),
            "wish_query": Wish.from_query(request.GET).query,
            "photographs": photographs(receipt, figures),
            "figures": figure_rows(figures, receipt),
            "lines": lines,
            "line_rows": line_rows(lines, receipt),
            "verdict": verdict,
            "ring": ring_of(case.entry),
            "alikes": others,
            "compared": compared(receipt, others),
            "contacts": verified_identities(case.entry.participant_id),
            "proofs": case.entry.typed_proofs.all(),
            "answers": case.entry.answers.select_related("question"),
            "products": case.campaign.target_products.all(),
            "waiting_count": waiting.count(),
            "is_open": case.status == ReviewStatus.OPEN,
            "is_overdue": case.status == ReviewStatus.OPEN and case.due_at is not None and case.due_at < clock.now(),
            "hindrance": hindrance if may_decide else "",
            "can_decide": may_decide and not hindrance,
            "disputed": list(case.opinions.all()) if may_decide and case.opinions.count() == 2 else [],
            "next_query": f"{Wish.from_query(request.GET).query}&after={case.pk}".lstrip("&"),
            "outcome": described(case.outcome.reasons) if case.outcome else [],
        }
        return TemplateResponse(request, "admin/eligibility/review.html", context)


def _is_senior(request: HttpRequest, case: ReviewCase) -> bool:
    return agencies_where(signed_in(request), SETTLE).filter(pk=case.agency_id).exists()


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else 0


def _give(request: HttpRequest, case: ReviewCase, verdict: VerdictForm) -> ReviewCase:
    return give_opinion(
        case_id=case.pk,
        verdict=Verdict(verdict.cleaned_data["verdict"]),
        reason_code=verdict.reason_code,
        note=verdict.cleaned_data["note"],
        actor_id=signed_in(request).pk,
        is_senior=_is_senior(request, case),
        now=clock.now(),
    )


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
    products = {"products": receipt.campaign.target_products.all()}
    return figures, LineFormSet(data, initial=printed, prefix="lines", form_kwargs=products), VerdictForm(data)


def _keep_figures(request: HttpRequest, receipt: Receipt | None, figures: Any, lines: Any) -> None:
    """Correct a receipt's figures if the reviewer changed any, and learn how tills print what was named."""
    if receipt is None:
        return
    actor_id = signed_in(request).pk
    if figures.has_changed() or has_changed_figures(lines):
        correct_figures(
            receipt_id=receipt.pk,
            figures=figures.figures(),
            lines=lines_of(lines),
            actor_id=actor_id,
            now=clock.now(),
        )
    for position, product_id in taught_lines(lines):
        teach_printed_form(
            receipt_id=receipt.pk,
            position=position,
            target_product_id=product_id,
            actor_id=actor_id,
            now=clock.now(),
        )
