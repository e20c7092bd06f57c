"""Writes: codes into stock, out to winners, shown, and used at the till."""

from codes.services.awarding import award_prizes, void_award
from codes.services.binding import move_award, unbind_award
from codes.services.claiming import open_claim, reveal_code
from codes.services.presenting import check_presentation, consume_presentation, forget_shown_numbers, show_number
from codes.services.redemption import CodeState, check_code, redeem_code, reverse_redemption
from codes.services.reissuing import note_reminder, reissue_award
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
    "check_presentation",
    "consume_presentation",
    "discard_batch",
    "expire_codes",
    "forget_shown_numbers",
    "generate_codes",
    "import_codes",
    "move_award",
    "note_reminder",
    "open_claim",
    "preview_import",
    "redeem_code",
    "reissue_award",
    "reveal_code",
    "reverse_redemption",
    "show_number",
    "unbind_award",
    "void_award",
    "void_code",
]
