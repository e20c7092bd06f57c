"""Proof of purchase, and what is known beforehand of shops and of the names in which tills print products."""

from receipts.models.dictionary import PrintedForm, Product
from receipts.models.receipt import PhotoTrouble, ReadingFailure, Receipt, ReceiptLine, ReceiptPhoto, ReceiptStatus
from receipts.models.shops import KnowledgeSource, Shop, ShopChain, ShopStatus

__all__ = [
    "KnowledgeSource",
    "PhotoTrouble",
    "PrintedForm",
    "Product",
    "ReadingFailure",
    "Receipt",
    "ReceiptLine",
    "ReceiptPhoto",
    "ReceiptStatus",
    "Shop",
    "ShopChain",
    "ShopStatus",
]
