"""Who stands before a claim page: the browser's own secret, and what it has proved for one prize a moment ago."""

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from codes.holders import Holder
from codes.models import Award

COOKIE = "holder"
SALT, PROOF_SALT = "portal.holder", "portal.proof"
MAX_AGE_SECONDS = 400 * 24 * 3600  # the longest that browsers keep one
PROOF_SECONDS = 900


@dataclass(frozen=True)
class Proof:
    """What a browser has shown for one award: the LINE account it logged in with, or that it knows the PIN."""

    identity_id: int | None = None
    knows_pin: bool = False


def holder_of(request: HttpRequest, award: Award, *, pin: str = "") -> Holder:
    """Say what this browser can show for an award."""
    proof = _proof(request, award)
    return Holder(device=_device(request), identity_id=proof.identity_id, pin=pin, knows_pin=proof.knows_pin)


def with_device(request: HttpRequest, award: Award, *, pin: str = "") -> tuple[Holder, str]:
    """As `holder_of`, with a secret for a browser that has none yet; `keep_device` gives it to the browser."""
    device = _device(request) or secrets.token_urlsafe(24)
    known = holder_of(request, award, pin=pin)
    return Holder(device=device, identity_id=known.identity_id, pin=pin, knows_pin=known.knows_pin), device


def keep_device(response: HttpResponse, device: str) -> HttpResponse:
    """Leave a browser its secret: signed, out of the reach of scripts, for our own host only."""
    return _set(response, COOKIE, signing.dumps(device, salt=SALT), MAX_AGE_SECONDS)


def keep_proof(response: HttpResponse, award: Award, proof: Proof) -> HttpResponse:
    """Note for a quarter of an hour what the browser has shown for an award; the desk's freeing of it ends that."""
    kept = [_mark(award), proof.identity_id, proof.knows_pin]
    return _set(response, _proof_name(award), signing.dumps(kept, salt=PROOF_SALT), PROOF_SECONDS)


def _proof(request: HttpRequest, award: Award) -> Proof:
    try:
        cookie = request.COOKIES.get(_prefixed(_proof_name(award)), "")
        mark, identity_id, knows_pin = signing.loads(cookie, salt=PROOF_SALT, max_age=PROOF_SECONDS)
    except (signing.BadSignature, TypeError, ValueError):
        return Proof()
    return Proof(identity_id, knows_pin) if mark == _mark(award) else Proof()


def _mark(award: Award) -> list[str]:
    """Name the award and how it is bound: a proof for what was bound otherwise is none."""
    return [award.public_id.hex, signing.Signer(salt=PROOF_SALT).signature(award.pin_hash)[:12]]


def _device(request: HttpRequest) -> str:
    try:
        return str(signing.loads(request.COOKIES.get(_prefixed(COOKIE), ""), salt=SALT, max_age=MAX_AGE_SECONDS))
    except signing.BadSignature:
        return ""


def _proof_name(award: Award) -> str:
    return f"proof-{award.public_id.hex[:8]}"


def _set(response: HttpResponse, name: str, value: str, seconds: int) -> HttpResponse:
    response.set_cookie(
        _prefixed(name), value, max_age=seconds, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )
    return response


def _prefixed(name: str) -> str:
    return f"__Host-{name}" if settings.SESSION_COOKIE_SECURE else name
