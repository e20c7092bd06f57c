"""Refusals of the services as pages, and the marks of private pages."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.errors import DomainError

View = Callable[..., HttpResponse]


def refusal_page(request: HttpRequest, refusal: DomainError, *, prize: str = "") -> HttpResponse:
    """Show a refusal's sentence with its status, and the way back to the prize whose address is given."""
    context = {"message": str(refusal), "code": refusal.code, "prize_url": prize}
    return render(request, "portal/errors/refused.html", context, status=refusal.status)


def answers_refusals(view: View) -> View:
    """Let a view leave a refusal to the refusal page."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except DomainError as refusal:
            return refusal_page(request, refusal)

    return wrapped


def private(view: View) -> View:
    """Mark pages of one person: kept by no cache, found by no search engine; refusals become pages."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = answers_refusals(view)(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return wrapped
