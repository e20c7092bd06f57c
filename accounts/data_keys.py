"""Data keys: each seals one class of one tenant's data, and lies in the database wrapped by a master key outside of it.

Whoever seals asks for the key in use; whoever opens names the key that the stored value names. Opened keys stay in this
process for a minute, so a key destroyed elsewhere stops to open here a minute later at the latest.
"""

import base64
import secrets
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts import audit
from accounts.models import DataClass, DataKey
from core.crashpoints import crashpoint
from core.crypto import decrypt, encrypt, key_id_of
from core.errors import KeyUnavailable, SecretDamaged
from core.resealing import Resealed, next_piece

KEY_BYTES = 32  # AES-256
CACHE_SECONDS = 60.0
CACHED_KEYS = 1024
_opened: dict[str, tuple[float, bytes]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class OpenedKey:
    """A key ready for use; `name` is what stored values call it."""

    name: str
    secret: bytes

    def __repr__(self) -> str:
        return f"OpenedKey({self.name})"


def key_in_use(*, agency_id: int, scope: str, data_class: DataClass = DataClass.CODE) -> OpenedKey:
    """Give the key that seals new values of a scope, and make it at the first use.

    Raises:
        KeyUnavailable: the master key that wraps it is not loaded.
    """
    place = {"agency_id": agency_id, "data_class": data_class, "scope": scope}
    found = DataKey.objects.filter(**place, retired_at__isnull=True).first() or _make(place)
    return OpenedKey(key_name(found), _unwrapped(found))


def secret_named(name: str) -> bytes:
    """Give the key that a stored value names.

    Raises:
        KeyUnavailable: unknown, destroyed, or its master key is not loaded.
    """
    kept = _opened.get(name)
    if kept is not None and kept[0] > time.monotonic():
        return kept[1]
    public_id = _public_id(name)
    key = DataKey.objects.filter(public_id=public_id).first() if public_id else None
    if key is None or key.destroyed_at is not None:
        forget(name)
        raise KeyUnavailable(key_id=name)
    return _unwrapped(key)


def key_name(key: DataKey) -> str:
    """Write a key's public id in the 22 letters by which stored values name it."""
    return base64.urlsafe_b64encode(key.public_id.bytes).decode().rstrip("=")


def forget(name: str) -> None:
    """Drop an opened key from this process."""
    with _lock:
        _opened.pop(name, None)


@transaction.atomic
def replace_key(
    *, agency_id: int, scope: str, now: datetime, actor_id: int | None = None, data_class: DataClass = DataClass.CODE
) -> DataKey:
    """Put a new key in the place of the one in use, which seals nothing more but still opens."""
    place = {"agency_id": agency_id, "data_class": data_class, "scope": scope}
    old = DataKey.objects.select_for_update().filter(**place, retired_at__isnull=True).first()
    if old is not None:
        old.retired_at = now
        old.save(update_fields=["retired_at", "updated_at"])
    made = _make(place)
    audit.record("data_key.replaced", subject=made, actor_id=actor_id, replaces=key_name(old) if old else None)
    return made


@transaction.atomic
def destroy_key(*, key_id: int, reason: str, now: datetime, actor_id: int | None = None) -> DataKey:
    """Make unreadable for ever what a key sealed; a repeat changes nothing."""
    key = DataKey.objects.select_for_update().get(pk=key_id)
    if key.destroyed_at is None:
        key.wrapped, key.destroyed_at, key.retired_at = "", now, key.retired_at or now
        key.save(update_fields=["wrapped", "destroyed_at", "retired_at", "updated_at"])
        audit.record("data_key.destroyed", subject=key, actor_id=actor_id, reason=reason)
    transaction.on_commit(lambda: forget(key_name(key)))
    forget(key_name(key))
    return key


@transaction.atomic
def rewrap_key(*, key_id: int, now: datetime) -> bool:
    """Wrap a data key by the master key of today; tells whether it was wrapped by another one before.

    Raises:
        KeyUnavailable: the master key that wraps it now is not loaded.
    """
    key = DataKey.objects.select_for_update().get(pk=key_id)
    fresh = _wrapped(key, _unwrapped(key)) if key.destroyed_at is None else ""
    if not fresh or key_id_of(key.wrapped) == key_id_of(fresh):
        return False
    old, key.wrapped = key_id_of(key.wrapped), fresh
    key.save(update_fields=["wrapped", "updated_at"])
    audit.record("data_key.rewrapped", subject=key, old=old, new=key_id_of(fresh))
    return True


def reseal_data_keys(*, after: int, now: datetime) -> Resealed:
    """Wrap the next data keys behind a key by the master key of today; one that does not open is left as it is.

    Raises:
        KeyUnavailable: a master key that is still needed is not loaded.
    """
    found, cursor, is_last = next_piece(DataKey.objects.filter(destroyed_at__isnull=True), after=after)
    done = unreadable = 0
    for key in found:
        try:
            done += rewrap_key(key_id=key.pk, now=now)
        except SecretDamaged:
            unreadable += 1
        crashpoint("rotation.after_rows")
    return Resealed(cursor, is_last, done, unreadable)


def _make(place: dict[str, object]) -> DataKey:
    key = DataKey(public_id=uuid.uuid4(), **place)
    key.wrapped = _wrapped(key, secrets.token_bytes(KEY_BYTES))
    try:
        with transaction.atomic():
            key.save(force_insert=True)
    except IntegrityError:  # somebody else made it at the same moment
        return DataKey.objects.get(**place, retired_at__isnull=True)
    return key


def _unwrapped(key: DataKey) -> bytes:
    name = key_name(key)
    secret = base64.b64decode(decrypt(key.wrapped, table="data_key", column="wrapped", row=_place(key)))
    with _lock:
        while len(_opened) >= CACHED_KEYS:
            _opened.pop(next(iter(_opened)))
        _opened[name] = (time.monotonic() + CACHE_SECONDS, secret)
    return secret


def _wrapped(key: DataKey, secret: bytes) -> str:
    return encrypt(base64.b64encode(secret).decode(), table="data_key", column="wrapped", row=_place(key))


def _place(key: DataKey) -> str:
    """Bind a wrapped key to its row and owner, so that it cannot be put into another tenant's row."""
    return f"{key.public_id}|{key.agency_id}|{key.data_class}|{key.scope}"


def _public_id(name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(bytes=base64.urlsafe_b64decode(f"{name}=="))
    except ValueError:
        return None
