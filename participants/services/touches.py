"""The timeline."""

from datetime import datetime

from core import rows
from participants.models import Touch, TouchKind


def record_touch(
    *,
    kind: TouchKind,
    agency_id: int,
    now: datetime,
    participant_id: int | None = None,
    campaign_id: int | None = None,
    entry_id: int | None = None,
    link_id: int | None = None,
    note: str = "",
) -> Touch:
    """Add a line to the timeline; a touch before anybody is known has no participant."""
    return rows.add(
        Touch(
            kind=kind,
            agency_id=agency_id,
            at=now,
            participant_id=participant_id,
            campaign_id=campaign_id,
            entry_id=entry_id,
            link_id=link_id,
            note=note,
        )
    )
