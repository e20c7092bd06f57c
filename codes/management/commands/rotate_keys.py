"""Replace keys without stopping the service; every step can be repeated and goes on where it was broken off."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.models import Campaign
from codes.key_errors import IndexKeyNeeded, MasterKeyNeeded
from codes.models import CodeJob, JobKind, JobStatus
from codes.services.index_keys import index_chunk, retire_index_key, start_reindex, uses_of_index_keys
from codes.services.job_loop import Work, in_chunks
from codes.services.key_duties import destroy_emptied_keys, shred_campaign
from codes.services.master_keys import (
    master_chunk,
    retire_master_key,
    start_master_rotation,
    uses_of_master_keys,
)
from codes.services.rotation import rotate, run_rotation, start_rewrap
from core import clock
from core.clock import jst_day
from core.errors import DomainError
from core.reindexing import Kept

UNTOLD = ("table", "moved", "until")
KINDS = [JobKind.MASTER, JobKind.REWRAP, JobKind.REINDEX]
WORKS: dict[str, Work] = {JobKind.MASTER: in_chunks(master_chunk), JobKind.REINDEX: in_chunks(index_chunk)}
OPEN = [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FAILED]


class Command(BaseCommand):
    help = "Replace the keys of codes: campaign, master, index; status says which keys are still needed."

    def add_arguments(self, parser: CommandParser) -> None:
        steps = parser.add_subparsers(dest="step", required=True)
        steps.add_parser("status", help="which keys are still needed, and what is under way")
        campaign = steps.add_parser("campaign", help="a new key for a campaign's codes")
        campaign.add_argument("slug")
        steps.add_parser("master", help="everything under the master key of ENCRYPTION_KEY_ID")
        retire = steps.add_parser("retire", help="whether a master key may be taken out of ENCRYPTION_KEYS")
        retire.add_argument("key_id")
        steps.add_parser("index", help="whatever can be under the index key of INDEX_KEY_ID")
        retire_index = steps.add_parser("retire-index", help="whether an index key may be taken out of INDEX_KEYS")
        retire_index.add_argument("key_id")
        steps.add_parser("resume", help="go on with what was broken off")
        steps.add_parser("finish", help="destroy replaced keys under which nothing is sealed any more")
        shred = steps.add_parser("shred", help="make a campaign's codes unreadable for ever")
        shred.add_argument("slug")
        shred.add_argument("--reason", required=True)
        shred.add_argument("--yes", action="store_true", help="without this it is only told what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['step']}".replace("-", "_"))(options)
        except DomainError as refusal:
            raise CommandError(f"{refusal.code}: {refusal}") from refusal

    def _status(self, _options: dict[str, Any]) -> None:
        for key_id, uses in uses_of_master_keys().items():
            self.stdout.write(f"master key {key_id or '(not looked up)'}: {_in_words(uses)}")
        for key_id, needed in uses_of_index_keys(clock.now()).items():
            self.stdout.write(f"index key {key_id}: {_until_when(needed)}")
        for job in CodeJob.objects.filter(kind__in=KINDS, status__in=OPEN):
            self._tell(job)

    def _campaign(self, options: dict[str, Any]) -> None:
        self._run(start_rewrap(campaign_id=_campaign(options["slug"]).pk, now=clock.now()))

    def _master(self, _options: dict[str, Any]) -> None:
        self._run(start_master_rotation(now=clock.now()))

    def _retire(self, options: dict[str, Any]) -> None:
        try:
            retire_master_key(key_id=options["key_id"], now=clock.now())
        except MasterKeyNeeded as refusal:
            raise CommandError(f"{refusal.code}: {_in_words(refusal.context['needed'])}") from refusal
        self.stdout.write(f"nothing needs {options['key_id']}: it may be taken out of ENCRYPTION_KEYS")

    def _index(self, _options: dict[str, Any]) -> None:
        self._run(start_reindex(now=clock.now()))

    def _retire_index(self, options: dict[str, Any]) -> None:
        try:
            retire_index_key(key_id=options["key_id"], now=clock.now())
        except IndexKeyNeeded as refusal:
            raise CommandError(f"{refusal.code}: {_until_when(refusal.context['needed'])}") from refusal
        self.stdout.write(f"nothing needs {options['key_id']}: it may be taken out of INDEX_KEYS")

    def _resume(self, _options: dict[str, Any]) -> None:
        for job in CodeJob.objects.filter(kind__in=KINDS, status__in=OPEN).order_by("pk"):
            self._run(job)

    def _finish(self, _options: dict[str, Any]) -> None:
        self.stdout.write(f"{destroy_emptied_keys(now=clock.now()):,} keys destroyed")

    def _shred(self, options: dict[str, Any]) -> None:
        campaign = _campaign(options["slug"])
        if not options["yes"]:
            self.stdout.write(f"All codes of “{campaign.title}” would become unreadable for ever. Repeat with --yes.")
            return
        count = shred_campaign(campaign_id=campaign.pk, reason=options["reason"], now=clock.now())
        self.stdout.write(f"{count:,} keys destroyed")

    def _run(self, job: CodeJob) -> None:
        work = WORKS.get(job.kind, rotate)
        done = run_rotation(job_id=job.pk, now=clock.now(), work=work, told=self._tell)
        self._tell(done)
        if done.status == JobStatus.FAILED:
            raise CommandError(f"{done.failure_code}: load the key and call “rotate_keys resume”")

    def _tell(self, job: CodeJob) -> None:
        done = min(job.done_count, job.total_count)
        shown = {name: value for name, value in sorted(job.report.items()) if name not in UNTOLD}
        found = " ".join(
            f"{name}={_in_words(value) if isinstance(value, dict) else value}" for name, value in shown.items()
        )
        self.stdout.write(f"{job.kind} {job.pk}: {job.status} {done:,} of {job.total_count:,} {found}".rstrip())


def _until_when(needed: dict[str, Kept]) -> str:
    """Tell what hangs on an index key; without a day it stays until it is indexed anew, or somebody acts."""
    told = (
        f"{kept.count:,} {name}" + (f" until {jst_day(kept.until)}" if kept.until else "")
        for name, kept in needed.items()
    )
    return ", ".join(told) or "nothing"


def _in_words(uses: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in uses.items() if count) or "nothing"


def _campaign(slug: str) -> Campaign:
    found = Campaign.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"there is no campaign {slug}")
    return found
