"""Own codes by the million, made chunk by chunk; what a killed worker had not committed is drawn anew."""

from datetime import datetime
from itertools import starmap

from django.db import transaction
from django.db.models import F

from codes.csv_import import CodeRow
from codes.errors import QuantityNotAccepted
from codes.loading import insert_codes
from codes.making import make_texts
from codes.models import BatchPurpose, BatchStatus, CodeBatch, CodeFormat, CodeJob, CodeSource, JobKind
from codes.services.incoming import CHUNK, agency_of, close_loading, new_batch, next_position, prize_of, sealer_of
from codes.services.job_loop import RUN_TASK, advance
from core.crashpoints import crashpoint
from core.queueing import enqueue_on_commit

MOST = 10_000_000


@transaction.atomic
def start_generation(
    *,
    prize_id: int,
    name: str,
    count: int,
    code_format: str = CodeFormat.TYPED,
    purpose: str = BatchPurpose.AWARDS,
    expires_at: datetime | None = None,
    now: datetime,
    actor_id: int | None = None,
) -> CodeJob:
    """Have own codes of a form made.

    Raises:
        QuantityNotAccepted: not between 1 and 10,000,000.
        FormatNotAvailable: the installation has no number range for this form.
        BrandNotKept: the supplier of the prize's gift brand makes its codes.
    """
    if not 1 <= count <= MOST:
        raise QuantityNotAccepted
    make_texts(code_format, 1)
    prize = prize_of(prize_id)
    first = next_position(prize)
    batch = new_batch(
        prize,
        name=name,
        source=CodeSource.GENERATED,
        status=BatchStatus.LOADING,
        code_format=code_format,
        purpose=purpose,
        expires_at=expires_at,
        created_by_id=actor_id,
    )
    job = CodeJob.objects.create(
        agency_id=agency_of(prize),
        batch=batch,
        kind=JobKind.GENERATE,
        parameters={"first": first},
        total_count=count,
        requested_by_id=actor_id,
    )
    enqueue_on_commit(RUN_TASK, job_id=job.pk)
    return job


@transaction.atomic
def generate_chunk(*, job_id: int, now: datetime) -> bool:
    """Make the next codes of a job; tells whether more is to do. The cursor counts positions, done_count codes."""
    job = CodeJob.objects.select_related("batch").get(pk=job_id)
    missing = job.total_count - job.done_count
    if not missing or job.batch is None:
        close_loading(job, now)
        return False
    batch = job.batch
    texts = make_texts(batch.code_format, min(CHUNK, missing))
    advance(job, cursor=job.cursor + len(texts), done=0)
    rows = list(starmap(CodeRow, enumerate(texts, start=1)))
    first = job.parameters["first"] + job.cursor
    sealer = sealer_of(prize_of(batch.prize_id))
    # A text that was drawn before is left out, and another drawn for it.
    stored = len(rows) - len(insert_codes(batch=batch, rows=rows, first=first, sealer=sealer, now=now))
    CodeBatch.objects.filter(pk=batch.pk).update(code_count=F("code_count") + stored)
    CodeJob.objects.filter(pk=job_id).update(done_count=F("done_count") + stored)
    crashpoint("jobs.before_chunk_commit")
    return True
