"""Budgets for guessing: by entry, by browser and by network, never by address alone (carriers share addresses)."""

import hashlib
import ipaddress
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest

from campaigns.models import Store
from codes.services import Guesser
from eligibility.services import spend_attempt
from portal.session import visitor_of

WINDOW_SECONDS = 600
NETWORK_FACTOR = 20  # people behind one carrier's address


def spend_guess(request: HttpRequest, what: str, *, limit: int, now: datetime, subject: str = "") -> None:
    """Count one try of a browser, of its network, and of a subject (an entry, a store) if one is named.

    Raises:
        TooManyAttempts: one of the budgets is used up for the next minutes.
    """
    scopes = {
        f"{what}:device:{visitor_of(request).device}": limit,
        f"{what}:net:{client_network(request)}": limit * NETWORK_FACTOR,
    }
    if subject:
        scopes[f"{what}:subject:{short(subject)}"] = limit
    for scope, allowed in scopes.items():
        spend_attempt(scope=scope[:80], limit=allowed, window_seconds=WINDOW_SECONDS, now=now)


def staff_of(store: Store) -> Guesser:
    """Name who tries codes on a store's staff page: a phone's cookie can be thrown away, the store cannot."""
    return Guesser(store.agency_id, f"staff:{store.pk}")


def client_network(request: HttpRequest) -> str:
    """Give the caller's network: /24 of IPv4, /64 of IPv6; behind proxies, as the last trusted one saw it."""
    proxies = int(str(settings.REST_FRAMEWORK["NUM_PROXIES"]))
    seen = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    address = seen[-proxies] if proxies and len(seen) >= proxies else request.META.get("REMOTE_ADDR", "")
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    length = 24 if parsed.version == 4 else 64
    return str(ipaddress.ip_network(f"{parsed}/{length}", strict=False))


def short(subject: str) -> str:
    """Shorten what a budget is about, so that no contact or number stands in its name."""
    return hashlib.sha256(subject.encode()).hexdigest()[:32]
