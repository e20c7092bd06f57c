"""Companies that make gift codes when we ask for one, and show them again."""

from codes.suppliers.base import CANCELLED_THERE, MadeCard, Supplier, SupplierRefused
from codes.suppliers.registry import supplier_of

__all__ = ["CANCELLED_THERE", "MadeCard", "Supplier", "SupplierRefused", "supplier_of"]
