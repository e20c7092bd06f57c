"""The staff page without a network: its shell and worker, the rules a phone keeps, and what it sends afterwards."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from campaigns.models import Store
from codes.selectors import refusal_sentence
from codes.services import OfflineAnswer, check_guesser, count_unknown_reports, report_uses
from core import clock
from core.errors import DomainError
from portal.attempts import spend_guess, staff_of
from portal.forms import CodeForm
from portal.offline import OfflineUseForm, rules_for, shift_of, terminal_of
from portal.refusals import private
from portal.session import remember, visitor_of
from portal.staff_session import store_of

SENDS = 300  # uses that one store may send within ten minutes: several phones that were away for a morning


@require_safe
@private
def shell(request: HttpRequest) -> HttpResponse:
    """Give the page that the worker keeps: nothing of any store stands in it."""
    return render(request, "portal/staff/offline.html", {"form": CodeForm()})


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Give the service worker; it lies below /staff/, since it serves nothing else."""
    response = render(request, "portal/staff/worker.js", content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
@private
def rules(request: HttpRequest) -> HttpResponse:
    """Tell the phone of a shift what it may take by itself; whoever is not signed in keeps no rules."""
    store = store_of(request)
    if store is None:
        return _signed_out()
    told = rules_for(store=store, terminal=terminal_of(request), now=clock.now())
    return remember(JsonResponse(told | {"csrf": get_token(request)}), visitor_of(request))


@require_POST
@private
def send(request: HttpRequest) -> HttpResponse:
    """Book one use that the phone took by itself, or put it on the list of disputes; a repeat answers the same."""
    store = store_of(request)
    if store is None:
        return _signed_out()
    form = OfflineUseForm(request.POST)
    if not form.is_valid():
        return _refused("not_readable", _("This entry cannot be read. Please tell the campaign office."), 422)
    try:
        return _answered(_report(request, store, form))
    except DomainError as refusal:
        return _refused(refusal.code, str(refusal), refusal.status)


def _report(request: HttpRequest, store: Store, form: OfflineUseForm) -> OfflineAnswer:
    now, terminal, guesser = clock.now(), terminal_of(request), staff_of(store)
    check_guesser(guesser=guesser, now=now)
    spend_guess(request, "offline", limit=SENDS, subject=str(store.public_id), now=now)
    (answer,) = report_uses(
        agency_id=store.agency_id,
        store_id=store.pk,
        uses=[form.use(now)],
        terminal=terminal,
        shift=shift_of(form.cleaned_data["permit"], store=store, terminal=terminal),
        now=now,
    )
    count_unknown_reports(guesser=guesser, store_id=store.pk, answers=[answer], now=now)
    return answer


def _answered(answer: OfflineAnswer) -> HttpResponse:
    if answer.reason is None:
        return JsonResponse({"result": answer.result, "sentence": ""})
    sentence = _("%(why)s The campaign office looks into it.") % {"why": refusal_sentence(answer.reason)}
    return JsonResponse({"result": answer.result, "sentence": sentence})


def _signed_out() -> HttpResponse:
    return _refused("signed_out", _("Please sign in to send what was taken."), 401)


def _refused(code: str, sentence: str, status: int) -> HttpResponse:
    return JsonResponse({"code": code, "sentence": sentence}, status=status)
