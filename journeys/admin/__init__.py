"""Desks that see several stages: draws, and taking a review back."""

from journeys.admin import draws, reviews

__all__ = ["draws", "reviews"]
