"""Photographs in the file store: sealed under the photo's id, on a local disk or on S3."""

import uuid

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from core.crypto import decrypt_bytes, encrypt_bytes


def store_photo(public_id: uuid.UUID, jpeg: bytes) -> str:
    """Seal and store a photograph; returns its name in the file store."""
    sealed = encrypt_bytes(jpeg, table="receipt_photo", column="file", row=public_id)
    return default_storage.save(f"receipts/{public_id.hex[:2]}/{public_id.hex}", ContentFile(sealed))


def load_photo(public_id: uuid.UUID, file_name: str) -> bytes:
    """Open a stored photograph as JPEG."""
    with default_storage.open(file_name) as file:
        return decrypt_bytes(file.read(), table="receipt_photo", column="file", row=public_id)
