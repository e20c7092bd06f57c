"""Writes: photographs in, figures out, corrections by people."""

from receipts.services.counting import count_receipt, mark_returned, release_receipts
from receipts.services.dictionary import teach_printed_form, undo_printed_form
from receipts.services.figures import LineFigures, ReceiptFigures, correct_figures
from receipts.services.importing_forms import import_printed_forms
from receipts.services.importing_shops import import_shops
from receipts.services.masters import keep_chain, keep_product
from receipts.services.purging import delete_orphans, purge_photos
from receipts.services.reading import read_again, read_receipt
from receipts.services.reindexing import reindex_receipts
from receipts.services.resealing import reseal_photos
from receipts.services.shops import confirm_shop, learn_shop, switch_off_shop
from receipts.services.unlearning import unlearn
from receipts.services.uploading import Place, store_upload

__all__ = [
    "LineFigures",
    "Place",
    "ReceiptFigures",
    "confirm_shop",
    "correct_figures",
    "count_receipt",
    "delete_orphans",
    "import_printed_forms",
    "import_shops",
    "keep_chain",
    "keep_product",
    "learn_shop",
    "mark_returned",
    "purge_photos",
    "read_again",
    "read_receipt",
    "reindex_receipts",
    "release_receipts",
    "reseal_photos",
    "store_upload",
    "switch_off_shop",
    "teach_printed_form",
    "undo_printed_form",
    "unlearn",
]
