"""The operators' face of what crosses the stages: draws, returned purchases, and taking a review back."""

from journeys.admin import draws, returns, reviews
from journeys.admin.returns import open_return_badge

__all__ = ["draws", "open_return_badge", "returns", "reviews"]
