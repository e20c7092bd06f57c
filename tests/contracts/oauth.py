"""The authorisation-code flow with PKCE, as LINE Login and X both run it: codes once, verifiers checked."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from tests.contracts.contract import Answer, Call

REQUIRED = ("client_id", "redirect_uri", "state", "scope", "code_challenge")


@dataclass
class AuthorizationCodes:
    """Codes that were given out and not yet exchanged."""

    client_id: str
    waiting: dict[str, dict[str, str]] = field(default_factory=dict)

    def authorize(self, call: Call, *, user_id: str, extra: dict[str, str] | None = None) -> Answer:
        """Consent at once as this user and send the browser back with a code."""
        query = call.query
        missing = [name for name in REQUIRED if not query.get(name)]
        proper = query.get("response_type") == "code" and query.get("code_challenge_method") == "S256"
        if missing or not proper or query["client_id"] != self.client_id:
            return Answer(400, {"error": "invalid_request", "error_description": f"missing: {missing}"})
        code = secrets.token_urlsafe(16)
        self.waiting[code] = {**query, "user_id": user_id}
        back = urlencode({"code": code, "state": query["state"], **(extra or {})})
        return Answer(302, None, {"Location": f"{query['redirect_uri']}?{back}"})

    def redeem(self, call: Call) -> dict[str, str] | None:
        """Give what a code stands for, once, if redirect and verifier are those of its beginning."""
        form = dict(parse_qsl(call.body.decode()))
        begun = self.waiting.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if begun is None or form.get("grant_type") != "authorization_code":
            return None
        is_same = (form.get("client_id"), form.get("redirect_uri")) == (self.client_id, begun["redirect_uri"])
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return {**begun, **form} if is_same and challenge == begun["code_challenge"] else None
