"""本物確認: is a winner notice ours? One field, three answers, and no way to try numbers by the thousand."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from codes.models import Award
from codes.selectors import award_by_notice
from core import clock
from eligibility.errors import TooManyAttempts
from portal.attempts import spend_guess
from portal.claiming import award_state
from portal.forms import NoticeNumberForm
from portal.refusals import private
from portal.session import remember, visitor_of

CHECKS = 10  # numbers that one browser may ask about within ten minutes


@require_http_methods(["GET", "HEAD", "POST"])
@private
def genuine(request: HttpRequest) -> HttpResponse:
    """Answer: ours and whose, not ours, or cannot be told."""
    if request.method != "POST":
        return _page(request, NoticeNumberForm())
    form = NoticeNumberForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        spend_guess(request, "genuine", limit=CHECKS, now=clock.now())
    except TooManyAttempts as refusal:
        form.refuse("number", refusal)
        return _page(request, form, status=refusal.status)
    award = award_by_notice(form.cleaned_data["number"])  # looked up in any case: each answer takes the same time
    if not form.is_a_notice_number:
        return _page(request, form, answer="cannot_tell")
    return _page(request, form, answer="ours" if award else "not_ours", award=award)


def _page(
    request: HttpRequest,
    form: NoticeNumberForm,
    *,
    answer: str = "",
    award: Award | None = None,
    status: int = 200,
) -> HttpResponse:
    state = award_state(award, clock.now()) if award else ""
    context = {"form": form.focus_first_wrong(), "answer": answer, "award": award, "state": state}
    response = render(request, "portal/genuine.html", context, status=status)
    return remember(response, visitor_of(request))  # so that a browser has its budget
