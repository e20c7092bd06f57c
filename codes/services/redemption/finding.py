"""What a till names: a code, a store."""

from campaigns.models import PrizeKind, Store
from codes.errors import CodeNotAccepted, StoreNotAllowed
from codes.models import GiftCode
from codes.presented import presented_code
from core import rows


def find_code(agency_id: int, presented: str, *, is_held: bool = False) -> GiftCode:
    """Find a code of our own that this agency gave out, and hold it until the transaction ends if that is asked.

    Raises:
        CodeNotAccepted: unknown, another's, not given out, or not ours to redeem.
    """
    gift_code = presented_code(agency_id=agency_id, presented=presented, is_held=is_held)
    if gift_code is None or gift_code.prize.kind != PrizeKind.OWN_CODE:
        raise CodeNotAccepted
    return gift_code


def find_store(agency_id: int, store_id: int) -> Store:
    """Find an active store of the agency.

    Raises:
        StoreNotAllowed: there is none.
    """
    store = rows.first(Store, "id = %s AND agency_id = %s AND is_active", [store_id, agency_id])
    if store is None:
        raise StoreNotAllowed(store_id=store_id)
    return store
