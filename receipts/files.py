"""Photographs in the file store: sealed under the photo's id, on a local disk or on S3."""

import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from django.conf import settings
from django.core.files.storage import default_storage

from core.clients.file_store import NotStored, discard, read_stored, store_verified
from core.crypto import decrypt_bytes, encrypt_bytes, key_id_of
from receipts.errors import PhotoNotStored

FOLDER = "receipts"
INCOMING = "incoming"  # beside the folders of the ids; swept as they are
HEAD = 100  # bytes in which a sealed file names its key


def store_photo(public_id: uuid.UUID, jpeg: bytes, *, column: str = "file") -> str:
    """Seal and store a photograph; returns its name in the file store.

    Raises:
        PhotoNotStored: the store failed, or gave back something else than it was given.
    """
    sealed = encrypt_bytes(jpeg, table="receipt_photo", column=column, row=public_id)
    key = f"{public_id.hex}-{uuid.uuid4().hex[:12]}"  # never one that a deleted file had: somebody may still ask for it
    try:
        return store_verified(
            default_storage,
            name=f"{FOLDER}/{public_id.hex[:2]}/{key}",
            temporary=f"{FOLDER}/{INCOMING}/{key}",
            data=sealed,
        )
    except NotStored as error:
        raise PhotoNotStored(reason=str(error)) from error


def sealing_key() -> str:
    """Give the id of the master key under which `store_photo` seals."""
    return str(settings.ENCRYPTION_KEY_ID)


def load_photo(public_id: uuid.UUID, file_name: str, *, column: str = "file") -> bytes:
    """Open a stored photograph as JPEG.

    Raises:
        FileNotFoundError: there is no such file (any more).
        StoreAway: the file store does not answer.
        KeyUnavailable, SecretDamaged: as `core.crypto.decrypt`.
    """
    return decrypt_bytes(read_stored(default_storage, file_name), table="receipt_photo", column=column, row=public_id)


def key_of_photo(file_name: str) -> str:
    """Look into a stored file: which master key sealed it.

    Raises:
        FileNotFoundError: there is no such file.
        StoreAway: the file store does not answer.
    """
    return key_id_of(read_stored(default_storage, file_name)[:HEAD])


def delete_photo(file_name: str) -> None:
    """Delete a stored file; one that has gone already is as good."""
    if file_name:
        with suppress(FileNotFoundError):
            default_storage.delete(file_name)


def discard_photo(file_name: str) -> None:
    """Delete a file of an upload that was refused, if the store lets us; the sweep finds it otherwise."""
    discard(default_storage, file_name)


def photos_stored_before(moment: datetime) -> Iterator[list[str]]:
    """Give the names of the files last changed before a moment, folder by folder; the incoming ones among them."""
    with suppress(FileNotFoundError):  # nothing was ever stored; S3 has no folders to ask for
        for folder in default_storage.listdir(FOLDER)[0]:
            names = [f"{FOLDER}/{folder}/{name}" for name in default_storage.listdir(f"{FOLDER}/{folder}")[1]]
            yield [name for name in names if _was_changed_before(name, moment)]


def _was_changed_before(name: str, moment: datetime) -> bool:
    with suppress(FileNotFoundError):  # another process deletes it at this moment
        return default_storage.get_modified_time(name) < moment
    return False
