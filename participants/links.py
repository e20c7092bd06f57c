"""Signed links by which a person comes back: to go on with an entry, to confirm a contact."""

from django.conf import settings
from django.core import signing

from participants.errors import LinkNotAccepted
from participants.models import Entry, Identity

RESUME_SALT = "participants.resume"
VERIFY_SALT = "participants.verify"
RESUME_SECONDS = 90 * 24 * 3600
VERIFY_SECONDS = 3 * 24 * 3600


def resume_token(entry: Entry) -> str:
    """Sign the right to go on with an entry on any device."""
    return signing.dumps([str(entry.public_id)], salt=RESUME_SALT)


def resume_url(entry: Entry) -> str:
    """Give the link that continues an entry on any device."""
    return f"{settings.PUBLIC_URL}/resume/{resume_token(entry)}/"


def entry_by_resume_token(token: str) -> Entry:
    """Find the entry of a resume link.

    Raises:
        LinkNotAccepted: altered, older than 90 days, or the entry is gone.
    """
    (public_id,) = _load(token, salt=RESUME_SALT, max_age=RESUME_SECONDS)
    entry = Entry.objects.select_related("campaign", "participant").filter(public_id=public_id).first()
    if entry is None:
        raise LinkNotAccepted
    return entry


def verify_url(identity: Identity, entry: Entry) -> str:
    """Give the link that confirms a contact."""
    token = signing.dumps([str(identity.public_id), str(entry.public_id)], salt=VERIFY_SALT)
    return f"{settings.PUBLIC_URL}/verify/{token}/"


def identity_by_verify_token(token: str) -> tuple[Identity, Entry]:
    """Find the contact and the entry of a confirmation link.

    Raises:
        LinkNotAccepted: altered, older than three days, or gone.
    """
    identity_id, entry_id = _load(token, salt=VERIFY_SALT, max_age=VERIFY_SECONDS)
    identity = Identity.objects.select_related("participant").filter(public_id=identity_id).first()
    entry = Entry.objects.select_related("campaign", "participant").filter(public_id=entry_id).first()
    if identity is None or entry is None:
        raise LinkNotAccepted
    return identity, entry


def _load(token: str, *, salt: str, max_age: int) -> list[str]:
    try:
        ids: list[str] = signing.loads(token, salt=salt, max_age=max_age)
    except signing.BadSignature as error:
        raise LinkNotAccepted from error
    return ids
