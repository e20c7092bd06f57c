"""The master key is changed: one work seals anew, table by table, whatever a master key sealed (reliability.md §7).

It runs here since only from here all tables with sealed columns are in sight; each app writes its own rows.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Model

from accounts import audit
from accounts.data_keys import reseal_data_keys
from accounts.models import DataKey
from codes.key_errors import MasterKeyNeeded, RotationRunning
from codes.models import CodeJob, GiftCode, JobKind, JobStatus, Shipment
from codes.services.forgetting_addresses import reseal_addresses
from codes.services.job_loop import OPEN, RUN_TASK
from codes.services.rotation import PASSES, reseal_codes
from codes.services.table_works import as_read, counted, move_on
from core import held_files
from core.crashpoints import crashpoint
from core.errors import KeyUnavailable
from core.queueing import enqueue_on_commit
from core.resealing import Resealed, texts_by_key
from eligibility.models import Serial
from eligibility.services import reseal_serials
from participants.models import Identity, TypedProof
from participants.services import reseal_contacts, reseal_typed_numbers
from receipts.models import ReceiptPhoto
from receipts.selectors import photos_by_key
from receipts.services import reseal_photos

HELD_FILES = "held files"
UNKNOWN = ""  # files of photographs stored before their rows named their keys


@dataclass(frozen=True)
class SealedTable:
    """A table with columns that a master key seals: how it is counted by key, and sealed anew."""

    name: str
    model: type[Model]
    count: Callable[[], Counter[str]]
    reseal: Callable[..., Resealed]


def _texts(name: str, model: type[Model], reseal: Callable[..., Resealed]) -> SealedTable:
    return SealedTable(name, model, partial(texts_by_key, model), reseal)


TABLES = (
    _texts("data keys", DataKey, reseal_data_keys),
    _texts("codes", GiftCode, reseal_codes),
    _texts("delivery addresses", Shipment, reseal_addresses),
    _texts("contacts", Identity, reseal_contacts),
    _texts("typed numbers", TypedProof, reseal_typed_numbers),
    _texts("serial codes", Serial, reseal_serials),
    SealedTable("photographs", ReceiptPhoto, photos_by_key, reseal_photos),
)


def uses_of_master_keys() -> dict[str, dict[str, int]]:
    """Count, for each master key that is loaded or still named somewhere, what it seals, table by table.

    Photographs whose key nobody has looked up yet stand under an empty key.
    """
    uses: dict[str, dict[str, int]] = {str(key_id): {} for key_id in settings.ENCRYPTION_KEYS}
    counts = {table.name: table.count() for table in TABLES} | {HELD_FILES: held_files.files_by_key()}
    for name, by_key in counts.items():
        for key_id, count in by_key.items():
            uses.setdefault(key_id, {})[name] = count
    return uses


@transaction.atomic
def start_master_rotation(*, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Queue the work that brings everything under the master key of today.

    Raises:
        RotationRunning: such work is under way.
    """
    open_jobs = CodeJob.objects.filter(kind=JobKind.MASTER, status__in=OPEN)
    if open_jobs.select_for_update().exists():
        raise RotationRunning
    key_id = str(settings.ENCRYPTION_KEY_ID)
    job = CodeJob.objects.create(
        kind=JobKind.MASTER,
        parameters={"key": key_id},
        total_count=sum(_left(key_id).values()),
        requested_by_id=actor_id,
    )
    audit.record("master_key.rotation_started", subject=job, actor_id=actor_id, key=key_id, values=job.total_count)
    enqueue_on_commit(RUN_TASK, job_id=job.pk)
    return job


def master_chunk(*, job_id: int, now: datetime) -> bool:
    """Seal the next piece of the next table anew; tells whether more is to do, and ends the job when none is.

    Raises:
        KeyUnavailable: a key that is needed is not loaded here, or this process seals under another key than the
            job is for; the job can go on later, or elsewhere.
    """
    job = CodeJob.objects.get(pk=job_id)
    if job.parameters["key"] != settings.ENCRYPTION_KEY_ID:
        raise KeyUnavailable(key_id=job.parameters["key"])
    number = job.report.get("table", 0)
    if number >= len(TABLES):
        return _again(job, now)
    table = TABLES[number]
    given: dict[str, Any] = {"now": now} if table.model is DataKey else {}
    piece = table.reseal(after=job.cursor, **given)
    crashpoint("rotation.after_piece")
    move_on(job, piece, counted(job.report, table.name, done=piece.done, unreadable=piece.unreadable))
    return True


@transaction.atomic
def retire_master_key(*, key_id: str, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Confirm that a master key may be taken out of the settings; returns the work after which it could be.

    Raises:
        MasterKeyNeeded: it seals new values, something is still sealed under it (`needed` counts it, table by table),
            or nothing has been sealed anew since.
    """
    needed = {} if key_id == settings.ENCRYPTION_KEY_ID else _needing(key_id)
    done = CodeJob.objects.filter(
        kind=JobKind.MASTER, status=JobStatus.DONE, parameters__key=str(settings.ENCRYPTION_KEY_ID)
    ).first()
    if key_id == settings.ENCRYPTION_KEY_ID or needed or done is None:
        raise MasterKeyNeeded(key_id=key_id, needed=needed)
    audit.record("master_key.retired", subject=done, actor_id=actor_id, key=key_id)
    return done


def _needing(key_id: str) -> dict[str, int]:
    uses = uses_of_master_keys()
    return dict(Counter(uses.get(key_id, {})) + Counter(uses.get(UNKNOWN, {})))


def _left(key_id: str) -> dict[str, int]:
    """Count what is not under a key yet; held files go by themselves."""
    found = {table.name: sum(n for key, n in table.count().items() if key != key_id) for table in TABLES}
    return {name: count for name, count in found.items() if count}


def _again(job: CodeJob, now: datetime) -> bool:
    """Begin once more where hosts with other settings left something behind the cursor, else end."""
    left, passes = _left(job.parameters["key"]), job.report.get("passes", 0) + 1
    report = {**job.report, "passes": passes, "left": left}
    if sum(left.values()) > sum(report.get("unreadable", {}).values()) and passes < PASSES:
        report.pop("unreadable", None)
        as_read(job).update(cursor=0, report={**report, "table": 0})
        return True
    with transaction.atomic():
        job.move_to(JobStatus.DONE, finished_at=now, lease_until=None, failure_code="", report=report)
        audit.record("master_key.rotation_done", subject=job, key=job.parameters["key"], **_told(report))
    return False


def _told(report: dict[str, Any]) -> dict[str, Any]:
    return {name: report.get(name, {}) for name in ("done", "unreadable", "left")}
