"""After a restore: tell what the journal knows and the database has forgotten, and with --apply write it back."""

import sys
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from codes.services.recovering import Recovery, plan_recovery, recover
from core import clock
from core.errors import DomainError
from distribution.selectors import awards_without_delivery
from distribution.services import queue_award


class Command(BaseCommand):
    help = "Replay the issue journal into a restored database. Without --apply it only tells what would happen."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--apply", action="store_true", help="hold back, replay, release")
        parser.add_argument(
            "--since", type=date.fromisoformat, help="day of Japan (YYYY-MM-DD) to which the database was restored"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = 0")  # batches of a million codes are held back at once
        now = clock.now()
        try:
            act = recover if options["apply"] else plan_recovery
            found = act(now=now, since=options["since"])
        except DomainError as refusal:
            raise CommandError(f"{refusal.code}: {refusal}") from refusal
        if options["apply"]:
            for award_id in sorted(set(awards_without_delivery())):
                queue_award(award_id=award_id, now=now)
        self._tell(found, was_applied=options["apply"])
        if found.altered_lines or found.conflicts:
            sys.exit(1)

    def _tell(self, found: Recovery, *, was_applied: bool) -> None:
        figures = {
            "lines in the journal": found.lines,
            "lines altered": found.altered_lines,
            "awards that the database does not know": len(found.lost_awards),
            "uses that the database does not know": len(found.lost_uses),
            "printed codes that it does not know": sum(len(line["codes"]) for line in found.lost_prints),
            "batches concerned": len(found.batch_ids),
            "blocked codes that it does not know": len(found.lost_voids),
            "withdrawn awards that it does not know": len(found.lost_withdrawals),
            "batches to be called back again": len(found.lost_recalls),
            "undone sales that it does not know": len(found.lost_undoings),
            "disputed uses that it does not know": len(found.lost_disputes),
        }
        if was_applied:
            figures |= {
                "codes held back": found.codes_held,
                "codes marked as given": found.codes_recovered,
                "awards made anew": found.awards_recovered,
                "printed codes brought back": found.prints_recovered,
                "uses booked again": found.uses_recovered,
                "calls whose repeat is known again": found.calls_recovered,
                "sales undone again": found.sales_undone,
                "disputed uses put back on the list": found.disputes_recovered,
                "codes blocked again": found.codes_blocked,
                "awards withdrawn again": found.awards_withdrawn,
                "codes of recalled batches blocked": found.codes_recalled,
                "codes released": found.codes_released,
                "codes of files to be imported again": len(found.unknown_codes),
                "conflicts for a person": len(found.conflicts),
            }
        for name, value in figures.items():
            self.stdout.write(f"{name:<40} {value:>10,}")
        for public_id in found.conflicts:
            self.stdout.write(f"conflict {public_id}")
        if not was_applied:
            self.stdout.write("Nothing was changed. Repeat with --apply.")
