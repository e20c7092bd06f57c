"""From a presented key to the agency it acts for."""

from datetime import datetime, timedelta

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.models import ApiKey
from accounts.selectors import live_api_key
from accounts.services import touch_api_key
from api.errors import KeyInQuery
from core import clock

KEY_PREFIX = "mzk_"
USE_IS_NOTED_EVERY = timedelta(minutes=1)


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer mzk_…`; nobody logs in, so there is a key and no user."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        """Find the key; without one, permissions answer.

        Raises:
            KeyInQuery: a key stands in the address.
            KeyNotAccepted: unknown, revoked, expired, or from an address that is not listed.
        """
        if any(KEY_PREFIX in value for values in request.query_params.lists() for value in values[1]):
            raise KeyInQuery
        scheme, _space, presented = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not presented.strip():
            return None
        now = clock.now()
        presented = presented.strip()
        key = live_api_key(presented=presented, address=BaseThrottle().get_ident(request) or "", now=now)
        _note_use(key, presented, now)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _note_use(key: ApiKey, presented: str, now: datetime) -> None:
    if key.last_used_at is None or now - key.last_used_at >= USE_IS_NOTED_EVERY:
        touch_api_key(api_key_id=key.pk, presented=presented, now=now)
