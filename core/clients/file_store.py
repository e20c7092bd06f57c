"""Files in Django's file store, of which nothing counts before it was read back: a local folder or S3."""

import hashlib
import os
import sys
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import SuspiciousOperation
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage

from core.crashpoints import crashpoint


class NotStored(Exception):
    """The store did not keep the file as it was given; its own words stay in `__cause__`."""


class StoreAway(Exception):
    """The store does not answer, so that nobody knows whether a file is there; its own words stay in `__cause__`."""


def store_verified(storage: Storage, *, name: str, temporary: str, data: bytes) -> str:
    """Write under a temporary name, read back, compare size and SHA-256, and only then give the file its name.

    A process that dies on the way leaves a file that nothing refers to, under either name.

    Raises:
        NotStored: the store failed, or gives back something else; nothing is left behind where it can be helped.
    """
    written = temporary
    try:
        written = storage.save(temporary, ContentFile(data))
        _flush(storage, written)
        _compare(storage, written, data)
        crashpoint("files.before_move")
        _move(storage, written, name, data)
        crashpoint("files.after_move")
    except NotStored:
        discard(storage, written)
        raise
    except _failures() as error:
        discard(storage, written)
        raise NotStored(type(error).__name__) from error
    return name


def read_stored(storage: Storage, name: str) -> bytes:
    """Give the bytes of a file.

    Raises:
        FileNotFoundError: there is no such file (any more).
        StoreAway: the store does not answer.
    """
    try:
        with storage.open(name) as file:
            return bytes(file.read())
    except FileNotFoundError:
        raise
    except _failures() as error:
        if _is_known_gone(storage, name):  # S3 has words of its own for a file that goes while it is read
            raise FileNotFoundError(name) from error
        raise StoreAway(type(error).__name__) from error


def _is_known_gone(storage: Storage, name: str) -> bool:
    with suppress(*_failures()):
        return not storage.exists(name)
    return False


def _failures() -> tuple[type[Exception], ...]:
    """What stores raise; the SDK costs 30 MB, and where nobody has loaded it nobody raises its errors."""
    sdk = sys.modules.get("botocore.exceptions")
    return (OSError, SuspiciousOperation, *((sdk.BotoCoreError, sdk.ClientError) if sdk else ()))


def _compare(storage: Storage, name: str, data: bytes) -> None:
    with storage.open(name) as file:
        stored = file.read()
    if len(stored) != len(data):
        raise NotStored("size")
    if hashlib.sha256(stored).digest() != hashlib.sha256(data).digest():
        raise NotStored("sha256")


def _flush(storage: Storage, name: str) -> None:
    """What was answered must survive a power failure: a local file is on its disk before it is renamed."""
    if isinstance(storage, FileSystemStorage):
        _sync(Path(storage.path(name)))


def _move(storage: Storage, old: str, new: str, data: bytes) -> None:
    """Rename in one step where the store can; the others copy, are compared once more, and drop the old file."""
    if isinstance(storage, FileSystemStorage):
        target = Path(storage.path(new))
        target.parent.mkdir(parents=True, exist_ok=True)
        Path(storage.path(old)).replace(target)
        _sync(target.parent)
        return
    if bucket := getattr(storage, "bucket", None):
        bucket.Object(new).copy_from(CopySource={"Bucket": bucket.name, "Key": old})
    else:
        storage.save(new, ContentFile(data))
    if storage.size(new) != len(data):
        raise NotStored("size")
    storage.delete(old)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def discard(storage: Storage, name: str) -> None:
    """Delete a file if that can be done now; what is left a sweep finds later."""
    with suppress(*_failures()):
        storage.delete(name)
