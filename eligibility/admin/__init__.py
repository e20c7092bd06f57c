"""The review desk, and the lists of numbers that entries are checked against."""

from eligibility.admin import lists, review
from eligibility.admin.review import open_case_badge

__all__ = ["lists", "open_case_badge", "review"]
