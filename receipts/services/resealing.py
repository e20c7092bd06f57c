"""Photographs come under a new master key: each file is stored anew beside the old one, named, and the old one goes."""

from typing import Any

from django.db.models import Q

from core.crashpoints import crashpoint
from core.errors import SecretDamaged
from core.resealing import Resealed, next_piece
from core.sealed_fields import SealedFile, sealed_fields
from receipts.files import delete_photo, key_of_photo, load_photo, sealing_key, store_photo
from receipts.models import ReceiptPhoto

PHOTOS_AT_ONCE = 5  # each is read and stored whole, and a worker does twenty pieces in a row
FILES: tuple[Any, ...] = tuple(sealed_fields(ReceiptPhoto))


def reseal_photos(*, after: int) -> Resealed:
    """Seal the files of the next photographs behind a key anew, originals and covered copies.

    Whoever reads one meanwhile gets it under its old name or its new one. Killed half-way it leaves a file that no
    photograph names, for `delete_orphans`.

    Raises:
        KeyUnavailable: the key of one of them is not loaded.
    """
    sealed_before = Q(pk__in=[])
    for field in FILES:
        sealed_before |= ~Q(**{field.name: ""}) & ~Q(**{f"{field.name}_key": sealing_key()})
    kept = ReceiptPhoto.objects.filter(sealed_before, purged_at__isnull=True)
    found, cursor, is_last = next_piece(kept, after=after, limit=PHOTOS_AT_ONCE)
    outcomes = [_reseal(photo, field) for photo in found for field in FILES if _is_due(photo, field)]
    return Resealed(cursor, is_last, done=outcomes.count(True), unreadable=outcomes.count(False))


def _is_due(photo: ReceiptPhoto, field: SealedFile) -> bool:
    return bool(getattr(photo, field.name)) and getattr(photo, f"{field.name}_key") != sealing_key()


def _reseal(photo: ReceiptPhoto, field: SealedFile) -> bool | None:
    """Tell whether a file is under the key of today now; None where the row has let go of it meanwhile."""
    old = getattr(photo, field.name)
    named = ReceiptPhoto.objects.filter(pk=photo.pk, purged_at__isnull=True, **{field.name: old})
    key_column = f"{field.name}_key"
    try:
        if not getattr(photo, key_column) and key_of_photo(old) == sealing_key():
            return bool(named.update(**{key_column: sealing_key()})) or None
        jpeg = load_photo(photo.public_id, old, column=field.seal_column)
        new = store_photo(photo.public_id, jpeg, column=field.seal_column)
    except (FileNotFoundError, SecretDamaged):
        return False if named.exists() else None
    crashpoint("rotation.after_file")
    is_swapped = bool(named.update(**{field.name: new, key_column: sealing_key()}))
    crashpoint("rotation.after_rows")
    delete_photo(old if is_swapped else new)
    return is_swapped or None
