"""Rings among those who enter: looked for while nothing is given yet, and held for a person to look at."""

from datetime import datetime

import structlog
from django.db import transaction

from draws.models import DrawResult
from eligibility.errors import NothingToDecide
from eligibility.services import hold_entry, keep_rings
from eligibility.shared import campaigns_to_scan, entries_to_hold, joins_suspected_ring
from participants.models import Entry

log = structlog.get_logger(__name__)


def sweep_rings(*, now: datetime) -> int:
    """Look through the campaigns in which something happened; returns how many entries were held."""
    held = 0
    for campaign_id in campaigns_to_scan():
        try:
            keep_rings(campaign_id=campaign_id, now=now)
            held += sum(hold_if_unsettled(entry_id=entry_id, now=now) for entry_id in entries_to_hold(campaign_id))
        except Exception as error:  # one campaign does not hold up the others
            log.exception("rings_not_looked_for", campaign_id=campaign_id, error=type(error).__name__)
    return held


@transaction.atomic
def hold_if_unsettled(*, entry_id: int, now: datetime) -> bool:
    """Hold an accepted entry, unless it has a result already: a result is fixed once (I14)."""
    entry = Entry.objects.select_for_update().get(pk=entry_id)
    if DrawResult.objects.filter(entry=entry).exists():
        return False
    try:
        hold_entry(entry_id=entry_id, now=now)
    except NothingToDecide:
        return False
    return True


def hold_if_joining(*, entry_id: int, now: datetime) -> bool:
    """Hold an entry just accepted that comes from where a suspected ring comes from."""
    return joins_suspected_ring(Entry.objects.get(pk=entry_id)) and hold_if_unsettled(entry_id=entry_id, now=now)
