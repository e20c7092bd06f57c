"""Writes: codes into stock, out to winners, shown, and used at the till."""

from codes.services.awarding import award_prizes, void_award
from codes.services.claiming import open_claim, reveal_code
from codes.services.redemption.checking import CodeState, check_code
from codes.services.redemption.ledger import close_accounts
from codes.services.redemption.locking import drop_ended_locks, lock_code, release_lock
from codes.services.redemption.offline import OfflineAnswer, OfflineUse, report_uses, resolve_dispute
from codes.services.redemption.redeeming import redeem_code
from codes.services.redemption.reversing import reverse_redemption, reverse_transaction
from codes.services.redemption.settling import settle_days
from codes.services.redemption.terminals import close_terminal, open_terminal
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
    "OfflineAnswer",
    "OfflineUse",
    "activate_batch",
    "award_prizes",
    "check_code",
    "close_accounts",
    "close_terminal",
    "discard_batch",
    "drop_ended_locks",
    "expire_codes",
    "generate_codes",
    "import_codes",
    "lock_code",
    "open_claim",
    "open_terminal",
    "preview_import",
    "redeem_code",
    "release_lock",
    "report_uses",
    "resolve_dispute",
    "reveal_code",
    "reverse_redemption",
    "reverse_transaction",
    "settle_days",
    "void_award",
    "void_code",
]
