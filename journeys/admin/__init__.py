"""The operators' face of what crosses the stages: draws, and returned purchases."""

from journeys.admin.draws import DrawAdmin
from journeys.admin.returns import PurchaseReturnAdmin, open_return_badge

__all__ = ["DrawAdmin", "PurchaseReturnAdmin", "open_return_badge"]
