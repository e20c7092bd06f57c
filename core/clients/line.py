"""LINE Messaging API: push a message, check and read webhooks.

The SDK is imported inside the functions that send: it costs 50 MB, and web processes never send. Webhooks are read
without it for the same reason (24 MB), and because its models refuse events that LINE may extend at any time.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

import urllib3

from core.clients.http import TIMEOUT, retry_after_seconds
from core.clients.line_limits import problem_with

if TYPE_CHECKING:
    from linebot.v3.messaging import MessagingApi

RETRY_KEY_TAKEN = "x-line-accepted-request-id"
UNREACHABLE_RECIPIENT = "Failed to send messages"
RATE = "The API rate limit has been exceeded"
MONTHLY_LIMIT = "You have reached your monthly limit"


class PushOutcome(StrEnum):
    """What one call of the push endpoint came to."""

    ACCEPTED = "accepted"  # taken by LINE; says nothing about being received
    ALREADY_ACCEPTED = "already_accepted"  # an earlier call with the same retry key got through
    REFUSED = "refused"
    RATE_LIMITED = "rate_limited"
    QUOTA_EXHAUSTED = "quota_exhausted"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - the name of an outcome
    UNKNOWN = "unknown"  # may or may not have been taken: repeat with the same retry key


class Refusal(StrEnum):
    """Why a push was refused for good."""

    UNKNOWN_RECIPIENT = "unknown_recipient"  # no such user, or a user of another provider
    BAD_MESSAGE = "bad_message"  # our message is wrong; every recipient will meet the same
    FORBIDDEN = "forbidden"  # plan or permission of the channel
    TOO_MANY_TO_ONE_USER = "too_many_to_one_user"
    UNEXPECTED = "unexpected_answer"


@dataclass(frozen=True, kw_only=True)
class PushResult:
    """The answer to a push, sorted.

    Attributes:
        refusal: set when, and only when, the outcome is REFUSED.
        request_id: LINE's own id of the call; LINE keeps no logs for us, so it belongs into ours.
        detail: LINE's words, for operators; holds no user id and no message text.
    """

    outcome: PushOutcome
    message_ids: tuple[str, ...] = ()
    request_id: str = ""
    retry_after_seconds: int | None = None
    refusal: Refusal | None = None
    detail: str = ""


@dataclass(frozen=True)
class LineMessaging:
    """One official account's Messaging API channel."""

    access_token: str = field(repr=False)
    api_base: str
    timeout: tuple[float, float] = TIMEOUT

    def push(self, to: str, messages: Sequence[Mapping[str, Any]], retry_key: UUID) -> PushResult:
        """Push one to five messages to one user.

        The retry key is stored before the first call and given unchanged, with unchanged messages, at every repeat.
        LINE knows a key for 24 hours; after that the same key sends a second copy.
        """
        from linebot.v3.messaging import ApiException, PushMessageRequest

        if problem := problem_with(messages):
            return _refused(Refusal.BAD_MESSAGE, problem)
        try:
            request = PushMessageRequest.from_dict({"to": to, "messages": [dict(message) for message in messages]})
        except ValueError:
            return _refused(Refusal.BAD_MESSAGE, "not a message that LINE knows")
        try:
            answer = self._api.push_message_with_http_info(
                request, x_line_retry_key=str(retry_key), _request_timeout=self.timeout
            )
        except ApiException as error:
            return _sorted_answer(error.status or 0, error.headers or {}, error.body)
        except urllib3.exceptions.HTTPError as error:  # the SDK lets these through unwrapped
            return PushResult(outcome=PushOutcome.UNKNOWN, detail=type(error).__name__)
        except ValueError:  # the request was built above, so this is a 2xx whose body could not be read
            return PushResult(outcome=PushOutcome.ACCEPTED, detail="answer without message ids")
        return PushResult(
            outcome=PushOutcome.ACCEPTED,
            message_ids=tuple(sent.id for sent in answer.data.sent_messages) if answer.data else (),
            request_id=_header(answer.headers, "x-line-request-id"),
        )

    @cached_property
    def _api(self) -> "MessagingApi":
        """Keep one pool of connections for as long as this object lives."""
        from linebot.v3.messaging import ApiClient, Configuration, MessagingApi

        configuration = Configuration(host=self.api_base, access_token=self.access_token)
        configuration.retries = urllib3.Retry(total=0, redirect=False)  # its default repeats a connect three times
        return MessagingApi(ApiClient(configuration))


def _sorted_answer(status: int, headers: Mapping[str, str], body: str | bytes | None) -> PushResult:
    request_id = _header(headers, "x-line-request-id")
    retry_after = retry_after_seconds(_header(headers, "retry-after") or None)
    answer = _json_object(body)
    text = str(answer.get("message", ""))[:200]
    if status == 409:
        return PushResult(
            outcome=PushOutcome.ALREADY_ACCEPTED,
            message_ids=_sent_ids(answer),
            request_id=_header(headers, RETRY_KEY_TAKEN) or request_id,
            detail=text,
        )
    if status in (0, 408) or status >= 500 or 300 <= status < 400:
        outcome = PushOutcome.UNKNOWN
    elif status == 401:
        outcome = PushOutcome.TOKEN_EXPIRED
    elif status == 429 and text.startswith(RATE):
        outcome = PushOutcome.RATE_LIMITED
    elif status == 429 and text.startswith(MONTHLY_LIMIT):
        outcome = PushOutcome.QUOTA_EXHAUSTED
    else:
        return _refused(_refusal(status, text), text + _properties(answer), request_id)
    detail = text or f"HTTP {status}"
    return PushResult(outcome=outcome, request_id=request_id, retry_after_seconds=retry_after, detail=detail)


def _refusal(status: int, text: str) -> Refusal:
    if status == 400:
        return Refusal.UNKNOWN_RECIPIENT if text.startswith(UNREACHABLE_RECIPIENT) else Refusal.BAD_MESSAGE
    known = {403: Refusal.FORBIDDEN, 413: Refusal.BAD_MESSAGE, 429: Refusal.TOO_MANY_TO_ONE_USER}
    return known.get(status, Refusal.UNEXPECTED)


def _refused(refusal: Refusal, detail: str, request_id: str = "") -> PushResult:
    return PushResult(outcome=PushOutcome.REFUSED, refusal=refusal, detail=detail, request_id=request_id)


def _properties(answer: Mapping[str, Any]) -> str:
    """Name the parts of a message that LINE objects to, without their values."""
    details = answer.get("details")
    names = [str(d.get("property", "")) for d in details if isinstance(d, dict)] if isinstance(details, list) else []
    return f" ({', '.join(names[:5])})" if names else ""


def _sent_ids(answer: Mapping[str, Any]) -> tuple[str, ...]:
    sent = answer.get("sentMessages")
    return tuple(str(s["id"]) for s in sent if isinstance(s, dict) and "id" in s) if isinstance(sent, list) else ()


def _json_object(body: str | bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _header(headers: Mapping[str, str] | None, name: str) -> str:
    return next((value for key, value in (headers or {}).items() if key.lower() == name), "")
