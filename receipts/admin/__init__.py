"""Receipts to look at, and what is known of shops and printed names."""

from receipts.admin import dictionary, masters, shops
from receipts.admin.receipts import original_url, photo_url

__all__ = ["dictionary", "masters", "original_url", "photo_url", "shops"]
