"""Writes: verdicts by rule and by person, lists, and the guard against guessing."""

from eligibility.services.attempts import spend_attempt
from eligibility.services.deciding import decide_entry
from eligibility.services.lists import (
    create_reference_list,
    create_serial_batch,
    generate_serials,
)
from eligibility.services.replaying import decisions_that_differ
from eligibility.services.reviewing import refuse_for_limit, resolve_case, take_back_entry
from eligibility.services.rings import hold_entry, keep_rings

__all__ = [
    "create_reference_list",
    "create_serial_batch",
    "decide_entry",
    "decisions_that_differ",
    "generate_serials",
    "hold_entry",
    "keep_rings",
    "refuse_for_limit",
    "resolve_case",
    "spend_attempt",
    "take_back_entry",
]
