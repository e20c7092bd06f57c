"""異議申立て: what an entrant objects to, with its deadline, answered in one step."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.desk import ExportMixin, Question, TenantModelAdmin, attempt, shown
from accounts.desk.tenancy import signed_in
from accounts.selectors import agencies_where
from core import clock
from eligibility.admin.forms import NOT_CHOSEN
from eligibility.errors import AppealNeedsAnother
from eligibility.models import Appeal, AppealStatus, Verdict
from eligibility.reasons import REASONS, described
from eligibility.selectors import deciders_of, open_appeals, others_to_answer
from eligibility.services import answer_appeal

RIGHT = "eligibility.change_appeal"


def open_appeal_badge(request: HttpRequest) -> str | None:
    """Give the number of waiting appeals for the sidebar."""
    count = open_appeals(agencies_where(signed_in(request), RIGHT)).count()
    return str(count) if count else None


class AnswerForm(forms.Form):
    """The verdict as it should be, a reason where it stays or becomes a refusal, and a sentence for the entrant."""

    verdict = forms.ChoiceField(label=_("after the appeal"), widget=UnfoldAdminSelectWidget)
    reason = forms.ChoiceField(label=_("reason, if the result is changed but not approved"), required=False)
    message = forms.CharField(
        label=_("answer to the entrant"),
        min_length=5,
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_("Shown on the page of the entry and in the mail about it."),
    )

    def __init__(self, *args: Any, stands: Verdict, is_alone: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_alone:
            self.fields["alone_because"] = forms.CharField(
                label=_("why nobody else answers"),
                min_length=5,
                max_length=500,
                widget=UnfoldAdminTextInputWidget,
                help_text=_("For the desk; it is kept with the answer and in the trail."),
            )
        others = [Verdict.ELIGIBLE, *({Verdict.SENT_BACK, Verdict.REFUSED} - {stands})]
        labels = {
            Verdict.ELIGIBLE: _("changed: approved"),
            Verdict.SENT_BACK: _("changed: sent back"),
            Verdict.REFUSED: _("changed: not eligible"),
        }
        self.fields["verdict"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose an answer")),
            (stands.value, _("the result stays")),
            *((verdict.value, labels[verdict]) for verdict in others),
        ]
        reasons = [(code, text.message) for code, text in REASONS.items() if code not in NOT_CHOSEN]
        refused = ("refused_by_desk", REASONS["refused_by_desk"].message)
        self.fields["reason"].choices = [("", _("Choose a reason")), refused, *reasons]  # type: ignore[attr-defined]


@admin.register(Appeal)
class AppealAdmin(ExportMixin, TenantModelAdmin):
    list_display = ("due", "campaign", "entry", "against", "status_label", "answerer")
    list_select_related = ("campaign", "entry", "decision", "answered_by")
    list_filter = ("status", ("campaign", admin.RelatedOnlyFieldListFilter))
    search_fields = ("entry__public_id",)
    search_help_text = _("Id of an entry")
    ordering = ("answer_due_at", "pk")
    answerer = shown("answered_by", _("answered by"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("to be answered until"), ordering="answer_due_at")
    def due(self, appeal: Appeal) -> str:
        return _instant(appeal.answer_due_at)

    @admin.display(description=_("decision"))
    def against(self, appeal: Appeal) -> str:
        return _why(appeal)

    @display(
        description=_("status"),
        label={AppealStatus.OPEN: "warning", AppealStatus.UPHELD: "default", AppealStatus.CHANGED: "success"},
    )
    def status_label(self, appeal: Appeal) -> tuple[str, str]:
        return appeal.status, appeal.get_status_display()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The appeal and its answer on one page."""
        appeal = self.row_or_404(request, object_id)
        obstacle, is_alone = self._standing(request, appeal)
        stands = Verdict(appeal.decision.verdict)
        form = None if obstacle else AnswerForm(request.POST or None, stands=stands, is_alone=is_alone)
        if request.method == "POST" and form is not None and form.is_valid() and self._answer(request, appeal, form):
            return redirect(self.page_of(None))
        return self.ask(request, _question(appeal, form, obstacle, is_alone), appeal)

    def _standing(self, request: HttpRequest, appeal: Appeal) -> tuple[Any, bool]:
        """Tell what keeps the person from answering, and whether he may since there is nobody else."""
        if appeal.status != AppealStatus.OPEN or not self.has_change_permission(request, appeal):
            return _("This appeal is answered, or you may only look at it."), False
        if signed_in(request).pk not in deciders_of(appeal.decision):
            return None, False
        return (AppealNeedsAnother.message, False) if others_to_answer(appeal).exists() else (None, True)

    def _answer(self, request: HttpRequest, appeal: Appeal, form: AnswerForm) -> bool:
        return attempt(
            request,
            lambda: answer_appeal(
                appeal_id=appeal.pk,
                verdict=Verdict(form.cleaned_data["verdict"]),
                reason_code=form.cleaned_data["reason"],
                message=form.cleaned_data["message"],
                actor_id=signed_in(request).pk,
                now=clock.now(),
                alone_because=form.cleaned_data.get("alone_because", ""),
            ),
            _("The answer is kept and goes to the entrant."),
        )


def _question(appeal: Appeal, form: AnswerForm | None, obstacle: Any, is_alone: bool) -> Question:
    figures = [
        (_("campaign"), appeal.campaign.title),
        (_("entry"), str(appeal.entry)),
        (_("decision"), f"{appeal.decision.get_verdict_display()}: {_why(appeal)}"),
        (_("received at"), _instant(appeal.opened_at)),
        (_("to be answered until"), _instant(appeal.answer_due_at)),
        (_("status"), appeal.get_status_display()),
    ]
    if appeal.message:
        figures.append((_("answer to the entrant"), appeal.message))
    if appeal.alone_because:
        figures.append((_("why nobody else answers"), appeal.alone_because))
    alone = _("You gave this result yourself. Nobody else of the agency may answer, so you can; please write why.")
    return Question(
        title=_("Appeal"),
        button=_("Answer"),
        sentences=(_("What the entrant says:"), appeal.text, *([alone] if is_alone else [])),
        figures=figures,
        obstacles=(obstacle,) if obstacle else (),
        form=form,
    )


def _why(appeal: Appeal) -> str:
    return " ".join(reason["message"] for reason in described(appeal.decision.reasons))


def _instant(at: Any) -> str:
    return f"{timezone.localtime(at):%Y/%m/%d %H:%M}"
