"""Desks that need to see every stage: draws, and people who seem to enter as one."""

from journeys.admin import drawing, rings
from journeys.admin.rings import suspected_ring_badge

__all__ = ["drawing", "rings", "suspected_ring_badge"]
