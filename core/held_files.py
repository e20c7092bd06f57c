"""A file between its check and its import: sealed in the file store, gone after use or after a day."""

import uuid
from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from core.crypto import decrypt_bytes, encrypt_bytes

FOLDER = "held"
KEPT = timedelta(days=1)


def hold(data: bytes) -> str:
    """Seal and keep a file; returns the ticket by which it is taken back."""
    _drop_old()
    ticket = uuid.uuid4().hex
    sealed = encrypt_bytes(data, table="held_file", column="data", row=ticket)
    default_storage.save(f"{FOLDER}/{ticket}", ContentFile(sealed))
    return ticket


def look_into(ticket: str) -> bytes | None:
    """Open a held file; None when the ticket is wrong or the day is over."""
    name = _name(ticket)
    if name is None or not default_storage.exists(name):
        return None
    with default_storage.open(name) as file:
        return decrypt_bytes(file.read(), table="held_file", column="data", row=ticket)


def let_go(ticket: str) -> None:
    """Delete a held file."""
    if name := _name(ticket):
        default_storage.delete(name)


def _name(ticket: str) -> str | None:
    is_ticket = len(ticket) == 32 and ticket.isascii() and ticket.isalnum()
    return f"{FOLDER}/{ticket}" if is_ticket else None


def _drop_old() -> None:
    if not default_storage.exists(FOLDER):
        return
    oldest = timezone.now() - KEPT
    for name in default_storage.listdir(FOLDER)[1]:
        if default_storage.get_modified_time(f"{FOLDER}/{name}") < oldest:
            default_storage.delete(f"{FOLDER}/{name}")
