"""X API v2: does this person follow the brand, did they repost this post.

Plain requests instead of the vendor's xdk: that library passes no timeout to its calls, so one silent connection
would hold a worker for ever, and the three calls needed here are shorter than the adapter that would mend it.

X is renaming tweets to posts in its API, and documents and specification disagree. Every such name is in GENERATIONS
and REFERENCES; answers are read in both generations.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal
from urllib.parse import urlencode

import requests

from core.clients.http import outbound_session, retry_after_seconds
from core.clients.pkce import code_challenge

SCOPES = "users.read tweet.read follows.read"
PAGES = 5  # of a timeline, 100 posts each; every post read costs money
GENERATIONS = {
    "post": {"post.fields": "created_at", "expansions": "referenced_posts"},
    "tweet": {"tweet.fields": "created_at,referenced_tweets"},
}
REFERENCES = ("referenced_posts", "referenced_tweets")


class XRefused(Exception):
    """X will not say or do this.

    Attributes:
        reason: token_expired, account_suspended, account_protected, account_missing or refused.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class XUnavailable(Exception):
    """X did not answer, or its limit is reached; says nothing about the person."""

    def __init__(self, after_seconds: int | None = None) -> None:
        super().__init__("X is unavailable")
        self.retry_after_seconds = after_seconds


class XConnection(StrEnum):
    """How the person who logged in stands to the brand's account."""

    FOLLOWING = "following"
    REQUESTED = "requested"  # the brand's account is protected and has not agreed yet
    NOT_FOLLOWING = "not_following"


@dataclass(frozen=True, kw_only=True)
class XUser:
    """The person who logged in."""

    id: str = field(repr=False)
    username: str = field(repr=False)
    is_protected: bool


@dataclass(frozen=True, kw_only=True)
class XClient:
    """One X app; `authorize_base` shows pages to people, `api_base` answers servers."""

    client_id: str
    client_secret: str = field(repr=False)
    api_base: str
    authorize_base: str
    generation: Literal["post", "tweet"] = "post"

    def authorize_url(self, *, redirect_uri: str, state: str, code_verifier: str) -> str:
        """Give the address to send the person to."""
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPES,
            "state": state,
            "code_challenge": code_challenge(code_verifier),
            "code_challenge_method": "S256",
        }
        return f"{self.authorize_base}/i/oauth2/authorize?{urlencode(query)}"

    def exchange_code(self, *, code: str, redirect_uri: str, code_verifier: str) -> str:
        """Exchange the code of the callback, within 30 seconds, for an access token of two hours.

        Raises:
            XRefused: code used, expired, or not ours.
            XUnavailable: no usable answer; the person starts the login again.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self.client_id,
            "code_verifier": code_verifier,
        }
        answer = _call("POST", f"{self.api_base}/2/oauth2/token", data=form, auth=(self.client_id, self.client_secret))
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            raise XRefused("refused")
        return token

    def me(self, access_token: str) -> XUser:
        """Tell who logged in.

        Raises:
            XRefused: also when the account is suspended.
            XUnavailable: no usable answer.
        """
        found = self._get(access_token, "/2/users/me", {"user.fields": "protected"})
        data = _data(found)
        return XUser(id=data["id"], username=data["username"], is_protected=data.get("protected") is True)

    def connection_status(self, access_token: str, brand_id: str) -> XConnection:
        """Tell whether the person who logged in follows the brand, at this moment.

        Raises:
            XRefused: also when the brand's account is suspended or gone.
            XUnavailable: no usable answer.
        """
        found = self._get(access_token, f"/2/users/{int(brand_id)}", {"user.fields": "connection_status"})
        status = _data(found).get("connection_status") or []
        if "following" in status:
            return XConnection.FOLLOWING
        return XConnection.REQUESTED if "follow_request_sent" in status else XConnection.NOT_FOLLOWING

    def has_reposted(self, access_token: str, *, user_id: str, post_id: str, since: datetime) -> bool:
        """Tell whether the person reposted a post at or after `since` and has not taken it back.

        Raises:
            XRefused: the account is suspended, or protected from this token.
            XUnavailable: no usable answer.
        """
        wanted = str(int(post_id))
        return any(_is_repost_of(post, wanted) for post in self._timeline(access_token, user_id, since))

    def _timeline(self, access_token: str, user_id: str, since: datetime) -> Iterator[dict[str, Any]]:
        query = {
            "max_results": "100",
            "start_time": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **GENERATIONS[self.generation],
        }
        for _ in range(PAGES):
            found = self._get(access_token, f"/2/users/{int(user_id)}/tweets", query)
            if "data" not in found:
                _raise_problem(found.get("errors"))
            yield from found.get("data") or []
            next_token = (found.get("meta") or {}).get("next_token")
            if not next_token:
                return
            query["pagination_token"] = next_token

    def _get(self, access_token: str, path: str, query: dict[str, str]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {access_token}"}
        return _call("GET", self.api_base + path, params=query, headers=headers)


def _call(method: str, url: str, **kwargs: Any) -> dict[str, Any]:
    with outbound_session(read_retries=1) as session:
        try:
            answer = session.request(method, url, **kwargs)
            found = answer.json()
        except requests.RequestException:  # also an answer that is not JSON
            raise XUnavailable from None
    if answer.status_code == 429 or answer.status_code >= 500:
        raise XUnavailable(_wait_seconds(answer))
    if not isinstance(found, dict):
        raise XUnavailable
    if answer.status_code == 401:
        raise XRefused("token_expired")
    if not answer.ok:
        raise XRefused(_reason(found))
    return found


def _wait_seconds(answer: requests.Response) -> int | None:
    """Read how long to wait: X names the instant at which its window of 15 minutes begins anew."""
    reset, sent = answer.headers.get("x-rate-limit-reset", ""), answer.headers.get("Date", "")
    if not reset.isascii() or not reset.isdigit() or not sent:
        return retry_after_seconds(answer.headers.get("Retry-After"))
    try:
        answered_at = datetime.strptime(sent, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    except ValueError:
        return None
    return min(max(int(reset[:12]) - int(answered_at.timestamp()), 1), 3600)


def _data(found: dict[str, Any]) -> dict[str, Any]:
    data = found.get("data")
    if not isinstance(data, dict):
        _raise_problem(found.get("errors"))
        raise XUnavailable
    return data


def _raise_problem(errors: object) -> None:
    """Refuse when an answer of 200 holds a problem instead of data, as X does for accounts it does not show."""
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        raise XRefused(_reason(errors[0]))


def _reason(problem: dict[str, Any]) -> str:
    kind, words = str(problem.get("type", "")), str(problem.get("detail", "")).lower()
    if "suspended" in words:  # X has no type of its own for it
        return "account_suspended"
    if kind.endswith("/not-authorized-for-resource"):
        return "account_protected"
    return "account_missing" if kind.endswith("/resource-not-found") else "refused"


def _is_repost_of(post: dict[str, Any], post_id: str) -> bool:
    references = [reference for name in REFERENCES for reference in post.get(name) or []]
    return any(r.get("type") == "retweeted" and r.get("id") == post_id for r in references)
