"""People and their entries, contacts masked; the whole story of a person on one page."""

from participants.admin import entries, people

__all__ = ["entries", "people"]
