"""Desks that see several stages: draws, returned purchases, taking a review back, and people who enter as one."""

from journeys.admin import draws, returns, reviews, rings
from journeys.admin.returns import open_return_badge
from journeys.admin.rings import suspected_ring_badge

__all__ = ["draws", "open_return_badge", "returns", "reviews", "rings", "suspected_ring_badge"]
