"""The index key is changed: one work indexes anew, table by table, whatever can be (reliability.md §7).

It runs here since only from here all tables with keyed hashes are in sight; each app writes its own rows. Of what is
kept as a hash only the operator is told how much still hangs on the old key, and until when.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Model

from accounts import audit
from accounts.models import ApiKey
from accounts.selectors import api_keys_by_index_key
from codes import key_use
from codes.key_errors import IndexKeyNeeded, RotationRunning
from codes.models import (
    Award,
    CodeJob,
    GiftCode,
    Household,
    JobKind,
    JobStatus,
    OfflineDispute,
    RecoveredCall,
    Redemption,
    ShownNumber,
    Tombstone,
)
from codes.services.forgetting_addresses import reindex_households
from codes.services.job_loop import RUN_TASK
from codes.services.rotation import PASSES, reindex_codes
from codes.services.table_works import as_read, counted, move_on
from codes.shipments import households_by_index_key
from core.crashpoints import crashpoint
from core.errors import KeyUnavailable
from core.index_keys import current_key_id
from core.queueing import enqueue_on_commit
from core.reindexing import Kept, Reindexed
from eligibility.models import AttemptBudget, ReferenceNumber, Serial
from eligibility.selectors import budgets_by_index_key, references_by_index_key, serials_by_index_key
from eligibility.services import reindex_serials
from participants.models import EntryTrace, Identity, TypedProof
from participants.selectors import contacts_by_index_key, traces_by_index_key, typed_numbers_by_index_key
from participants.services import reindex_contacts, reindex_typed_numbers
from receipts.models import Receipt
from receipts.selectors import receipts_by_index_key
from receipts.services import reindex_receipts

DOUBLES_NAMED = 100


@dataclass(frozen=True)
class IndexedTable:
    """A table with keyed hashes: how what needs a key is counted, and made anew; None: there are only the hashes."""

    name: str
    model: type[Model]
    count: Callable[[datetime], dict[str, Kept]]
    reindex: Callable[..., Reindexed] | None = None


TABLES = (
    IndexedTable("codes", GiftCode, key_use.codes_by_index_key, reindex_codes),
    IndexedTable("contacts", Identity, contacts_by_index_key, reindex_contacts),
    IndexedTable("typed numbers", TypedProof, typed_numbers_by_index_key, reindex_typed_numbers),
    IndexedTable("serial codes", Serial, serials_by_index_key, reindex_serials),
    IndexedTable("receipts", Receipt, receipts_by_index_key, reindex_receipts),
    IndexedTable("households", Household, households_by_index_key, reindex_households),
    IndexedTable("claim links", Award, key_use.links_by_index_key),
    IndexedTable("reference numbers", ReferenceNumber, references_by_index_key),
    IndexedTable("API keys", ApiKey, api_keys_by_index_key),
    IndexedTable("traces", EntryTrace, traces_by_index_key),
    IndexedTable("counted tries", AttemptBudget, budgets_by_index_key),
    IndexedTable("one-time numbers", ShownNumber, key_use.shown_numbers_by_index_key),
    IndexedTable("uses from the journal", Redemption, key_use.recovered_uses_by_index_key),
    IndexedTable("undone sales from the journal", Tombstone, key_use.recovered_undoings_by_index_key),
    IndexedTable("disputed uses from the journal", OfflineDispute, key_use.recovered_disputes_by_index_key),
    IndexedTable("calls from the journal", RecoveredCall, key_use.recovered_calls_by_index_key),
)


def uses_of_index_keys(now: datetime) -> dict[str, dict[str, Kept]]:
    """Count, for each index key that is loaded or still named somewhere, what needs it, table by table."""
    uses: dict[str, dict[str, Kept]] = {str(key_id): {} for key_id in settings.INDEX_KEYS}
    for table in TABLES:
        for key_id, kept in table.count(now).items():
            uses.setdefault(key_id, {})[table.name] = kept
    return uses


@transaction.atomic
def start_reindex(*, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Queue the work that indexes whatever can be under the index key of today.

    Raises:
        RotationRunning: such work is under way.
    """
    running = CodeJob.objects.filter(kind=JobKind.REINDEX, status__in=[JobStatus.QUEUED, JobStatus.RUNNING])
    if running.select_for_update().exists():
        raise RotationRunning
    key_id = current_key_id()
    total = sum(kept.count for table in TABLES if table.reindex for kept in _former(table, key_id, now))
    job = CodeJob.objects.create(
        kind=JobKind.REINDEX, parameters={"key": key_id}, total_count=total, requested_by_id=actor_id
    )
    audit.record("index_key.rotation_started", subject=job, actor_id=actor_id, key=key_id, values=total)
    enqueue_on_commit(RUN_TASK, job_id=job.pk)
    return job


def index_chunk(*, job_id: int, now: datetime) -> bool:
    """Index the next piece of the next table anew; tells whether more is to do, and ends the job when none is.

    Raises:
        KeyUnavailable: a key that is needed is not loaded here, or this process indexes under another key than the job
            is for; the job can go on later, or elsewhere.
    """
    job = CodeJob.objects.get(pk=job_id)
    if job.parameters.get("key") not in (None, current_key_id()):  # jobs of the time before knew of one key only
        raise KeyUnavailable(key_id=job.parameters["key"])
    number = job.report.get("table", 0)
    tables = [table for table in TABLES if table.reindex]
    if number >= len(tables):
        return _again(job, now)
    table = tables[number]
    assert table.reindex is not None
    piece = table.reindex(after=job.cursor)
    crashpoint("rotation.after_piece")
    report = counted(job.report, table.name, done=piece.done, unreadable=piece.unreadable, doubles=len(piece.doubles))
    named = [*report.get("named", []), *(f"{table.name} {pk}" for pk in piece.doubles)][:DOUBLES_NAMED]
    report |= {"moved": report.get("moved", 0) + piece.done} | ({"named": named} if named else {})
    move_on(job, piece, report)
    return True


@transaction.atomic
def retire_index_key(*, key_id: str, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Confirm that an index key may be taken out of the settings; returns the work after which it could be.

    Raises:
        IndexKeyNeeded: it indexes new values, something still needs it (`needed` counts it, table by table, and tells
            until when), or nothing has been indexed anew since.
    """
    current = current_key_id()
    needed = {} if key_id == current else uses_of_index_keys(now).get(key_id, {})
    jobs = CodeJob.objects.filter(kind=JobKind.REINDEX, status=JobStatus.DONE, parameters__key=current)
    done = jobs.first()
    if key_id == current or needed or done is None:
        raise IndexKeyNeeded(key_id=key_id, needed=needed)
    audit.record("index_key.retired", subject=done, actor_id=actor_id, key=key_id)
    return done


def _former(table: IndexedTable, key_id: str, now: datetime) -> list[Kept]:
    """Give what of a table hangs on other keys than one."""
    return [kept for key, kept in table.count(now).items() if key != key_id]


def _again(job: CodeJob, now: datetime) -> bool:
    """Begin once more where something was moved, since hosts with other settings may have written behind, else end."""
    passes = job.report.get("passes", 0) + 1
    report: dict[str, Any] = {name: value for name, value in job.report.items() if name not in ("table", "moved")}
    report["passes"] = passes
    if job.report.get("moved") and passes < PASSES:
        again = {name: value for name, value in report.items() if name not in ("unreadable", "doubles", "named")}
        as_read(job).update(cursor=0, report={**again, "table": 0})
        return True
    report |= _left(job.parameters.get("key") or current_key_id(), now)
    with transaction.atomic():
        job.move_to(JobStatus.DONE, finished_at=now, lease_until=None, failure_code="", report=report)
        told = {name: report.get(name, {}) for name in ("done", "unreadable", "doubles", "left")}
        audit.record("index_key.rotation_done", subject=job, key=job.parameters.get("key", ""), **told)
    return False


def _left(key_id: str, now: datetime) -> dict[str, dict[str, Any]]:
    """Tell what still hangs on other keys, table by table, and until when where that is known."""
    left: dict[str, Any] = {}
    until: dict[str, str] = {}
    for table in TABLES:
        former = _former(table, key_id, now)
        if former:
            left[table.name] = sum(kept.count for kept in former)
            ends = [kept.until for kept in former if kept.until is not None]
            if len(ends) == len(former):
                until[table.name] = max(ends).isoformat()
    return {"left": left, "until": until}
