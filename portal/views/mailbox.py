"""The sandbox mailbox: every message the demo would have sent, as its reader would see it."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from distribution.sandbox import Message, MessageNotFound, list_messages, read_message
from portal.refusals import private

# A mail brings its own inline styles and must run nothing; links open in the whole window.
MAIL_POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["'self'", "data:"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'self'"],
    "sandbox": [
        "allow-popups",
        "allow-popups-to-escape-sandbox",
        "allow-top-navigation-by-user-activation",
    ],
}
SHOWN = 100


@require_safe
@private
def mailbox(request: HttpRequest) -> HttpResponse:
    """List what was sent, newest first."""
    _only_in_the_sandbox()
    context = {"messages": list_messages(limit=SHOWN)}
    return render(request, "portal/mailbox.html", context)


@require_safe
@private
def mail(request: HttpRequest, message_id: str) -> HttpResponse:
    """Show one message, text and HTML."""
    return render(request, "portal/mail.html", {"mail": _message(message_id)})


@require_safe
@xframe_options_sameorigin
@private
def mail_html(request: HttpRequest, message_id: str) -> HttpResponse:
    """Give the HTML of a message as a page of its own, sandboxed by its content policy."""
    response = HttpResponse(_message(message_id).html)
    response._csp_replace = MAIL_POLICY  # type: ignore[attr-defined]
    return response


def _message(message_id: str) -> Message:
    _only_in_the_sandbox()
    try:
        return read_message(message_id)
    except MessageNotFound as error:
        raise Http404 from error


def _only_in_the_sandbox() -> None:
    if not settings.SANDBOX:
        raise Http404
