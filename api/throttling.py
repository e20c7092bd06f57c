"""How many requests a key may make: a courtesy to other callers, not a defence of money."""

import time
from typing import TYPE_CHECKING

import structlog
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:  # the framework imports this module while it makes APIView
    from rest_framework.views import APIView

log = structlog.get_logger(__name__)

PERIODS = {"s": 1, "min": 60, "h": 3600}


class KeyThrottle(BaseThrottle):
    """Count the requests of each key in windows of fixed length; an answer's headers say how many are left.

    The cache counts. Where it is away, requests pass: losing it must cost no entry and no redemption.
    """

    def __init__(self) -> None:
        quota, _slash, period = str(api_settings.DEFAULT_THROTTLE_RATES["key"]).partition("/")
        self.quota, self.window_seconds = int(quota), PERIODS[period]
        self.reset_seconds = self.window_seconds

    def allow_request(self, request: Request, view: "APIView") -> bool:
        if request.auth is None:
            return True
        window, elapsed = divmod(int(time.time()), self.window_seconds)
        self.reset_seconds = self.window_seconds - elapsed
        used = self._count(f"api-rate:{request.auth.pk}:{window}")
        request.rate_headers = {  # type: ignore[attr-defined]
            "RateLimit-Policy": f'"key";q={self.quota};w={self.window_seconds}',
            "RateLimit": f'"key";r={max(0, self.quota - used)};t={self.reset_seconds}',
        }
        return used <= self.quota

    def wait(self) -> float:
        return float(self.reset_seconds)

    def _count(self, name: str) -> int:
        try:
            try:
                return cache.incr(name)
            except ValueError:  # the first of its window
                cache.add(name, 0, timeout=self.window_seconds * 2)
                return cache.incr(name)
        except Exception as error:  # noqa: BLE001 each cache has its own errors, and none may stop a request
            log.warning("rate_not_counted", error=type(error).__name__)
            return 0
