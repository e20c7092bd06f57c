"""The review desk, and the lists of numbers that entries are checked against."""

from eligibility.admin import appeals, lists, review
from eligibility.admin.appeals import open_appeal_badge
from eligibility.admin.review import open_case_badge

__all__ = ["appeals", "lists", "open_appeal_badge", "open_case_badge", "review"]
