"""Servers are killed under load: what was acknowledged is there, once, and what waited is done soon afterwards.

On a PostgreSQL and a Redis of its own, with web and worker as in production: people enter, win, look, pay and reserve
over HTTP, and repeat what gets no answer. Meanwhile one part after the other is killed with SIGKILL and started again.
"""

import contextlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from drill.crashing.servers import Servers, launch, prepare, start_product
from drill.options import Options

if TYPE_CHECKING:
    from drill.crashing.people import Counts, People, Target
    from tests.api.world import Tenant

CODES = 5_000
BATCH = 20_000
KILLS_A_ROUND = 2
LOAD_SECONDS = (1.0, 3.0)  # before a kill
IMPORT_SECONDS = (0.0, 1.5)  # from a batch's begin to the kill
DRAIN_LIMIT_SECONDS = 600
STEP_SECONDS = 0.1

TITLES = ("kill of", "times", "acknowledged", "unanswered", "repeated", "lost", "doubled", "violations", "drain s")
WIDTHS = (10, 7, 14, 12, 10, 6, 9, 12, 9)


@dataclass
class Line:
    """A line of the table, or of what is said below it."""

    cells: tuple[object, ...]
    is_kept: bool = True

    def __str__(self) -> str:
        if len(self.cells) == 1:
            return str(self.cells[0])
        first, *rest = (f"{cell:,.1f}" if isinstance(cell, float) else str(cell) for cell in self.cells)
        row = first.ljust(WIDTHS[0]) + "".join(cell.rjust(width) for cell, width in zip(rest, WIDTHS[1:], strict=True))
        return row if self.is_kept else f"{row}   BROKEN"


@dataclass
class Tally:
    """What the kills of one part came to; `lost` and `doubled` are of the last look, which covers all before."""

    times: int = 0
    acknowledged: int = 0
    unanswered: int = 0
    repeated: int = 0
    lost: int = 0
    doubled: int = 0
    violations: int = 0
    drain_seconds: float = 0.0
    is_drained: bool = True
    notes: set[str] = field(default_factory=set)

    def add(self, counts: "Counts") -> None:
        """Add what happened to the calls of a round."""
        self.acknowledged += counts.acknowledged
        self.unanswered += counts.unanswered
        self.repeated += counts.repeated

    def line(self, name: str) -> Line:
        """The table's line."""
        counted = (self.times, self.acknowledged, self.unanswered, self.repeated, self.lost, self.doubled)
        is_kept = self.is_drained and not (self.lost or self.doubled or self.violations)
        return Line((name, *counted, self.violations, self.drain_seconds), is_kept)


def rehearse(options: Options) -> Iterator[Line]:
    """Kill each part in turn, again and again until the time is over; every round ends with a look at everything."""
    with tempfile.TemporaryDirectory(prefix="mizuhiki-crash-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        from tests.contracts.smtp_sink import SmtpSink

        with SmtpSink() as sink, contextlib.ExitStack() as ending:
            servers = prepare(folder, sink.port)
            ending.callback(servers.stop)
            tenant = _make_world()
            start_product(servers)
            from drill.crashing.people import Mailbox, People

            people = People(_target(servers, tenant), Mailbox(sink))
            ending.callback(people.stop)
            people.start()
            drill = CrashDrill(servers, people, tenant, random.Random(options.seed))
            yield from drill.run(options)


@dataclass
class CrashDrill:
    """One run of the drill."""

    servers: Servers
    people: "People"
    tenant: "Tenant"
    random: random.Random
    batches: list[str] = field(default_factory=list)  # acknowledged by an importer that ended well
    begun: int = 0

    def run(self, options: Options) -> Iterator[Line]:
        """All rounds, then the table."""
        tallies: dict[str, Tally] = {name: Tally() for name in options.victims}
        limit, rounds = time.monotonic() + options.seconds, 0
        while rounds < len(tallies) or time.monotonic() < limit:
            name = options.victims[rounds % len(tallies)]
            self._round(name, tallies[name])
            rounds += 1
            print(f"round {rounds}: {tallies[name].line(name)}", file=sys.stderr, flush=True)
        yield Line(TITLES)
        for name, tally in tallies.items():
            yield tally.line(name)
        yield _total(tallies)
        yield Line((f"mails that came twice, with the same link: {self.people.mailbox.copies}",))
        problems = [*self.people.problems, *sorted(set().union(*(tally.notes for tally in tallies.values())))]
        yield from (Line((f"BROKEN: {problem}",), is_kept=False) for problem in problems)

    def _round(self, name: str, tally: Tally) -> None:
        before = self.people.snapshot()
        self.people.is_open.set()
        for _kill in range(KILLS_A_ROUND):
            self._wait(self.random.uniform(*LOAD_SECONDS))
            if name == "importer":
                self._kill_importer()
            else:
                self.servers.parts[name].kill()
            tally.times += 1
            self.servers.wait_until_ready()
        ready = time.monotonic()
        self.people.is_open.clear()
        if name == "importer":
            self._import_to_the_end()
        tally.is_drained = self._drain() and tally.is_drained
        tally.drain_seconds = max(tally.drain_seconds, time.monotonic() - ready)
        tally.add(self.people.snapshot() - before)
        self._look(tally)

    def _wait(self, seconds: float) -> None:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            self.servers.watch()
            time.sleep(STEP_SECONDS)

    def _drain(self) -> bool:
        """Wait until nobody waits for anything; tells whether that came in time."""
        limit = time.monotonic() + DRAIN_LIMIT_SECONDS
        while time.monotonic() < limit:
            self._wait(STEP_SECONDS)
            if self.people.is_idle and not pending():
                return True
        return False

    def _look(self, tally: Tally) -> None:
        from core import clock
        from drill.crashing.promises import compare
        from journeys.audit import violations

        self.servers.wait_until_ready()
        _forget_connection()
        findings = compare(self.people.promises.values())
        broken = violations(clock.now())
        lost_batches = [batch for batch in self.batches if not _is_in_stock(batch)]
        tally.lost = len(findings.lost) + len(lost_batches)
        tally.doubled = len(findings.doubled)
        tally.violations += sum(map(len, broken.values()))
        tally.notes |= {f"lost: {what}" for what in findings.lost} | {f"doubled: {what}" for what in findings.doubled}
        tally.notes |= {f"lost: batch {batch}" for batch in lost_batches}
        tally.notes |= {f"{name}: {' '.join(rows[:5])}" for name, rows in broken.items()}

    def _kill_importer(self) -> None:
        """Kill it somewhere between its begin and its end."""
        self.begun += 1
        importer = self._start_importer()
        assert importer.stdout is not None
        importer.stdout.readline()
        self._wait(self.random.uniform(*IMPORT_SECONDS))
        importer.kill()
        self._note_batch(importer)

    def _import_to_the_end(self) -> None:
        """Start it again; what it says it made is acknowledged."""
        self._note_batch(self._start_importer())

    def _start_importer(self) -> subprocess.Popen[bytes]:
        details = [str(self.tenant.prize.pk), str(BATCH), f"drill {self.begun}"]
        command = [sys.executable, "-m", "drill.crashing.importer", *details]
        return launch(command, self.servers.parts["redis"].log, output=subprocess.PIPE)

    def _note_batch(self, importer: subprocess.Popen[bytes]) -> None:
        said = importer.communicate(timeout=120)[0].decode().split()
        self.batches += [line for line in said if line != "begun"]
        self.people.count(acknowledged=sum(line != "begun" for line in said))


def _total(tallies: dict[str, Tally]) -> Line:
    """Calls and kills together; of losses the last look, which covers all rounds."""
    total = Tally()
    for tally in tallies.values():
        for name in ("times", "acknowledged", "unanswered", "repeated", "violations"):
            setattr(total, name, getattr(total, name) + getattr(tally, name))
        for name in ("lost", "doubled", "drain_seconds"):
            setattr(total, name, max(getattr(total, name), getattr(tally, name)))
        total.is_drained = total.is_drained and tally.is_drained
    return total.line("all")


def pending() -> int:
    """How much still waits for a worker; something, while the database does not answer."""
    from django.db import DatabaseError

    from codes.models import Award, Redemption
    from distribution.models import Delivery, DeliveryStatus
    from participants.models import Entry, EntryStatus

    waiting = [
        Entry.objects.filter(status__in=[EntryStatus.SUBMITTED, EntryStatus.ACCEPTED]),
        Delivery.objects.filter(status__in=[DeliveryStatus.QUEUED, DeliveryStatus.SENDING, DeliveryStatus.UNKNOWN]),
        Award.objects.filter(revealed_at__isnull=False, journaled_at__isnull=True),
        Redemption.objects.filter(journaled_at__isnull=True),
    ]
    try:
        return sum(rows.count() for rows in waiting)
    except DatabaseError:
        _forget_connection()
        return 1


def _forget_connection() -> None:
    from django.db import connection

    connection.close()


def _is_in_stock(public_id: str) -> bool:
    """Whether a batch is there with all its codes."""
    from codes.models import BatchStatus, CodeBatch

    batch = CodeBatch.objects.filter(public_id=public_id, status=BatchStatus.ACTIVE).first()
    return batch is not None and batch.gift_codes.count() == BATCH


def _make_world() -> "Tenant":
    """Migrate, open a campaign and put codes in stock."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from codes.services import activate_batch, generate_codes
    from core import clock
    from tests.api.world import make_tenant

    tenant = make_tenant("drill")
    now = clock.now()
    batch = generate_codes(prize_id=tenant.prize.pk, name="自社コード", count=CODES, expires_at=None, now=now)
    activate_batch(batch_id=batch.pk, now=now)
    return tenant


def _target(servers: Servers, tenant: "Tenant") -> "Target":
    from drill.crashing.people import Target

    return Target(
        servers.url,
        tenant.key,
        str(tenant.campaign.public_id),
        str(tenant.prize.public_id),
        str(tenant.question.public_id),
        tenant.store.code,
    )
