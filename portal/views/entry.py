"""One entry: where it stands, its last step where it is checked and sent, and taking it back."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.selectors import current_terms
from core import clock
from journeys.services import withdraw_entry
from participants.errors import IncompleteEntry
from participants.models import Consent, ConsentKind, Entry, EntryStatus
from participants.selectors import pending_email, verified_identities
from participants.services import agree, submit_entry
from participants.services.entries import EDITABLE
from portal.forms import ConfirmForm
from portal.refusals import private
from portal.session import own_entry
from portal.steps import (
    answers_of,
    next_step,
    open_steps,
    questions_to_ask,
    steps_of,
)
from portal.views.result import result_page
from receipts.selectors import current_receipts, places_left


@require_safe
@private
def entry_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Go on where the entry was left, or show where it stands."""
    entry = own_entry(request, public_id)
    if entry.status == EntryStatus.STARTED:
        return redirect("portal:step", public_id=public_id, name=next_step(entry))
    return result_page(request, entry)


@require_safe
@private
def unknown_step(request: HttpRequest, public_id: UUID, name: str) -> HttpResponse:
    """Answer a step that no entry has; the steps themselves have addresses of their own."""
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
@private
def confirm(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show everything once more, take the agreement, and send."""
    entry = own_entry(request, public_id)
    if entry.status not in EDITABLE:
        return redirect("portal:entry", public_id=public_id)
    has_agreed = _has_agreed(entry)
    if request.method != "POST":
        return _confirm_page(request, entry, ConfirmForm(has_agreed=has_agreed))
    form = ConfirmForm(request.POST, has_agreed=has_agreed)
    if not form.is_valid():
        return _confirm_page(request, entry, form.focus_first_wrong(), status=422)
    now = clock.now()
    if not has_agreed:
        agree(entry_id=entry.pk, wants_news=form.cleaned_data["news"], now=now)
    try:
        submit_entry(entry_id=entry.pk, now=now, missing=open_steps(entry))
    except IncompleteEntry as refusal:
        return _confirm_page(request, entry, form, status=refusal.status, refusal=refusal)
    return redirect("portal:entry", public_id=public_id)


@require_POST
@private
def withdraw(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take the entry back at the entrant's wish."""
    entry = own_entry(request, public_id)
    withdraw_entry(entry_id=entry.pk, now=clock.now())
    return redirect("portal:entry", public_id=public_id)


def step_context(entry: Entry, name: str) -> dict[str, object]:
    """Give what every step shows: the campaign, its look, and how far along it is."""
    steps = steps_of(entry)
    names = [step.name for step in steps]
    if name not in names:
        raise Http404
    place = names.index(name)
    return {
        "entry": entry,
        "campaign": entry.campaign,
        "sponsor": entry.campaign.sponsor,
        "step": steps[place],
        "place": place + 1,
        "count": len(steps),
        "before": names[place - 1] if place else "",
    }


def _confirm_page(
    request: HttpRequest,
    entry: Entry,
    form: ConfirmForm,
    *,
    status: int = 200,
    refusal: IncompleteEntry | None = None,
) -> HttpResponse:
    answers = answers_of(entry)
    context = step_context(entry, "confirm") | {
        "form": form,
        "refusal": refusal,
        "missing": refusal.missing if refusal else [],
        "steps": steps_of(entry),
        "receipts": list(current_receipts(entry.pk).prefetch_related("photos")),
        "can_add": places_left(entry) > 0 and clock.now() < entry.campaign.entry_closes_at,
        "proofs": {proof.kind: proof for proof in entry.typed_proofs.all()},
        "answers": [(q, answers.get(q.pk, [])) for q in questions_to_ask(entry)],
        "email": pending_email(entry.participant_id),
        "identities": {i.kind: i for i in verified_identities(entry.participant_id)},
        "terms": current_terms(entry.campaign),
    }
    return render(request, "portal/steps/confirm.html", context, status=status)


def _has_agreed(entry: Entry) -> bool:
    """Tell whether the person agreed, for this campaign, to the terms as they read now."""
    return Consent.objects.filter(
        participant_id=entry.participant_id,
        campaign=entry.campaign,
        kind=ConsentKind.TERMS,
        terms_version=current_terms(entry.campaign),
        withdrawn_at__isnull=True,
    ).exists()
