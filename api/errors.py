"""Refusals as agencies' programs meet them: RFC 9457 problem details with a stable `code` and the `request_id`."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import IntegrityError, OperationalError
from django.http import Http404
from django.http.request import UnreadablePostError
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.errors import ScopeMissing
from codes.errors import FileNotAccepted
from core.errors import DomainError

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_SECONDS = 2
ROWS_SHOWN = 100
UNIQUE_VIOLATION = "23505"  # PostgreSQL
STATUS_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class InvalidInput(DomainError):
    """The request does not fit the schema; `errors` name each place."""

    code = "invalid_input"
    message = _("The request does not fit the documentation. Please correct what is listed under errors.")
    status = 400

    def __init__(self, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__()
        self.errors = list(errors)


class JsonNotAccepted(DomainError):
    code = "json_not_accepted"
    message = _("The body is not JSON in UTF-8, or names a field twice. Please check what your program sends.")
    status = 400


class JsonTooDeep(DomainError):
    code = "json_too_deep"
    message = _("The body is nested more than 20 levels deep. Please send only the documented fields.")
    status = 400


class BodyTooLarge(DomainError):
    code = "body_too_large"
    message = _("The body is larger than this address takes. The documentation names the limit.")
    status = 413


class MediaTypeNotSupported(DomainError):
    code = "unsupported_media_type"
    message = _("Please send the content type that the documentation names, in UTF-8 and uncompressed.")
    status = 415


class NotFound(DomainError):
    """No such row, another agency's row, or no such address: one answer for all."""

    code = "not_found"
    message = _("There is nothing at this address. Please check the id.")
    status = 404


class CampaignNotFound(DomainError):
    code = "campaign_not_found"
    message = _("There is no such campaign. Please check the id.")
    status = 404


class ReceiptNotFound(DomainError):
    code = "receipt_not_found"
    message = _("There is no such receipt. Please check the entry, or the shop, day and total of the purchase.")
    status = 404


class ReceiptAmbiguous(DomainError):
    code = "receipt_ambiguous"
    message = _("Several receipts fit. Please name the entry and the purchase, with the receipt's number.")
    status = 409


class StoreNotFound(DomainError):
    code = "store_not_found"
    message = _("There is no such store. Please check the store number.")
    status = 404


class PrizeNotFound(DomainError):
    code = "prize_not_found"
    message = _("There is no such prize. Please check the id.")
    status = 404


class CursorNotFound(DomainError):
    code = "cursor_not_found"
    message = _("This list has no such cursor. Please start over without it.")
    status = 404


class MethodNotAllowed(DomainError):
    code = "method_not_allowed"
    message = _("This address does not take this method. The Allow header lists those it takes.")
    status = 405


class NotAcceptable(DomainError):
    code = "not_acceptable"
    message = _("Answers are JSON. Please accept application/json.")
    status = 406


class KeyMissing(DomainError):
    code = "key_missing"
    message = _("Please send your API key in the header Authorization: Bearer.")
    status = 401


class KeyInQuery(DomainError):
    """A key in an address ends in logs and histories: it is refused, so that nobody gets used to it."""

    code = "key_in_query"
    message = _("An API key must not stand in an address. Send it in the Authorization header, and replace this key.")
    status = 400


class RateExceeded(DomainError):
    code = "rate_exceeded"
    message = _("Too many requests with this key. Please wait as long as the Retry-After header says.")
    status = 429


class IdempotencyKeyMissing(DomainError):
    code = "idempotency_key_missing"
    message = _("Please send an Idempotency-Key header of 1 to 255 visible ASCII characters, new for each operation.")
    status = 400


class IdempotencyKeyReused(DomainError):
    code = "idempotency_key_reused"
    message = _("This Idempotency-Key was used with another body. Please use a new key for a new operation.")
    status = 422


class AnswerLost(DomainError):
    """A restore knows from the journal that the call had its effect, and could not bring its line back."""

    code = "answer_lost"
    message = _(
        "This call was carried out before our database had to be restored, and its answer is lost. Nothing was done "
        "now. Please do not send it under a new Idempotency-Key; ask the campaign office what became of it."
    )
    status = 409


class RequestInProgress(DomainError):
    code = "request_in_progress"
    message = _("The first request with this Idempotency-Key is still running. Please try again in a moment.")
    status = 409


class TemporarilyUnavailable(DomainError):
    code = "temporarily_unavailable"
    message = _("The service is busy. Nothing was changed; please try again with the same Idempotency-Key.")
    status = 503


class InternalError(DomainError):
    code = "internal_error"
    message = _("Something went wrong on our side. Please tell us the request_id.")
    status = 500


def problem(refusal: DomainError) -> dict[str, Any]:
    """Describe a refusal by RFC 9457; what belongs to one request only is added by `answer`."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": STATUS_TITLES.get(refusal.status, "Error"),
        "status": refusal.status,
        "code": refusal.code,
        "detail": str(refusal.message),
    }
    if isinstance(refusal, RateExceeded):
        body["type"] = "https://iana.org/assignments/http-problem-types#quota-exceeded"
    if errors := _errors(refusal):
        body["errors"] = errors
    return body


def answer(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Send a problem with this request's id."""
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    return Response(
        {**body, "request_id": request_id}, status=body["status"], headers=headers, content_type=CONTENT_TYPE
    )


def problem_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """Turn whatever a view raised into a problem; a fault of ours is logged and told apart from refusals."""
    refusal = as_refusal(error)
    if isinstance(refusal, InternalError):
        got_request_exception.send(sender=None, request=context.get("request"))
        log.error("api_failed", exc_info=error)
    response = answer(problem(refusal), _headers(refusal, error))
    response.exception = True
    return response


def as_refusal(error: Exception) -> DomainError:
    """Name an error by one of our refusals."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, exceptions.ValidationError):
        return InvalidInput(list(pointed(error.detail)))
    if isinstance(error, IntegrityError) and _lost_a_race(error):
        return TemporarilyUnavailable()
    for kinds, refusal in _NAMED:
        if isinstance(error, kinds):
            return refusal()
    return InternalError()


def pointed(detail: Any, at: str = "") -> "list[dict[str, str]]":
    """Flatten a serializer's errors into JSON pointers with the code and sentence of each."""
    if isinstance(detail, Mapping):
        return [
            found
            for name, inner in detail.items()
            for found in pointed(inner, at if name == "non_field_errors" else f"{at}/{_escaped(str(name))}")
        ]
    if isinstance(detail, list):
        nested = any(isinstance(inner, (Mapping, list)) for inner in detail)
        return [
            found
            for number, inner in enumerate(detail)
            if inner
            for found in pointed(inner, f"{at}/{number}" if nested else at)
        ]
    return [{"pointer": at, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}]


_NAMED: tuple[tuple[tuple[type[Exception], ...], type[DomainError]], ...] = (
    ((Http404, exceptions.NotFound), NotFound),
    ((PermissionDenied, exceptions.PermissionDenied), ScopeMissing),
    ((exceptions.AuthenticationFailed, exceptions.NotAuthenticated), KeyMissing),
    ((exceptions.MethodNotAllowed,), MethodNotAllowed),
    ((exceptions.NotAcceptable,), NotAcceptable),
    ((exceptions.UnsupportedMediaType,), MediaTypeNotSupported),
    ((exceptions.Throttled,), RateExceeded),
    ((RequestDataTooBig,), BodyTooLarge),
    ((exceptions.ParseError, SuspiciousOperation, UnreadablePostError), InvalidInput),
    (
        (OperationalError, IntegrityError),
        TemporarilyUnavailable,
    ),  # a race lost at a constraint: a retry sees the winner,
)


def _lost_a_race(error: IntegrityError) -> bool:
    """Tell whether a unique constraint decided between two callers: all is rolled back, and a retry sees the winner."""
    return getattr(error.__cause__, "sqlstate", "") == UNIQUE_VIOLATION or "UNIQUE constraint" in str(error)


def _errors(refusal: DomainError) -> list[dict[str, str]]:
    """List the places at fault: of a schema error, rows of a file, or the steps that an entry still lacks."""
    if isinstance(refusal, InvalidInput):
        return [dict(error) for error in refusal.errors]
    if isinstance(refusal, FileNotAccepted):
        rows = [(f"/file/{problem.row}", problem.code) for problem in refusal.problems[:ROWS_SHOWN]]
        places = rows or [("/file", refusal.reason)]
        return [{"pointer": place, "code": code, "detail": str(refusal.message)} for place, code in places]
    missing = getattr(refusal, "missing", ())
    return [{"pointer": f"/{step}", "code": "missing", "detail": str(refusal.message)} for step in missing]


def _headers(refusal: DomainError, error: Exception) -> dict[str, str]:
    if refusal.status == 401:
        return {"WWW-Authenticate": 'Bearer realm="mizuhiki"'}
    if isinstance(refusal, RequestInProgress) or refusal.status in (429, 503):
        return {"Retry-After": str(int(getattr(error, "wait", None) or RETRY_SECONDS))}
    return {}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
