"""What needs doing today, and how far entries come."""

from analytics.admin import report
from analytics.admin.today import today_context

__all__ = ["report", "today_context"]
