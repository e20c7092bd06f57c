"""Writes: the life of a campaign and what belongs to it."""

from campaigns.services.budgets import give_back_budget, set_budget, spend_again, spend_budget
from campaigns.services.cloning import clone_campaign
from campaigns.services.lifecycle import (
    archive_campaign,
    close_campaign,
    follow_clock,
    freeze_rules,
    pause_campaign,
    publish_campaign,
    resume_campaign,
    settle_campaign,
    unpublish_campaign,
)
from campaigns.services.offer import mark_allocated
from campaigns.services.stores import set_store_pin
from campaigns.services.terms import write_terms

__all__ = [
    "archive_campaign",
    "clone_campaign",
    "close_campaign",
    "follow_clock",
    "freeze_rules",
    "give_back_budget",
    "mark_allocated",
    "pause_campaign",
    "publish_campaign",
    "resume_campaign",
    "set_budget",
    "set_store_pin",
    "settle_campaign",
    "spend_again",
    "spend_budget",
    "unpublish_campaign",
    "write_terms",
]
