"""異議申立て: an entrant says why a result is wrong."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from core import clock
from core.errors import DomainError
from eligibility.errors import AppealTextNotAccepted
from eligibility.services import open_appeal
from portal.forms import AppealForm
from portal.refusals import private
from portal.session import own_entry
from portal.views.result import result_context


@require_http_methods(["GET", "HEAD", "POST"])
@private
def appeal(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the result once more with a field for what the entrant says, and take it."""
    entry = own_entry(request, public_id)
    context = result_context(entry)
    if not context["appeal_is_open"]:
        return redirect("portal:entry", public_id=public_id)
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            open_appeal(entry_id=entry.pk, text=form.cleaned_data["text"], now=clock.now())
        except AppealTextNotAccepted as refusal:
            form.refuse("text", refusal)
        except DomainError:
            return redirect("portal:entry", public_id=public_id)  # its page says where the objection stands
        else:
            return redirect("portal:entry", public_id=public_id)
    status = 422 if form.errors else 200
    return render(request, "portal/appeal.html", context | {"form": form.focus_first_wrong()}, status=status)
