"""After a restore: codes on paper are known again and good again, and are not printed for other people (F27).

A batch older than the backup is put back to where it was; one that came in since is made anew, without the texts of its
codes, which are on paper only: tills find them by their keyed hashes.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import audit
from campaigns.models import Prize
from codes.journal import Line
from codes.models import (
    BatchPurpose,
    BatchStatus,
    CodeBatch,
    CodeJob,
    CodeSource,
    CodeStatus,
    GiftCode,
    JobKind,
    JobStatus,
)
from codes.services.activating import give_up, move_codes, put_into_stock

AT_ONCE = 1000
GOOD = (BatchStatus.ACTIVE, BatchStatus.PAUSED)
NOT_YET = (JobStatus.WAITING, JobStatus.QUEUED, JobStatus.RUNNING)


def lost_prints(lines: Iterable[Line]) -> list[Line]:
    """Give the lines of print runs that the database does not know to have ended."""
    prints = [line for line in lines if line["what"] == "print"]
    ended = CodeJob.objects.filter(public_id__in={line["job"] for line in prints}, status=JobStatus.DONE)
    known = {str(public_id) for public_id in ended.values_list("public_id", flat=True)}
    return [line for line in prints if line["job"] not in known]


def last_states(lines: Iterable[Line]) -> dict[str, Line]:
    """Give for each batch that was printed, discarded or called back the line that tells what it was last."""
    told = (line for line in lines if line["what"] in ("print_batch", "batch"))
    return {line["batch"]: line for line in sorted(told, key=lambda line: str(line["at"]))}


@transaction.atomic
def print_again(line: Line, now: datetime) -> tuple[int, list[str]]:
    """Note that codes stand on paper, and make those that the database has forgotten.

    Returns how many they are, and the public ids of what a person has to look at.
    """
    batch = _batch_again(line)
    if batch is None or batch.status == BatchStatus.LOADING:
        return 0, [line["id"]]
    conflicts = _codes_again(batch, line, now)
    count = len(line["codes"]) - len(conflicts)
    _job_again(batch, line, count, now)
    audit.record("batch.print_recovered", subject=batch, job=line["job"], codes=count)
    return count, conflicts


@transaction.atomic
def state_again(line: Line, now: datetime) -> None:
    """Put a batch that waits for its activation to where it was; one to be called back goes into stock first."""
    batch = CodeBatch.objects.select_for_update().filter(public_id=line["batch"]).first()
    if batch is None or batch.status != BatchStatus.STAGED:
        return
    if line["status"] == BatchStatus.DISCARDED:
        give_up(batch, "known from the journal", None)
    else:
        put_into_stock(batch, None, now)
    move_codes(batch, now)


def _batch_again(line: Line) -> CodeBatch | None:
    batch = CodeBatch.objects.select_for_update().filter(public_id=line["batch"]).first()
    prize = Prize.objects.filter(public_id=line["prize"], course__campaign__agency__public_id=line["agency"])
    found = prize.select_related("course__campaign").first()
    if batch is not None or found is None:
        return batch
    made = CodeBatch.objects.create(
        public_id=line["batch"],
        agency_id=found.course.campaign.agency_id,
        prize=found,
        name=line["name"],
        source=CodeSource.GENERATED,
        code_format=line["format"],
        purpose=BatchPurpose.PRINT,
        status=BatchStatus.STAGED,
        face_value_jpy=line["value"],
        expires_at=_instant(line["expires"]),
    )
    audit.record("batch.recovered", subject=made)
    return made


def _codes_again(batch: CodeBatch, line: Line, now: datetime) -> list[str]:
    """Make the codes that are not there; returns those whose text another code of the agency has."""
    named = [entry.split(":") for entry in line["codes"]]
    conflicts = []
    for start in range(0, len(named), AT_ONCE):
        chunk = named[start : start + AT_ONCE]
        there = GiftCode.objects.filter(public_id__in=[public_id for public_id, _index, _key in chunk])
        known = {public_id.hex for public_id in there.values_list("public_id", flat=True)}
        lost = [names for names in chunk if names[0] not in known]
        same = GiftCode.objects.filter(agency_id=batch.agency_id, code_index__in=[index for _id, index, _key in lost])
        taken = set(same.values_list("code_index", flat=True))
        conflicts += [public_id for public_id, index, _key in lost if index in taken]
        GiftCode.objects.bulk_create(
            GiftCode(
                public_id=UUID(hex=public_id),
                agency_id=batch.agency_id,
                batch=batch,
                prize_id=batch.prize_id,
                position=0,  # orders what is in stock, which printed codes never are
                status=CodeStatus.STAGED,
                code_index=index,
                index_key_id=key_id,
                face_value_jpy=batch.face_value_jpy,
                balance_jpy=batch.face_value_jpy,
                expires_at=batch.expires_at,
                recovered_at=now,
            )
            for public_id, index, key_id in lost
            if index not in taken
        )
    batch.code_count = batch.gift_codes.count()
    batch.save(update_fields=["code_count", "updated_at"])
    if batch.status in GOOD:
        move_codes(batch, now)
    return conflicts


def _job_again(batch: CodeBatch, line: Line, count: int, now: datetime) -> None:
    """Leave the run's own row as one that has ended: nobody can open it, and nobody prints without knowing of it."""
    job = CodeJob.objects.select_for_update(of=("self",)).filter(public_id=line["job"]).first()
    if job is None:
        job = CodeJob(public_id=line["job"], agency_id=batch.agency_id, batch=batch, kind=JobKind.EXPORT)
        job.parameters = {**line["form"], "last": 0, "again": False, "from_journal": True}
        job.created_at = now
        job.status = JobStatus.RUNNING
        job.save()
    for status in (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DONE):
        if job.status in NOT_YET and status != job.status and job.can_move_to(status):
            job.move_to(status, finished_at=now if status == JobStatus.DONE else None)
    report = {name: value for name, value in job.report.items() if name not in ("parts", "starts", "kept_until")}
    done = job.done_count + count if job.parameters.get("from_journal") else job.total_count
    CodeJob.objects.filter(pk=job.pk).update(report=report, done_count=done, total_count=max(job.total_count, done))


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
