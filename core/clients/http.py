"""Sessions for calls to the outside: always a time limit, no redirects, repeats only where the caller asks."""

import uuid
from typing import Any

import requests
import structlog
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

TIMEOUT = (3.0, 10.0)  # seconds to connect, seconds between two bytes of the answer


class OutboundSession(requests.Session):
    """A requests session with the house rules built in; a call may still state its own time limit."""

    def request(self, method: str | bytes, url: str | bytes, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """Send one request, carrying the id of the request or task that it serves."""
        kwargs.setdefault("timeout", TIMEOUT)
        headers = {"X-Request-Id": current_request_id(), **(kwargs.pop("headers", None) or {})}
        return super().request(method, url, headers=headers, **kwargs)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Follow no redirect: `get` switches them on before `request` sees the call, so they end here."""
        return None


def outbound_session(*, read_retries: int = 0) -> OutboundSession:
    """Make a session.

    Args:
        read_retries: how often a GET or HEAD is repeated after a lost connection or 502, 503, 504. Nothing that
            changes anything is ever repeated here: that is for whoever holds the idempotency key.
    """
    retry = Retry(
        total=read_retries,
        allowed_methods={"GET", "HEAD"},
        status_forcelist={502, 503, 504},
        backoff_factor=0.2,
        respect_retry_after_header=False,  # an hour's Retry-After must not hold a worker
        raise_on_status=False,
    )
    session = OutboundSession()
    session.auth = _keep_authorization
    session.mount("http://", HTTPAdapter(max_retries=retry))
    session.mount("https://", HTTPAdapter(max_retries=retry))
    return session


def retry_after_seconds(header: str | None) -> int | None:
    """Read a Retry-After header given in seconds, at most an hour; a date or rubbish counts as none."""
    if header is None or not header.isascii() or not header.isdigit():
        return None
    return min(int(header[:9]), 3600)


def current_request_id() -> str:
    """Give the id that the log lines of this work carry, or a new one."""
    return str(structlog.contextvars.get_contextvars().get("request_id") or uuid.uuid4().hex)


def _keep_authorization(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Do nothing: with any `auth` set, requests leaves ~/.netrc alone, which would replace our bearer tokens."""
    return request
