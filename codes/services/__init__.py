"""Writes: codes into stock, out to winners, shown, and used at the till."""

from codes.services.awarding import award_prizes, void_award
from codes.services.claiming import open_claim, reveal_code
from codes.services.fetched_stock import create_fetched_batch, free_funds, resume_fetched_batch
from codes.services.fetching import make_card, make_due_cards, order_cards, order_missed_cards
from codes.services.redemption import CodeState, check_code, redeem_code, reverse_redemption
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
    "activate_batch",
    "award_prizes",
    "check_code",
    "create_fetched_batch",
    "discard_batch",
    "expire_codes",
    "free_funds",
    "generate_codes",
    "import_codes",
    "make_card",
    "make_due_cards",
    "open_claim",
    "order_cards",
    "order_missed_cards",
    "preview_import",
    "redeem_code",
    "resume_fetched_batch",
    "reveal_code",
    "reverse_redemption",
    "void_award",
    "void_code",
]
