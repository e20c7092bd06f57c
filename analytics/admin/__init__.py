"""What needs doing today, and how far entries come."""

from analytics.admin.today import today_context

__all__ = ["today_context"]
