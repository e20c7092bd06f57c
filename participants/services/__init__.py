"""Writes: people, their contacts and their entries."""

from participants.services.contacts import (
    attach_line,
    attach_x,
    give_email,
    mark_line_friend,
    mark_unreachable,
    verify_identity,
)
from participants.services.entries import (
    ADVANCE_IDS,
    ADVANCE_TASK,
    agree,
    finish_entry,
    postpone_entry,
    record_verdict,
    save_answers,
    save_typed_proof,
    start_entry,
    submit_entry,
    wake_entries,
    wake_entry,
    withdraw_entry,
)
from participants.services.reindexing import reindex_contacts, reindex_typed_numbers
from participants.services.resealing import reseal_contacts, reseal_typed_numbers
from participants.services.touches import record_touch
from participants.services.traces import forget_traces, keep_traces

__all__ = [
    "ADVANCE_IDS",
    "ADVANCE_TASK",
    "agree",
    "attach_line",
    "attach_x",
    "finish_entry",
    "forget_traces",
    "give_email",
    "keep_traces",
    "mark_line_friend",
    "mark_unreachable",
    "postpone_entry",
    "record_touch",
    "record_verdict",
    "reindex_contacts",
    "reindex_typed_numbers",
    "reseal_contacts",
    "reseal_typed_numbers",
    "save_answers",
    "save_typed_proof",
    "start_entry",
    "submit_entry",
    "verify_identity",
    "wake_entries",
    "wake_entry",
    "withdraw_entry",
]
