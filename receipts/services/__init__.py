"""Writes: photographs in, figures out, corrections by people."""

from receipts.services.counting import count_receipt, release_receipt
from receipts.services.figures import LineFigures, ReceiptFigures, correct_figures
from receipts.services.purging import delete_orphans, purge_photos
from receipts.services.reading import read_again, read_receipt
from receipts.services.uploading import store_upload

__all__ = [
    "LineFigures",
    "ReceiptFigures",
    "correct_figures",
    "count_receipt",
    "delete_orphans",
    "purge_photos",
    "read_again",
    "read_receipt",
    "release_receipt",
    "store_upload",
]
