"""Ask the database whether everything that must always hold does hold."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from codes.errors import JournalUnavailable
from core import clock
from journeys.audit import audit_invariants, lost_promises


class Command(BaseCommand):
    help = "Check the invariants of codes, entries, money and tenants; names ids only, exits 1 on a violation."

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        found = audit_invariants(now)
        try:
            found["I08"] = lost_promises(now)
        except JournalUnavailable:
            self.stdout.write("I08 not asked: the journal cannot be read")
        for name, rows in sorted(found.items()):
            self.stdout.write(f"{name} {len(rows)} {' '.join(rows)}" if rows else f"{name} ok")
        if any(found.values()) or "I08" not in found:
            sys.exit(1)
