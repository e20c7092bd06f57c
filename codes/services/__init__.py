"""Writes: codes into stock, out to winners, shown, and used at the till."""

from codes.services.awarding import award_prizes, void_award, void_unseen_award
from codes.services.binding import move_award, unbind_award
from codes.services.budgeting import set_running_budget
from codes.services.cancelling import (
    CancelPreview,
    cancel_card,
    carry_out_due,
    preview_cancellation,
    worth_at_supplier,
)
from codes.services.claiming import open_claim, reveal_code
from codes.services.counting import take_stock
from codes.services.exporting import ExportForm, approve_export, export_chunk, refuse_export, request_export
from codes.services.fetched_stock import create_fetched_batch, free_funds, resume_fetched_batch
from codes.services.fetching import make_card, make_due_cards, order_cards, order_missed_cards
from codes.services.forgetting_addresses import forget_addresses, forget_households, purge_addresses
from codes.services.guessing import (
    Guesser,
    check_guesser,
    count_unknown_reports,
    spend_try,
    unknown_codes_counted,
)
from codes.services.holding import hold_batch, hold_code, release_batch, release_code
from codes.services.jobs import (
    cancel_job,
    confirm_job,
    run_job,
    start_activation,
    start_check,
    start_discard,
    start_generation,
    start_import,
    sweep_jobs,
)
from codes.services.opening_exports import Voucher, kept_until, open_export, open_vouchers
from codes.services.places import Place, allocate_stock, move_allocation, settle_all_rests, settle_rest
from codes.services.presenting import check_presentation, consume_presentation, forget_shown_numbers, show_number
from codes.services.recalling import (
    approve_recall,
    cancel_recall,
    recall_chunk,
    replace_unseen_code,
    request_recall,
    serve_codeless,
)
from codes.services.recovering_tills import forget_recovered_calls
from codes.services.redemption.checking import CodeState, check_code
from codes.services.redemption.ledger import close_accounts
from codes.services.redemption.locking import drop_ended_locks, lock_code, release_lock
from codes.services.redemption.offline import OfflineAnswer, OfflineUse, report_uses, resolve_dispute
from codes.services.redemption.redeeming import redeem_code, redeem_in_transaction
from codes.services.redemption.reversing import reverse_in_transaction, reverse_redemption, reverse_transaction
from codes.services.redemption.settling import settle_days
from codes.services.redemption.terminals import close_terminal, open_terminal
from codes.services.reissuing import note_reminder, reissue_award
from codes.services.reserving import award_reserved, expire_reservations, release_reservation, reserve_code
from codes.services.shipping import give_address, hand_over, note_come_back
from codes.services.shipping_lists import (
    approve_shipping_list,
    open_shipping_list,
    open_until,
    refuse_shipping_list,
    request_shipping_list,
    take_off_list,
)
from codes.services.stock import (
    ImportPreview,
    activate_batch,
    expire_codes,
    generate_codes,
    import_codes,
    preview_import,
    void_code,
)
from codes.services.watching import note_alarm_mailed, watch_stock
from codes.services.watching_budgets import note_budget_mailed, watch_budgets

__all__ = [
    "CancelPreview",
    "CodeState",
    "ExportForm",
    "Guesser",
    "ImportPreview",
    "OfflineAnswer",
    "OfflineUse",
    "Place",
    "Voucher",
    "activate_batch",
    "allocate_stock",
    "approve_export",
    "approve_recall",
    "approve_shipping_list",
    "award_prizes",
    "award_reserved",
    "cancel_card",
    "cancel_job",
    "cancel_recall",
    "carry_out_due",
    "check_code",
    "check_guesser",
    "check_presentation",
    "close_accounts",
    "close_terminal",
    "confirm_job",
    "consume_presentation",
    "count_unknown_reports",
    "create_fetched_batch",
    "drop_ended_locks",
    "expire_codes",
    "expire_reservations",
    "export_chunk",
    "forget_addresses",
    "forget_households",
    "forget_recovered_calls",
    "forget_shown_numbers",
    "free_funds",
    "generate_codes",
    "give_address",
    "hand_over",
    "hold_batch",
    "hold_code",
    "import_codes",
    "kept_until",
    "lock_code",
    "make_card",
    "make_due_cards",
    "move_allocation",
    "move_award",
    "note_alarm_mailed",
    "note_budget_mailed",
    "note_come_back",
    "note_reminder",
    "open_claim",
    "open_export",
    "open_shipping_list",
    "open_terminal",
    "open_until",
    "open_vouchers",
    "order_cards",
    "order_missed_cards",
    "preview_cancellation",
    "preview_import",
    "purge_addresses",
    "recall_chunk",
    "redeem_code",
    "redeem_in_transaction",
    "refuse_export",
    "refuse_shipping_list",
    "reissue_award",
    "release_batch",
    "release_code",
    "release_lock",
    "release_reservation",
    "replace_unseen_code",
    "report_uses",
    "request_export",
    "request_recall",
    "request_shipping_list",
    "reserve_code",
    "resolve_dispute",
    "resume_fetched_batch",
    "reveal_code",
    "reverse_in_transaction",
    "reverse_redemption",
    "reverse_transaction",
    "run_job",
    "serve_codeless",
    "set_running_budget",
    "settle_all_rests",
    "settle_days",
    "settle_rest",
    "show_number",
    "spend_try",
    "start_activation",
    "start_check",
    "start_discard",
    "start_generation",
    "start_import",
    "sweep_jobs",
    "take_off_list",
    "take_stock",
    "unbind_award",
    "unknown_codes_counted",
    "void_award",
    "void_code",
    "void_unseen_award",
    "watch_budgets",
    "watch_stock",
    "worth_at_supplier",
]
