"""Entries go on by themselves."""

import structlog
from celery import shared_task

from core import clock
from journeys import rings, services
from journeys.audit import violations

log = structlog.get_logger(__name__)


@shared_task(name="journeys.tasks.advance_entry")
def advance_entry(*, entry_id: int) -> None:
    """Carry one entry on. Repeats are harmless: every step looks at the rows first."""
    services.advance_or_postpone(entry_id=entry_id, now=clock.now())


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
