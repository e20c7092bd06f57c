"""The copies of photographs that others than their sender see: private numbers and names are covered."""

from collections.abc import Mapping

from receipts.files import sealing_key, store_photo
from receipts.imaging import covered_photo
from receipts.models import Receipt, ReceiptPhoto
from receipts.ocr.base import ReceiptReading


def store_covered(photos: Mapping[ReceiptPhoto, bytes], reading: ReceiptReading) -> dict[int, str]:
    """Seal and store copies of JPEGs, outside of any transaction; returns their names by the photos' keys.

    Raises:
        ImageDamaged: a copy could not be made.
    """
    names = {}
    for number, (photo, jpeg) in enumerate(photos.items()):
        places = [mask.polygon for mask in reading.masks if mask.photo == number]
        names[photo.pk] = store_photo(photo.public_id, covered_photo(jpeg, places), column="covered")
    return names


def keep_covered(receipt: Receipt, names: dict[int, str]) -> None:
    """Name the copies on their rows, in the transaction of the reading; files that are named nowhere are swept."""
    for photo in ReceiptPhoto.objects.filter(receipt=receipt, purged_at__isnull=True):
        photo.covered_file_name = names.get(photo.pk, "")
        photo.covered_file_name_key = sealing_key()
        photo.save(update_fields=["covered_file_name", "covered_file_name_key", "updated_at"])
