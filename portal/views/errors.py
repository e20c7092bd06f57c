"""Pages for what went wrong, each with a way forward and the id that support can look up."""

from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose page grew too old; nothing was stored."""
    return render(request, "portal/errors/csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what could not be read: too large, too many files, or garbled."""
    if isinstance(exception, RequestDataTooBig | TooManyFilesSent):
        return render(request, "portal/errors/413.html", status=413)
    return render(request, "portal/errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what this visitor may not do."""
    return render(request, "portal/errors/403.html", {"is_desk": _is_desk(request)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an unknown address; a foreign one gets the same page."""
    return render(request, "portal/errors/404.html", {"is_desk": _is_desk(request)}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a defect of ours; the page needs neither database nor context processors to be whole."""
    return render(request, "portal/errors/500.html", status=500)


def _is_desk(request: HttpRequest) -> bool:
    """Tell the desk's pages from the entrants', whose way forward helps no operator."""
    return request.path.startswith(reverse("admin:index"))
