"""Who stands at the till: a store's staff, signed in for one shift by a signed cookie."""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from campaigns.models import Store

COOKIE = "staff"
PLACE_COOKIE = "staff-place"
SALT = "portal.staff"
PLACE_SALT = "portal.staff.place"
SHIFT_SECONDS = 12 * 3600
PLACE_SECONDS = 400 * 86_400  # as long as browsers keep a cookie


@dataclass(frozen=True)
class Place:
    """Where a phone belongs, as it was told by an agency's address or the last shift; it opens nothing by itself."""

    agency: str = ""  # its short name
    number: str = ""


def place_of(request: HttpRequest) -> Place:
    """Give what the phone remembers."""
    try:
        kept = signing.loads(request.COOKIES.get(_name(PLACE_COOKIE), ""), salt=PLACE_SALT, max_age=PLACE_SECONDS)
        agency, number = kept
    except (signing.BadSignature, TypeError, ValueError):
        return Place()
    return Place(agency, number)


def remember_place(response: HttpResponse, place: Place) -> HttpResponse:
    """Have the phone remember its agency and store number over the end of the shift."""
    kept = signing.dumps([place.agency, place.number[:20]], salt=PLACE_SALT)
    _keep(response, PLACE_COOKIE, kept, PLACE_SECONDS)
    return response


def store_of(request: HttpRequest) -> Store | None:
    """Give the store that is signed in; a changed PIN or a closed store ends the shift at once."""
    try:
        public_id, pin_mark = signing.loads(request.COOKIES.get(_name(COOKIE), ""), salt=SALT, max_age=SHIFT_SECONDS)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    store = Store.objects.filter(public_id=public_id, is_active=True).first()
    return store if store and _pin_mark(store) == pin_mark else None


def sign_in(response: HttpResponse, store: Store) -> HttpResponse:
    """Begin a shift."""
    _keep(response, COOKIE, signing.dumps([str(store.public_id), _pin_mark(store)], salt=SALT), SHIFT_SECONDS)
    return response


def sign_out(response: HttpResponse) -> HttpResponse:
    """End the shift."""
    response.delete_cookie(_name(COOKIE))
    return response


def _pin_mark(store: Store) -> str:
    """Six characters that change with the PIN; nothing of the hash itself leaves."""
    return signing.Signer(salt=SALT).signature(store.staff_pin_hash)[:6]


def _keep(response: HttpResponse, cookie: str, content: str, seconds: int) -> None:
    response.set_cookie(
        _name(cookie),
        content,
        max_age=seconds,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _name(cookie: str) -> str:
    return f"__Host-{cookie}" if settings.SESSION_COOKIE_SECURE else cookie
