"""Ask the database whether everything that must always hold does hold."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from core import clock
from journeys.audit import audit_invariants


class Command(BaseCommand):
    help = "Check the invariants of codes, entries, money and tenants; names ids only, exits 1 on a violation."

    def handle(self, *args: Any, **options: Any) -> None:
        found = audit_invariants(clock.now())
        for name, rows in found.items():
            self.stdout.write(f"{name} {len(rows)} {' '.join(rows)}" if rows else f"{name} ok")
        if any(found.values()):
            sys.exit(1)
