"""Writes: verdicts by rule and by person, lists, and the guard against guessing."""

from eligibility.services.appealing import answer_appeal, open_appeal
from eligibility.services.attempts import (
    Window,
    forget_attempts,
    note_attempts,
    spend_attempt,
    spent_attempts,
    window_of,
)
from eligibility.services.deciding import decide_entry
from eligibility.services.desk import claim_case, open_case, raise_risk, release_case, set_policy
from eligibility.services.lists import (
    create_reference_list,
    create_serial_batch,
    generate_serials,
)
from eligibility.services.opinions import give_opinion
from eligibility.services.reindexing import reindex_serials
from eligibility.services.replaying import decisions_that_differ
from eligibility.services.resealing import reseal_serials
from eligibility.services.returning import Notice, record_return, settle_return
from eligibility.services.reviewing import refuse_for_limit, resolve_case, take_back_entry
from eligibility.services.ring_acts import note_ring_act, refuse_ring, release_ring
from eligibility.services.rings import hold_entry, keep_rings
from eligibility.services.undoing import is_overtaken, undo_opinion

__all__ = [
    "Notice",
    "Window",
    "answer_appeal",
    "claim_case",
    "create_reference_list",
    "create_serial_batch",
    "decide_entry",
    "decisions_that_differ",
    "forget_attempts",
    "generate_serials",
    "give_opinion",
    "hold_entry",
    "is_overtaken",
    "keep_rings",
    "note_attempts",
    "note_ring_act",
    "open_appeal",
    "open_case",
    "raise_risk",
    "record_return",
    "refuse_for_limit",
    "refuse_ring",
    "reindex_serials",
    "release_case",
    "release_ring",
    "reseal_serials",
    "resolve_case",
    "set_policy",
    "settle_return",
    "spend_attempt",
    "spent_attempts",
    "take_back_entry",
    "undo_opinion",
    "window_of",
]
