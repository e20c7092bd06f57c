"""What every request passes: an id that logs and refusals share, and the policy of what an answer may load."""

import uuid
from collections.abc import Callable

import structlog
from csp.constants import HEADER, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

ADMIN_POLICY = {
    "default-src": [SELF],
    "script-src": [
        SELF,
        UNSAFE_EVAL,
    ],  # the admin theme's Alpine build evaluates expressions
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
    "object-src": [NONE],
    "base-uri": [NONE],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
}
API_POLICY = "default-src 'none'; frame-ancestors 'none'"  # data that a browser shows as a page loads nothing

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Give each request an id: kept from a trusted proxy's header, else new; in logs, answers and the audit trail."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = _clean(request.headers.get("X-Request-Id", "")) or uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self.get_response(request)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
        response["X-Request-Id"] = request_id
        return response


class ContentSecurityMiddleware(CSPMiddleware):
    """Say what each answer may load: pages only what is ours, the operators' admin a little more, the API nothing."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path_info.startswith("/api/v1/"):
            response.setdefault(HEADER, API_POLICY)
            return response
        if request.path_info.startswith("/admin/"):
            response._csp_replace = ADMIN_POLICY  # type: ignore[attr-defined]
        return super().process_response(request, response)


def _clean(request_id: str) -> str:
    return request_id if request_id.isascii() and request_id.isalnum() and len(request_id) <= 40 else ""
