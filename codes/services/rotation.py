"""Keys are replaced while codes are handed out and used: a bounded chunk at a time, over rows that others change too.

A value is replaced only where it is still the one that was opened (compare and swap), so nothing is ever overwritten,
and a chunk done twice changes nothing. The job's cursor moves after its chunk; a killed worker's chunk is done again.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from accounts import audit
from accounts.data_keys import replace_key
from campaigns.models import Campaign, Prize
from codes.key_errors import RotationRunning
from codes.key_use import STORED, first_and_count, sealed_otherwise
from codes.models import CodeJob, GiftCode, JobKind, JobStatus
from codes.sealing import COLUMNS, CodeSealer, open_column
from codes.services.job_loop import Work, fail, run_leased
from core.crashpoints import crashpoint
from core.errors import DomainError, KeyUnavailable, SecretDamaged
from core.reindexing import Reindexed, reindex_rows
from core.resealing import Resealed, next_piece

Row = tuple[str | int, ...]
CHUNK = 1000
ROWS_LOCKED = 50  # at once: winners and tills wait for no more than these
PASSES = 5
SEAL_ANEW = f"""
UPDATE codes_giftcode SET {", ".join(f"{name} = %s" for name in STORED)}
WHERE id = %s AND {" AND ".join(f"{name} = %s" for name in STORED)}
"""  # noqa: S608 names of our own columns


@transaction.atomic
def start_rewrap(*, campaign_id: int, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Give a campaign a new key for new codes at once, and queue the work that seals its other codes anew.

    Raises:
        RotationRunning: such work of the campaign is under way.
    """
    campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
    scope = str(campaign.public_id)
    if _open_jobs(JobKind.REWRAP).filter(parameters__campaign=scope).exists():
        raise RotationRunning(campaign_id=campaign_id)
    replace_key(agency_id=campaign.agency_id, scope=scope, now=now, actor_id=actor_id)
    first, count = first_and_count(scope)
    job = CodeJob.objects.create(
        kind=JobKind.REWRAP,
        agency_id=campaign.agency_id,
        parameters={"campaign": scope},
        cursor=first - 1,
        total_count=count,
        requested_by_id=actor_id,
    )
    audit.record("codes.rewrap_started", subject=job, actor_id=actor_id, campaign=scope, codes=job.total_count)
    return job


def rewrap_chunk(*, job_id: int, now: datetime) -> bool:
    """Seal up to 1,000 codes of a job's campaign anew; tells whether more is to do.

    Raises:
        KeyUnavailable: the master key is not loaded; the job can go on later.
    """
    job = CodeJob.objects.select_related("agency").get(pk=job_id)
    scope = job.parameters["campaign"]
    sealer = CodeSealer(agency_id=job.agency_id or 0, campaign_public_id=scope)
    rows = list(_next_codes(scope, job.cursor))
    if not rows:
        return _again(job, sealed_otherwise(scope, sealer.prefix).count(), first_and_count(scope)[0] - 1)
    unreadable = 0
    for start in range(0, len(rows), ROWS_LOCKED):
        fresh = [_sealed_anew(code, sealer) for code in rows[start : start + ROWS_LOCKED]]
        unreadable += fresh.count(None)
        _execute(SEAL_ANEW, [values for values in fresh if values])
        crashpoint("rotation.after_rows")
    _move_on(job, rows, unreadable=unreadable)
    return True


def reseal_codes(*, after: int) -> Resealed:
    """Bring the next codes behind a key that a master key itself seals, as before there were data keys, under those.

    Raises:
        KeyUnavailable: the key of one of them is not loaded.
    """
    direct = Q(pk__in=[])
    for name in STORED:
        direct |= Q(**{f"{name}__startswith": "v1:"})
    codes = GiftCode.objects.filter(direct).select_related("prize__course__campaign")
    found, cursor, is_last = next_piece(codes, after=after)
    sealers: dict[int, CodeSealer] = {}
    unreadable = 0
    for start in range(0, len(found), ROWS_LOCKED):
        fresh = [_sealed_anew(code, _sealer_of(code, sealers)) for code in found[start : start + ROWS_LOCKED]]
        unreadable += fresh.count(None)
        _execute(SEAL_ANEW, [values for values in fresh if values])
        crashpoint("rotation.after_rows")
    return Resealed(cursor, is_last, len(found) - unreadable, unreadable)


def reindex_codes(*, after: int) -> Reindexed:
    """Index the next codes behind a key anew. One that was discarded is looked for by nobody and only changes its key.

    Codes on paper only, and those whose key is destroyed, keep theirs: tills find them under it.
    """
    sealers: dict[int, CodeSealer] = {}
    codes = GiftCode.objects.select_related("prize__course__campaign")
    return reindex_rows(codes, "code_index", lambda code: _indexed_anew(code, sealers), after=after)


def rotate(*, job_id: int, now: datetime) -> Iterator[None]:
    """Work a job off, chunk by chunk."""
    while rewrap_chunk(job_id=job_id, now=now):
        yield
    _finish(CodeJob.objects.get(pk=job_id), now)


def run_rotation(
    *, job_id: int, now: datetime, work: Work = rotate, told: Callable[[CodeJob], None] | None = None
) -> CodeJob:
    """Work a job off under a lease; a job whose worker died, or that failed, goes on where it stopped."""
    CodeJob.objects.filter(pk=job_id, status=JobStatus.FAILED).update(status=JobStatus.QUEUED)
    try:
        return run_leased(job_id=job_id, now=now, work=work, told=told)
    except DomainError as refusal:
        return fail(job_id=job_id, refusal=refusal)


def _next_codes(scope: str, cursor: int) -> QuerySet[GiftCode]:
    """Give the next codes of a campaign in the order of their keys, which is a walk along the primary index."""
    prizes = list(Prize.objects.filter(course__campaign__public_id=scope).values_list("pk", flat=True))
    return GiftCode.objects.filter(prize_id__in=prizes, pk__gt=cursor).order_by("pk")[:CHUNK]


def _open_jobs(kind: JobKind) -> QuerySet[CodeJob]:
    return CodeJob.objects.filter(kind=kind, status__in=[JobStatus.QUEUED, JobStatus.RUNNING])


def _sealed_anew(code: GiftCode, sealer: CodeSealer) -> Row | None:
    """Give what to store in the place of what, None if it cannot be opened, () if there is nothing to do."""
    old = [getattr(code, name) for name in STORED]
    if all(not stored or stored.startswith(sealer.prefix) for stored in old):
        return ()
    try:
        new = [sealer.seal(column, open_column(code, column), code.public_id) for column in COLUMNS]
    except SecretDamaged:
        return None
    return (*new, code.pk, *old)


def _sealer_of(code: GiftCode, sealers: dict[int, CodeSealer]) -> CodeSealer:
    campaign = code.prize.course.campaign
    if campaign.pk not in sealers:
        sealers[campaign.pk] = CodeSealer(agency_id=code.agency_id, campaign_public_id=campaign.public_id)
    return sealers[campaign.pk]


def _indexed_anew(code: GiftCode, sealers: dict[int, CodeSealer]) -> str:
    if code.is_on_paper_only:
        return ""
    if not code.code_ciphertext or code.code_index.startswith("discarded:"):
        return str(code.code_index)
    try:
        return _sealer_of(code, sealers).index(open_column(code, "code"))
    except KeyUnavailable as error:
        raise SecretDamaged from error


@transaction.atomic
def _execute(statement: str, rows: list[Row]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def _move_on(job: CodeJob, rows: list[GiftCode], **found: int | list[int]) -> None:
    """Move the cursor behind the chunk, unless another worker has done so meanwhile."""
    report = dict(job.report)
    for name, value in found.items():
        if value:
            report[name] = report.get(name, type(value)()) + value
    report["chunks"] = report.get("chunks", 0) + 1
    CodeJob.objects.filter(pk=job.pk, cursor=job.cursor).update(
        cursor=rows[-1].pk, done_count=F("done_count") + len(rows), report=report
    )


def _again(job: CodeJob, left: int, cursor: int) -> bool:
    """Begin once more with rows that came in, or were changed by others, behind the cursor."""
    passes = job.report.get("passes", 0) + 1
    known = job.report.get("unreadable", 0) + len(job.report.get("doubles", []))
    if left <= known or passes >= PASSES:
        CodeJob.objects.filter(pk=job.pk).update(report={**job.report, "left": left})
        return False
    CodeJob.objects.filter(pk=job.pk, cursor=job.cursor).update(
        cursor=cursor, report={"passes": passes, "chunks": job.report.get("chunks", 0)}
    )
    return True


@transaction.atomic
def _finish(job: CodeJob, now: datetime) -> None:
    job.move_to(JobStatus.DONE, finished_at=now, lease_until=None, failure_code="", done_count=job.total_count)
    audit.record(f"codes.{job.kind}_done", subject=job, **job.report)
