"""Reads: codes that the journal knows to be given out while a restored database had forgotten it."""

import time
import uuid
from dataclasses import dataclass

from accounts.models import AuditEntry
from codes.models import CodeStatus, GiftCode
from participants.models import Entry

RECOVERED = "code.recovered"
LOOK_SECONDS = 60.0
_looked: dict[str, tuple[float, bool]] = {}


@dataclass(frozen=True)
class RecoveredCode:
    """A code that an entry had won before the restore, and the award whose link its winner may hold."""

    gift_code: GiftCode
    award_public_id: uuid.UUID
    token_key_id: str


def recovered_code_of(*, entry: Entry, prize_id: int) -> RecoveredCode | None:
    """Find the code of a prize that an entry held before a restore and has no award for; restores are rare."""
    if not are_any_recovered():
        return None
    lines = AuditEntry.objects.filter(
        action=RECOVERED, subject_type=entry._meta.label_lower, subject_id=str(entry.public_id)
    )
    for facts in lines.values_list("facts", flat=True):
        code = GiftCode.objects.filter(
            public_id=facts["gift_code"], prize_id=prize_id, status=CodeStatus.ISSUED, award__isnull=True
        ).first()
        if code is not None:
            return RecoveredCode(code, uuid.UUID(facts["award"]), facts["token_key"])
    return None


def look_again() -> None:
    """Forget in this process that nothing was recovered; others notice within a minute, or when they are started."""
    _looked.clear()


def are_any_recovered() -> bool:
    """Ask once a minute whether anything was ever recovered: awards are made by the thousand."""
    until, found = _looked.get("any", (0.0, False))
    if time.monotonic() > until:
        found = AuditEntry.objects.filter(action=RECOVERED).exists()
        _looked["any"] = (time.monotonic() + LOOK_SECONDS, found)
    return found
