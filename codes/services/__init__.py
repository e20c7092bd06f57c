"""Writes: codes into stock, out to winners, shown, and used at the till."""

from codes.services.awarding import award_prizes, void_award
from codes.services.claiming import open_claim, reveal_code
from codes.services.places import Place, allocate_stock, move_allocation, settle_all_rests, settle_rest
from codes.services.redemption import CodeState, check_code, redeem_code, reverse_redemption
from codes.services.reserving import award_reserved, expire_reservations, release_reservation, reserve_code
from codes.services.stock import (
    ImportPreview,
    activate_batch,
    discard_batch,
    expire_codes,
    generate_codes,
    import_codes,
    preview_import,
    void_code,
)

__all__ = [
    "CodeState",
    "ImportPreview",
    "Place",
    "activate_batch",
    "allocate_stock",
    "award_prizes",
    "award_reserved",
    "check_code",
    "discard_batch",
    "expire_codes",
    "expire_reservations",
    "generate_codes",
    "import_codes",
    "move_allocation",
    "open_claim",
    "preview_import",
    "redeem_code",
    "release_reservation",
    "reserve_code",
    "reveal_code",
    "reverse_redemption",
    "settle_all_rests",
    "settle_rest",
    "void_award",
    "void_code",
]
