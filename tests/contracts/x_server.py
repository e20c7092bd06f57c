"""An X that remembers: accounts, follows, reposts, logins."""

import base64
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.contracts.contract import Answer, Call, Contract
from tests.contracts.oauth import AuthorizationCodes
from tests.contracts.server import FakeVendor

PROBLEMS = "https://api.x.com/2/problems/"
PAGE = 100


@dataclass
class XAccount:
    """One account and what it did."""

    id: str
    username: str
    is_protected: bool = False
    is_suspended: bool = False
    follows: set[str] = field(default_factory=set)
    asked_to_follow: set[str] = field(default_factory=set)
    reposts: list[tuple[str, datetime]] = field(default_factory=list)


class XServer(FakeVendor):
    """API and login page of X on one address; `generation` picks the names it knows."""

    contract_paths = "/2/users"

    def __init__(self) -> None:
        super().__init__()
        self.contract = Contract("x/openapi.reduced.json", beyond=frozenset({500}))
        self.generation = "post"
        self.client_id, self.client_secret = "x-client", "x-secret"
        self.accounts: dict[str, XAccount] = {}
        self.tokens: dict[str, str] = {}
        self.person = ""
        self.rate_limit_resets_at: int | None = None  # unix seconds; the limit is reached while set
        self._codes = AuthorizationCodes(self.client_id)
        self.route("GET", "/i/oauth2/authorize", lambda call: self._codes.authorize(call, user_id=self.person))
        self.route("POST", "/2/oauth2/token", self._token)
        self.route("GET", "/2/users/me", self._me)
        self.route("GET", r"/2/users/\d+", self._user)
        self.route("GET", r"/2/users/\d+/tweets", self._timeline)

    def add(self, account: XAccount) -> XAccount:
        """Let an account exist."""
        self.accounts[account.id] = account
        return account

    def log_in(self, user_id: str) -> str:
        """Give an access token of this user, as a finished login does."""
        token = f"x-{uuid.uuid4().hex}"
        self.tokens[token] = user_id
        return token

    def refuse_call(self, problem: str) -> Answer:
        """Answer as X does: a problem document."""
        return _problem(400, "invalid-request", problem)

    def _token(self, call: Call) -> Answer:
        basic = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        begun = self._codes.redeem(call)
        if begun is None or call.headers.get("Authorization") != f"Basic {basic}":
            return Answer(400, {"error": "invalid_request", "error_description": "Value passed was invalid."})
        token = self.log_in(begun["user_id"])
        return Answer(200, {"token_type": "bearer", "expires_in": 7200, "access_token": token})

    def _me(self, call: Call) -> Answer:
        return self._refusal(call) or Answer(200, {"data": _public(self.accounts[self.tokens[call.bearer]])})

    def _user(self, call: Call) -> Answer:
        if refusal := self._refusal(call):
            return refusal
        viewer, target = self.accounts[self.tokens[call.bearer]], self.accounts.get(call.path.rpartition("/")[2])
        if target is None:
            return Answer(200, {"errors": [_hidden("resource-not-found", "Could not find user.")]})
        if target.is_suspended:
            return Answer(200, {"errors": [_hidden("resource-not-found", "User has been suspended: [x].")]})
        status = ["following"] if target.id in viewer.follows else []
        status += ["follow_request_sent"] if target.id in viewer.asked_to_follow else []
        return Answer(200, {"data": {**_public(target), **({"connection_status": status} if status else {})}})

    def _timeline(self, call: Call) -> Answer:
        if refusal := self._refusal(call):
            return refusal
        owner = self.accounts[call.path.split("/")[3]]
        if owner.is_protected and self.tokens[call.bearer] != owner.id:
            return Answer(200, {"errors": [_hidden("not-authorized-for-resource", "Sorry, you cannot see this.")]})
        since = datetime.fromisoformat(call.query["start_time"])
        posts = [self._post(call, i, *repost) for i, repost in enumerate(owner.reposts) if repost[1] >= since]
        begin = int(call.query.get("pagination_token", "0"))
        page = posts[begin : begin + PAGE]
        meta: dict[str, Any] = {"result_count": len(page)}
        if begin + PAGE < len(posts):
            meta["next_token"] = str(begin + PAGE)
        return Answer(200, {"data": page, "meta": meta} if page else {"meta": meta})

    def _post(self, call: Call, number: int, post_id: str, at: datetime) -> dict[str, Any]:
        post = {"id": str(9_000_000 + number), "text": "RT", "created_at": at.strftime("%Y-%m-%dT%H:%M:%S.000Z")}
        names = {"post": ("expansions", "referenced_posts"), "tweet": ("tweet.fields", "referenced_tweets")}
        parameter, name = names[self.generation]
        is_asked = name in call.query.get(parameter, "").split(",")
        return {**post, name: [{"type": "retweeted", "id": post_id}]} if is_asked else post

    def _refusal(self, call: Call) -> Answer | None:
        if call.bearer not in self.tokens:
            return _problem(401, "", "Unauthorized")
        if self.rate_limit_resets_at is not None:
            headers = {"x-rate-limit-limit": "900", "x-rate-limit-remaining": "0"}
            return Answer(
                429,
                {"code": 88, "message": "Too Many"},
                {**headers, "x-rate-limit-reset": str(self.rate_limit_resets_at)},
            )
        if self.accounts[self.tokens[call.bearer]].is_suspended:
            return _problem(403, "disallowed-resource", "Your account is suspended and is not permitted to do this.")
        return None


def _public(account: XAccount) -> dict[str, Any]:
    return {"id": account.id, "username": account.username, "name": "名前", "protected": account.is_protected}


def _hidden(kind: str, detail: str) -> dict[str, Any]:
    return {"type": PROBLEMS + kind, "title": "Hidden", "detail": detail, "resource_type": "user"}


def _problem(status: int, kind: str, detail: str) -> Answer:
    if not kind:
        return Answer(status, {"code": 32, "message": detail})
    body = {"type": PROBLEMS + kind, "title": "Refused", "detail": detail, "status": status}
    return Answer(status, body, {"Content-Type": "application/problem+json"})
