"""Messages on their way, and parcels."""

from distribution.admin import deliveries, shipments, shipping_lists

__all__ = ["deliveries", "shipments", "shipping_lists"]
