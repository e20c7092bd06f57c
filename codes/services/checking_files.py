"""A code file is looked through before anything of it comes in: every row, in flat memory, stored nowhere."""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from campaigns.models import Prize
from codes.csv_import import CodeRow, code_rows, look_over
from codes.errors import FileNotAccepted, RowProblem
from codes.models import CodeJob, FileProblem, JobKind, JobStatus
from codes.sealing import CodeSealer
from codes.services.incoming import (
    agency_of,
    brand_rows,
    check_brand,
    import_sentences,
    known_rows,
    prize_of,
    sealer_of,
)
from codes.services.job_loop import RUN_TASK
from core import held_files
from core.errors import SecretDamaged
from core.queueing import enqueue_on_commit

CHUNK = 10_000  # rows looked up together
NAMED = 50  # problems in a report
PROBLEMS_KEPT = 100_000  # rows that are named one by one; of more, people are told how many
PROBLEM_DAYS = timedelta(days=30)
TAIL = 4
PREFIX = 16  # hex digits of an index that tell codes apart before the whole index does
RECHECKED = 100_000  # suspected duplicates whose whole index is compared; more than that are no chance


@dataclass
class Findings:
    """What a pass over a file has found so far."""

    job_id: int
    row_count: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    kept_count: int = 0
    waiting: list[FileProblem] = field(default_factory=list)
    prefixes: list[NDArray[np.uint64]] = field(default_factory=list)
    rows: list[NDArray[np.uint32]] = field(default_factory=list)

    def add(self, row: int, code: str, tail: str = "") -> None:
        """Note a problem, as long as there is room by its row."""
        self.counts[code] += 1
        if self.kept_count < PROBLEMS_KEPT:
            self.waiting.append(FileProblem(job_id=self.job_id, row=row, code=code, tail=tail[-TAIL:]))
            self.kept_count += 1
        if len(self.waiting) >= CHUNK:
            self.store()

    def store(self) -> None:
        """Write down what was found since the last time."""
        FileProblem.objects.bulk_create(self.waiting)
        self.waiting = []


@transaction.atomic
def start_check(
    *, prize_id: int, name: str, ticket: str, expires_at: datetime | None, now: datetime, actor_id: int | None = None
) -> CodeJob:
    """Have a held file looked through for a prize.

    Raises:
        FileNotAccepted: nothing is held under the ticket.
        BrandNotKept: the prize's codes are made by its supplier.
    """
    if not held_files.exists(ticket):
        raise FileNotAccepted(reason="file_gone")
    prize = prize_of(prize_id)
    check_brand(prize)
    parameters = {
        "prize": prize.pk,
        "name": name,
        "ticket": ticket,
        "expires_at": expires_at.isoformat() if expires_at else "",
    }
    job = CodeJob.objects.create(
        agency_id=agency_of(prize), kind=JobKind.CHECK, parameters=parameters, requested_by_id=actor_id
    )
    enqueue_on_commit(RUN_TASK, job_id=job.pk)
    return job


def check_file(*, job_id: int, now: datetime) -> Iterator[None]:
    """Look through the file of a job; a repeat begins anew.

    Raises:
        FileNotAccepted: the file cannot be read at all.
    """
    job = CodeJob.objects.get(pk=job_id)
    prize, ticket = prize_of(job.parameters["prize"]), job.parameters["ticket"]
    try:
        facts = look_over(held_files.chunks_of(ticket))
        yield
        sealer, found = sealer_of(prize), Findings(job_id)
        FileProblem.objects.filter(job_id=job_id).delete()  # of a try that broke off
        for chunk in itertools.batched(code_rows(held_files.chunks_of(ticket), facts.encoding), CHUNK):
            _judge(prize, sealer, chunk, found)
            found.store()
            CodeJob.objects.filter(pk=job_id, status=JobStatus.RUNNING).update(done_count=found.row_count)
            yield
        _find_doubles(sealer, ticket, facts.encoding, found)
    except FileNotFoundError as error:
        raise FileNotAccepted(reason="file_gone") from error
    except SecretDamaged as error:
        raise FileNotAccepted(reason="file_damaged") from error
    _end(job, prize, found, {"sha256": facts.sha256, "encoding": facts.encoding}, now)


def refused_report(refusal: FileNotAccepted, *, job_id: int) -> dict[str, Any]:
    """Tell why a file could not be read at all, and keep the rows that say so."""
    found = Findings(job_id)
    for problem in refusal.problems:
        found.add(problem.row, problem.code, problem.ending)
    found.store()
    return {"problems": _first_problems(job_id), "sentences": [str(refusal.message)] if refusal.problems else []}


def forget_problems(*, now: datetime) -> int:
    """Delete the rows of problems of files that were checked weeks ago; their counts stay. Returns how many."""
    return FileProblem.objects.filter(job__created_at__lt=now - PROBLEM_DAYS).delete()[0]


def _judge(prize: Prize, sealer: CodeSealer, chunk: tuple[CodeRow | RowProblem, ...], found: Findings) -> None:
    rows = [row for row in chunk if isinstance(row, CodeRow)]
    indexes = sealer.index_many([row.code for row in rows])
    wrong = brand_rows(prize, rows) | known_rows(prize, rows, indexes)
    for item in chunk:
        if isinstance(item, RowProblem):
            found.add(item.row, item.code)
        elif item.row in wrong:
            found.add(item.row, wrong[item.row], item.code)
    found.row_count += len(chunk)
    kept = [
        (int(index[:PREFIX], 16), row.row) for index, row in zip(indexes, rows, strict=True) if row.row not in wrong
    ]
    found.prefixes.append(np.array([prefix for prefix, _row in kept], dtype=np.uint64))
    found.rows.append(np.array([row for _prefix, row in kept], dtype=np.uint32))


def _find_doubles(sealer: CodeSealer, ticket: str, encoding: str, found: Findings) -> None:
    """Name the rows whose code stands further up in the file, spelled in whatever way."""
    prefixes, rows = np.concatenate(found.prefixes), np.concatenate(found.rows)
    order = np.argsort(prefixes, kind="stable")
    same = prefixes[order][1:] == prefixes[order][:-1]
    later = rows[order[1:][same]]
    if not len(later):
        return
    suspected = set(prefixes[order[1:][same]][:RECHECKED].tolist())
    doubles, firsts = set(np.sort(later)[:RECHECKED].tolist()), dict[int, str]()
    for item in code_rows(held_files.chunks_of(ticket), encoding):
        if isinstance(item, RowProblem):
            continue
        index = sealer.index(item.code)
        prefix = int(index[:PREFIX], 16)
        if item.row in doubles and firsts.get(prefix, index) == index:
            found.add(item.row, "duplicate_in_file", item.code)
        elif prefix in suspected:
            firsts.setdefault(prefix, index)
    found.counts["duplicate_in_file"] += max(0, len(later) - RECHECKED)


def _end(job: CodeJob, prize: Prize, found: Findings, facts: dict[str, str], now: datetime) -> None:
    problem_count = found.counts.total()
    usable = found.row_count - problem_count
    found.store()
    report = {
        "encoding": facts["encoding"],
        "row_count": found.row_count,
        "usable_count": usable,
        "total_value_jpy": usable * prize.face_value_jpy,
        "problem_counts": dict(found.counts),
        "problems": _first_problems(job.pk),
        "sentences": import_sentences(prize, usable, problem_count),
    }
    job.refresh_from_db()
    job.move_to(
        JobStatus.DONE,
        finished_at=now,
        lease_until=None,
        report=report,
        parameters={**job.parameters, **facts},
        done_count=found.row_count,
        total_count=found.row_count,
    )
    if problem_count:
        held_files.let_go(job.parameters["ticket"])


def _first_problems(job_id: int) -> list[dict[str, Any]]:
    found = FileProblem.objects.filter(job_id=job_id).values("row", "code", "tail")[:NAMED]
    return [dict(problem) for problem in found]
