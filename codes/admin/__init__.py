"""Stock, imports, awards and redemptions; the text of a code is nowhere here."""

from codes.admin import awards, batches, gift_codes, jobs, reservations, stock, tills

__all__ = ["awards", "batches", "gift_codes", "jobs", "reservations", "stock", "tills"]
