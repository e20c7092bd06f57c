"""What a login at LINE or X has to come back with, kept in the browser by a short signed cookie."""

import secrets
from dataclasses import asdict, dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.clients.pkce import new_code_verifier
from participants.models import Entry

SALT = "portal.login"
LOGIN_SECONDS = 900


@dataclass(frozen=True)
class LoginAttempt:
    """One login in one browser: the entry (or the award) it is for, and the secrets that tie question and answer."""

    entry: str
    state: str
    nonce: str
    code_verifier: str
    award: str = ""


def begin(entry_public_id: str, *, award_public_id: str = "") -> LoginAttempt:
    """Make the secrets of a login."""
    return LoginAttempt(
        entry=entry_public_id,
        award=award_public_id,
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        code_verifier=new_code_verifier(),
    )


def keep(response: HttpResponse, provider: str, attempt: LoginAttempt) -> HttpResponse:
    """Keep a login's secrets in the browser that began it."""
    response.set_cookie(
        f"login-{provider}",
        signing.dumps(asdict(attempt), salt=f"{SALT}.{provider}"),
        max_age=LOGIN_SECONDS,
        path=f"/{provider}/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def come_back(request: HttpRequest, provider: str) -> LoginAttempt | None:
    """Give the login that this answer belongs to; None if this browser began no such login."""
    try:
        kept = signing.loads(
            request.COOKIES.get(f"login-{provider}", ""),
            salt=f"{SALT}.{provider}",
            max_age=LOGIN_SECONDS,
        )
        attempt = LoginAttempt(**kept)
    except (signing.BadSignature, TypeError):
        return None
    given = request.GET.get("state", "")
    return attempt if secrets.compare_digest(given.encode(), attempt.state.encode()) else None


def forget(response: HttpResponse, provider: str) -> HttpResponse:
    """Drop the secrets: a login comes back once."""
    response.delete_cookie(f"login-{provider}", path=f"/{provider}/")
    return response


def login_failed(
    request: HttpRequest, entry: Entry | None, *, provider: str, status: int, prize: str = ""
) -> HttpResponse:
    """Say that a login did not succeed, with the way back to the entry, or to the prize's address, it was for."""
    context = {"entry": entry, "provider": provider, "prize_url": prize}
    return render(request, "portal/errors/login.html", context, status=status)
