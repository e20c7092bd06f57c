"""Receipts to look at, and what is known of shops and printed names."""

from receipts.admin import dictionary, shops
from receipts.admin.receipts import photo_url

__all__ = ["dictionary", "photo_url", "shops"]
