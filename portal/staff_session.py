"""Who stands at the till: a store's staff, signed in for one shift by a signed cookie."""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from campaigns.models import Store

COOKIE = "staff"
SALT = "portal.staff"
SHIFT_SECONDS = 12 * 3600


def store_of(request: HttpRequest) -> Store | None:
    """Give the store that is signed in; a changed PIN or a closed store ends the shift at once."""
    try:
        public_id, pin_mark = signing.loads(request.COOKIES.get(_name(), ""), salt=SALT, max_age=SHIFT_SECONDS)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    store = Store.objects.filter(public_id=public_id, is_active=True).first()
    return store if store and _pin_mark(store) == pin_mark else None


def sign_in(response: HttpResponse, store: Store) -> HttpResponse:
    """Begin a shift."""
    response.set_cookie(
        _name(),
        signing.dumps([str(store.public_id), _pin_mark(store)], salt=SALT),
        max_age=SHIFT_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
    return response


def sign_out(response: HttpResponse) -> HttpResponse:
    """End the shift."""
    response.delete_cookie(_name())
    return response


def _pin_mark(store: Store) -> str:
    """Six characters that change with the PIN; nothing of the hash itself leaves."""
    return signing.Signer(salt=SALT).signature(store.staff_pin_hash)[:6]


def _name() -> str:
    return f"__Host-{COOKIE}" if settings.SESSION_COOKIE_SECURE else COOKIE
