"""How doubtful a case is, from its reasons: what may be fraud weighs more than what was merely hard to read."""

from collections.abc import Iterable

HIGH_RISK = 40
WEIGHTS = {
    "suspected_ring": 60,
    "receipt_already_used": 50,
    "looks_like_another": 40,
    "screen_photo": 40,
    "registration_no_differs": 20,
    "reading_uncertain": 10,
    "tel_near_shop": 10,
    "shop_differs": 10,
    "product_unclear": 5,
    "store_unclear": 5,
}


def risk_of(codes: Iterable[str]) -> int:
    """Give the risk (0 to 100) of a case with these reasons; each reason weighs once."""
    return min(100, sum(WEIGHTS.get(code, 0) for code in set(codes)))
