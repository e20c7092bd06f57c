"""LINE Login v2.1 and LIFF: who somebody is, and whether they are a friend of the official account.

A thin client of our own: the SDK does not cover these calls. Nothing that a browser says about a user is believed; an
id token is checked here with the algorithm that our own flow implies, never the one its header names (T24).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from core.clients.http import outbound_session, retry_after_seconds
from core.clients.pkce import code_challenge

ISSUER = "https://access.line.me"  # LINE's name for itself, whatever host we talk to
KEYS_KEPT = timedelta(hours=1)
KEYS_ASKED_AGAIN = timedelta(minutes=1)  # an unknown key id may trigger a new fetch this often
CLOCK_LEEWAY_SECONDS = 60

_public_keys: dict[str, tuple[datetime, KeySet]] = {}  # by API base; the same for all channels


class LineLoginRefused(Exception):
    """LINE, or our own check, says no; `reason` is a machine word and holds nothing of the person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LineLoginUnavailable(Exception):
    """LINE did not answer, or asks to wait."""

    def __init__(self, after_seconds: int | None = None) -> None:
        super().__init__("LINE Login is unavailable")
        self.retry_after_seconds = after_seconds


@dataclass(frozen=True, kw_only=True)
class LineTokens:
    """What a login code is exchanged for; drop the access token once the friend check is done."""

    access_token: str = field(repr=False)
    id_token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class LineIdentity:
    """A checked identity; the user id means something only together with the provider of the channel."""

    user_id: str = field(repr=False)
    name: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class LineLogin:
    """One LINE Login channel; `login_base` shows pages to people, `api_base` answers servers."""

    channel_id: str
    channel_secret: str = field(repr=False)
    login_base: str
    api_base: str

    def authorize_url(
        self,
        *,
        redirect_uri: str,
        state: str,
        nonce: str,
        code_verifier: str,
        bot_prompt: Literal["normal", "aggressive"] | None = None,
    ) -> str:
        """Give the address to send the person to.

        `bot_prompt` offers to add the official account: "normal" as a box to tick, "aggressive" as a screen.
        """
        query = {
            "response_type": "code",
            "client_id": self.channel_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "scope": "profile openid",
            "nonce": nonce,
            "code_challenge": code_challenge(code_verifier),
            "code_challenge_method": "S256",
        }
        if bot_prompt:
            query["bot_prompt"] = bot_prompt
        return f"{self.login_base}/oauth2/v2.1/authorize?{urlencode(query)}"

    def exchange_code(self, *, code: str, redirect_uri: str, code_verifier: str) -> LineTokens:
        """Exchange the code of the callback, once.

        Raises:
            LineLoginRefused: code used, expired, or not ours.
            LineLoginUnavailable: no usable answer; the person starts the login again.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self.channel_id,
            "client_secret": self.channel_secret,
            "code_verifier": code_verifier,
        }
        answer = self._call("POST", "/oauth2/v2.1/token", data=form)
        return LineTokens(access_token=_text(answer, "access_token"), id_token=_text(answer, "id_token"))

    def verify_id_token(
        self, id_token: str, *, now: datetime, nonce: str | None, issued_to: Literal["web", "liff"] = "web"
    ) -> LineIdentity:
        """Check an id token by ourselves: signature, issuer, channel, expiry, nonce.

        Web logins are signed with the channel secret and carry the nonce of this browser's login; tokens of LIFF
        pages are signed with LINE's own key, and only they may come without a nonce.

        Raises:
            LineLoginRefused: the token is not what it should be.
            LineLoginUnavailable: LINE's public keys could not be fetched.
        """
        if issued_to == "web" and not nonce:
            raise LineLoginRefused("nonce_missing")
        try:
            if issued_to == "web":
                token = jwt.decode(id_token, OctKey.import_key(self.channel_secret), algorithms=["HS256"])
            else:
                token = self._decode_with_public_keys(id_token, now)
            self._claims(now, nonce).validate(token.claims)
        except (JoseError, ValueError, TypeError) as error:
            raise LineLoginRefused(getattr(error, "error", "") or "token_malformed") from None
        return LineIdentity(user_id=str(token.claims["sub"]), name=str(token.claims.get("name", "")))

    def friendship(self, access_token: str) -> bool:
        """Tell whether the person is, at this moment, a friend of the linked account and does not block it.

        Raises:
            LineLoginRefused: the person's token has expired or was revoked.
            LineLoginUnavailable: no usable answer; says nothing about friendship.
        """
        headers = {"Authorization": f"Bearer {access_token}"}
        flag = self._call("GET", "/friendship/v1/status", headers=headers).get("friendFlag")
        if not isinstance(flag, bool):
            raise LineLoginUnavailable
        return flag

    def _claims(self, now: datetime, nonce: str | None) -> jwt.JWTClaimsRegistry:
        expected: dict[str, Any] = {
            "iss": {"essential": True, "value": ISSUER},
            "aud": {"essential": True, "value": self.channel_id},
            "exp": {"essential": True},
            "sub": {"essential": True, "allow_blank": False},
        }
        if nonce:
            expected["nonce"] = {"essential": True, "value": nonce}
        return jwt.JWTClaimsRegistry(now=int(now.timestamp()), leeway=CLOCK_LEEWAY_SECONDS, **expected)

    def _decode_with_public_keys(self, id_token: str, now: datetime) -> jwt.Token:
        fetched_at, keys = _public_keys.get(self.api_base) or self._fetch_keys(now)
        if now - fetched_at > KEYS_KEPT:
            fetched_at, keys = self._fetch_keys(now)
        try:
            return jwt.decode(id_token, keys, algorithms=["ES256"])
        except (JoseError, ValueError):
            if now - fetched_at < KEYS_ASKED_AGAIN:
                raise
        _, keys = self._fetch_keys(now)  # LINE may have changed its key within the hour
        return jwt.decode(id_token, keys, algorithms=["ES256"])

    def _fetch_keys(self, now: datetime) -> tuple[datetime, KeySet]:
        answer: Any = self._call("GET", "/oauth2/v2.1/certs")
        try:
            _public_keys[self.api_base] = (now, KeySet.import_key_set(answer))
        except (JoseError, ValueError, KeyError, TypeError):
            raise LineLoginUnavailable from None
        return _public_keys[self.api_base]

    def _call(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        with outbound_session(read_retries=1) as session:
            try:
                answer = session.request(method, self.api_base + path, **kwargs)
                found = answer.json()
            except requests.RequestException:  # also an answer that is not JSON
                raise LineLoginUnavailable from None
        if answer.status_code == 429 or answer.status_code >= 500:
            raise LineLoginUnavailable(retry_after_seconds(answer.headers.get("Retry-After")))
        if not answer.ok or not isinstance(found, dict):
            raise LineLoginRefused(str(found.get("error", "refused"))[:60] if isinstance(found, dict) else "refused")
        return found


def _text(answer: dict[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise LineLoginRefused(f"{name}_missing")
    return value
