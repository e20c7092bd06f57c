"""The steps of typed numbers and of the survey."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from campaigns.models import EntryRule, RuleKind
from core import clock
from core.errors import DomainError
from eligibility.models import ReferenceList
from participants.errors import AnswerNotAccepted
from participants.models import Entry, ProofKind
from participants.services import save_answers, save_typed_proof
from participants.services.entries import EDITABLE
from portal.attempts import spend_guess
from portal.forms import NumberForm, SurveyForm
from portal.refusals import private
from portal.session import own_entry
from portal.steps import TITLES, answers_of, next_step, questions_to_ask
from portal.views.entry import step_context

GUESSES = 10  # numbers an entry, or a browser, may try within ten minutes


@require_http_methods(["GET", "HEAD", "POST"])
@private
def number_step(request: HttpRequest, public_id: UUID, name: str) -> HttpResponse:
    """Take a serial code or a reference number; whether it counts is said with the verdict, not here."""
    entry = own_entry(request, public_id)
    if entry.status not in EDITABLE:
        return redirect("portal:entry", public_id=public_id)
    label = _reference_label(entry) if name == "reference" else str(TITLES[name])
    if request.method != "POST":
        return _number_page(request, entry, name, NumberForm(label=label))
    form = NumberForm(request.POST, label=label)
    if not form.is_valid():
        return _number_page(request, entry, name, form, status=422)
    try:
        spend_guess(
            request,
            "number",
            limit=GUESSES,
            subject=str(public_id),
            now=clock.now(),
        )
        save_typed_proof(
            entry_id=entry.pk,
            kind=ProofKind(name),
            value=form.cleaned_data["number"],
        )
    except DomainError as refusal:
        form.refuse("number", refusal)
        return _number_page(request, entry, name, form, status=refusal.status)
    return redirect("portal:step", public_id=public_id, name=next_step(entry, after=name))


@require_http_methods(["GET", "HEAD", "POST"])
@private
def survey_step(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask the questions; an answer that leads to further ones brings the page back with them."""
    entry = own_entry(request, public_id)
    if entry.status not in EDITABLE:
        return redirect("portal:entry", public_id=public_id)
    asked = questions_to_ask(entry)
    if request.method != "POST":
        form = SurveyForm(questions=asked, answers=answers_of(entry))
        return _survey_page(request, entry, form)
    form = SurveyForm(request.POST, questions=asked, answers={})
    if not form.is_valid():
        return _survey_page(request, entry, form, status=422)
    try:
        save_answers(entry_id=entry.pk, answers=form.answers())
    except AnswerNotAccepted as refusal:
        form.refuse(f"q{refusal.context['question']}", refusal)
        return _survey_page(request, entry, form, status=refusal.status)
    further = [q for q in questions_to_ask(entry) if q not in asked]
    if further:
        return redirect(f"{request.path}#id_q{further[0].pk}")
    return redirect("portal:step", public_id=public_id, name=next_step(entry, after="survey"))


def _number_page(
    request: HttpRequest,
    entry: Entry,
    name: str,
    form: NumberForm,
    *,
    status: int = 200,
) -> HttpResponse:
    kept = entry.typed_proofs.filter(kind=name).first()
    context = step_context(entry, name) | {
        "form": form.focus_first_wrong(),
        "kept": kept,
        "following": next_step(entry, after=name),
    }
    return render(request, "portal/steps/number.html", context, status=status)


def _survey_page(request: HttpRequest, entry: Entry, form: SurveyForm, *, status: int = 200) -> HttpResponse:
    context = step_context(entry, "survey") | {
        "form": form.focus_first_wrong(),
        "survey": entry.campaign.survey,
    }
    return render(request, "portal/steps/survey.html", context, status=status)


def _reference_label(entry: Entry) -> str:
    """Give the name that entrants know their number by: 会員番号, 契約番号, …"""
    rule = EntryRule.objects.filter(group__campaign=entry.campaign, kind=RuleKind.REFERENCE).first()
    lists = ReferenceList.objects.filter(campaign=entry.campaign)
    if rule and (wanted := rule.parameters.get("list")):
        lists = lists.filter(public_id=wanted)
    found = lists.first()
    return found.label if found else str(TITLES["reference"])
