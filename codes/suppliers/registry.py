"""Which supplier stands behind the short name that a gift brand gives."""

from codes.errors import SupplierNotConnected
from codes.suppliers.amazon import amazon_from_settings
from codes.suppliers.base import Supplier

SUPPLIERS = {"amazon": amazon_from_settings}


def supplier_of(slug: str) -> Supplier:
    """Give the supplier of a brand.

    Raises:
        SupplierNotConnected: no such supplier, or its account is not in the settings.
    """
    made = SUPPLIERS[slug]() if slug in SUPPLIERS else None
    if made is None:
        raise SupplierNotConnected(reason=slug)
    return made
