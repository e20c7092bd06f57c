"""Entries go on by themselves."""

import structlog
from celery import shared_task

from core import clock
from core.queueing import work_through
from journeys import rings, services
from journeys.audit import violations
from participants.services import ADVANCE_IDS, ADVANCE_TASK

log = structlog.get_logger(__name__)


@shared_task(name="journeys.tasks.advance_entries")
def advance_entries(*, entry_ids: list[int]) -> None:
    """Carry some entries on. Repeats are harmless: every step looks at the rows first."""
    work_through(
        ADVANCE_TASK,
        ADVANCE_IDS,
        entry_ids,
        lambda entry_id: services.advance_or_postpone(entry_id=entry_id, now=clock.now()),
    )


@shared_task(name="journeys.tasks.sweep_entries")
def sweep_entries() -> None:
    """Carry on what a lost message or a dead worker left behind."""
    services.sweep(now=clock.now())


@shared_task(name="journeys.tasks.sweep_rings")
def sweep_rings() -> None:
    """Look for people who belong together among new entries and hold theirs for a look by a person."""
    rings.sweep_rings(now=clock.now())


@shared_task(name="journeys.tasks.audit_invariants")
def audit_invariants() -> None:
    """Check what must always hold and raise the alarm for each rule that is broken; ids only."""
    for name, rows in violations(clock.now()).items():
        log.error("invariant_violated", code=name, count=len(rows))
