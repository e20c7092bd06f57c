"""Delete receipt photographs whose retention is over, or only tell how many there are."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Count, Min

from core import clock
from receipts.selectors import photos_past_retention
from receipts.services import delete_orphans, purge_photos


class Command(BaseCommand):
    help = "Delete receipt photographs whose campaign keeps them no longer, and files that no photograph names."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only tell how many would go, by campaign")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        due = photos_past_retention(now).values("receipt__campaign__slug", "receipt__campaign__photo_days")
        for row in due.annotate(photos=Count("pk"), oldest=Min("created_at")).order_by("receipt__campaign__slug"):
            slug, days = row["receipt__campaign__slug"], row["receipt__campaign__photo_days"]
            oldest = row["oldest"].date().isoformat()
            self.stdout.write(f"{slug}: {row['photos']:,} photos past {days} days, the oldest of {oldest}")
        if options["dry_run"]:
            self.stdout.write("nothing was deleted")
            return
        deleted = 0
        while batch := purge_photos(now=now):
            deleted += batch
        self.stdout.write(f"{deleted:,} photos deleted; {delete_orphans(now=now):,} files that no photograph named")
