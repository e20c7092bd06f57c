"""A LINE that remembers: friends, blocks, retry keys, the month's quota, logins."""

import hashlib
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from tests.contracts.contract import Answer, Call, Contract
from tests.contracts.oauth import AuthorizationCodes
from tests.contracts.server import FakeVendor

RETRY_KEYS_KEPT = timedelta(hours=24)
RATE = "The API rate limit has been exceeded. Try again later."
MONTHLY_LIMIT = "You have reached your monthly limit."


@dataclass(frozen=True)
class AcceptedPush:
    """A push that LINE took; a repeat of its key within a day is answered from here."""

    body_hash: str
    request_id: str
    sent: list[dict[str, str]]
    at: datetime


class LineServer(FakeVendor):
    """Messaging API and LINE Login of one provider, on one address."""

    contract_paths = "/v2/bot/"

    def __init__(self) -> None:
        super().__init__()
        self.contract = Contract("line/strict/messaging-api.strict.yml", beyond=frozenset({401, 404, 500}))
        self.access_token = "channel-access-token"
        self.channel_id = "1650000000"
        self.channel_secret = "8c570fa6dd201bb328f1c1eac23a96d8"
        self.friends: set[str] = set()
        self.blocked: set[str] = set()
        self.inbox: dict[str, list[dict[str, Any]]] = {}
        self.monthly_limit: int | None = None
        self.used = 0
        self.rate_limited_calls = 0
        self.flooded: set[str] = set()  # users who got too many messages of late
        self.is_forbidden = False
        self.now = datetime.now(UTC)
        self.person = ""  # who sits before the browser and consents
        self.user_tokens: dict[str, str] = {}
        self.signing_key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256", "kid": "line-1"})
        self._accepted: dict[str, AcceptedPush] = {}
        self._codes = AuthorizationCodes(self.channel_id)
        self.route("POST", "/v2/bot/message/push", self._push)
        self.route("GET", "/v2/bot/message/quota", self._quota)
        self.route("GET", "/v2/bot/message/quota/consumption", lambda _: Answer(200, {"totalUsage": self.used}))
        self.route("GET", "/oauth2/v2.1/authorize", self._authorize)
        self.route("POST", "/oauth2/v2.1/token", self._token)
        self.route("GET", "/oauth2/v2.1/certs", self._certs)
        self.route("GET", "/friendship/v1/status", self._friendship)

    def id_token(self, user_id: str, *, algorithm: str = "HS256", key: Any = None, **claims: Any) -> str:
        """Sign an id token as LINE does, or wrongly on purpose by overriding claims or key."""
        at = int(self.now.timestamp())
        proper = {"iss": "https://access.line.me", "sub": user_id, "aud": self.channel_id, "exp": at + 3600, "iat": at}
        everything = {name: value for name, value in {**proper, **claims}.items() if value is not None}
        if algorithm == "HS256":
            return jwt.encode({"alg": algorithm}, everything, key or OctKey.import_key(self.channel_secret))
        return jwt.encode({"alg": algorithm, "kid": "line-1"}, everything, key or self.signing_key)

    def _push(self, call: Call) -> Answer:
        refusal = self._account_refusal(call)
        if refusal is not None:
            return refusal
        retry_key, body = call.headers.get("X-Line-Retry-Key", ""), call.json
        earlier = self._accepted.get(retry_key)
        if earlier and self.now - earlier.at < RETRY_KEYS_KEPT:
            return self._conflict(earlier, call)
        refusal = self._recipient_refusal(body["to"], len(body["messages"]))
        return refusal or self._accept(retry_key, call, body)

    def _account_refusal(self, call: Call) -> Answer | None:
        if call.bearer != self.access_token:
            return _error(401, "Authentication failed. Confirm that the access token is valid.")
        if self.is_forbidden:
            return _error(403, "Access to this API is not available for your account")
        if self.rate_limited_calls:
            self.rate_limited_calls -= 1
            return _error(429, RATE)
        return None

    def _recipient_refusal(self, to: str, count: int) -> Answer | None:
        if to not in self.friends | self.blocked:
            return _error(400, "Failed to send messages")
        if to in self.flooded:
            return _error(429, "You have sent too many messages to this user.")
        if self.monthly_limit is not None and self.used + 1 > self.monthly_limit:
            return _error(429, MONTHLY_LIMIT)
        return None

    def _accept(self, retry_key: str, call: Call, body: dict[str, Any]) -> Answer:
        request_id = str(uuid.uuid4())
        sent = [{"id": str(uuid.uuid4().int)[:18], "quoteToken": uuid.uuid4().hex} for _ in body["messages"]]
        if retry_key:
            self._accepted[retry_key] = AcceptedPush(_hash(call), request_id, sent, self.now)
        if body["to"] in self.friends:  # one who blocks the account is answered alike, gets nothing, is not billed
            self.inbox.setdefault(body["to"], []).extend(body["messages"])
            self.used += 1
        return Answer(200, {"sentMessages": sent}, {"x-line-request-id": request_id})

    def _conflict(self, earlier: AcceptedPush, call: Call) -> Answer:
        if earlier.body_hash != _hash(call):
            self.violations.append("call: a retry key was used again with another body")
        headers = {"x-line-request-id": str(uuid.uuid4()), "x-line-accepted-request-id": earlier.request_id}
        return Answer(409, {"message": "The retry key is already accepted", "sentMessages": earlier.sent}, headers)

    def _quota(self, _: Call) -> Answer:
        limited = {"type": "limited", "value": self.monthly_limit}
        return Answer(200, {"type": "none"} if self.monthly_limit is None else limited)

    def _authorize(self, call: Call) -> Answer:
        if not self.person:
            told = urlencode({"error": "access_denied", "state": call.query["state"]})
            return Answer(302, None, {"Location": f"{call.query['redirect_uri']}?{told}"})
        if call.query.get("bot_prompt") == "aggressive":
            self.friends.add(self.person)
        return self._codes.authorize(call, user_id=self.person, extra={"friendship_status_changed": "true"})

    def _token(self, call: Call) -> Answer:
        begun = self._codes.redeem(call)
        if begun is None or begun.get("client_secret") != self.channel_secret:
            return Answer(400, {"error": "invalid_grant", "error_description": "invalid authorization code"})
        token = f"user-{uuid.uuid4().hex}"
        self.user_tokens[token] = begun["user_id"]
        id_token = self.id_token(begun["user_id"], nonce=begun.get("nonce"), name="水引 花子")
        return Answer(
            200, {"access_token": token, "expires_in": 2592000, "id_token": id_token, "scope": "profile openid"}
        )

    def _certs(self, _: Call) -> Answer:
        return Answer(200, {"keys": [self.signing_key.as_dict(private=False)]})

    def _friendship(self, call: Call) -> Answer:
        user_id = self.user_tokens.get(call.bearer)
        if user_id is None:
            return Answer(401, {"error": "invalid_request", "error_description": "The access token expired"})
        return Answer(200, {"friendFlag": user_id in self.friends and user_id not in self.blocked})


def _error(status: int, message: str) -> Answer:
    return Answer(status, {"message": message}, {"x-line-request-id": f"req-{time.monotonic_ns()}"})


def _hash(call: Call) -> str:
    return hashlib.sha256(call.body).hexdigest()
