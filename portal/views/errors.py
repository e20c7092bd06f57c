"""Pages for what went wrong, each with a way forward."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose page grew too old; nothing was stored."""
    return render(request, "portal/errors/csrf.html", status=403)
