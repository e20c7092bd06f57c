"""A batch called back (回収): what nobody has is blocked, what nobody has seen is replaced, the rest is the desk's."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit
from campaigns.services import give_back_budget
from codes.claim import claim_next_code
from codes.errors import (
    BatchNotInStock,
    BatchWorkRunning,
    CodeNotReplaceable,
    OutOfStock,
    RecallBySamePerson,
    StockBusy,
)
from codes.figures import codeless_awards, recall_preview, unseen_awards
from codes.models import (
    Award,
    BatchStatus,
    CodeBatch,
    CodeJob,
    CodeStatus,
    GiftCode,
    JobKind,
    JobStatus,
    Reservation,
    ReservationStatus,
)
from codes.reasons import FROM_JOURNAL
from codes.services.holding import note_progress
from codes.services.job_loop import OPEN, RUN_TASK
from codes.services.journaling import journal_batch_after_commit, journal_recall_end, journal_void
from codes.services.places import settle_rest, take_from_rest
from codes.services.reserving import batch_lock, end_reservations
from core.crashpoints import crashpoint
from core.named_locks import hold
from core.queueing import enqueue_on_commit

CHUNK = 1000
AWARDS_CHUNK = 100
SERVED_AT_ONCE = 300
WITHOUT_HOLDER = (CodeStatus.AVAILABLE, CodeStatus.HELD, CodeStatus.PRINTED)  # of paper nobody knows who has it


@transaction.atomic
def request_recall(*, batch_id: int, reason: str, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Call a batch back; above the agency's value it waits for a second person.

    Raises:
        BatchNotInStock: the batch is neither in stock nor held back.
        BatchWorkRunning: other work on it has not ended, or its recall has been asked for.
    """
    batch = _recallable(batch_id)
    preview = recall_preview(batch)
    needs_second = preview.value_jpy > batch.agency.second_person_above_jpy
    job = CodeJob.objects.create(
        agency_id=batch.agency_id,
        batch=batch,
        kind=JobKind.RECALL,
        status=JobStatus.WAITING if needs_second else JobStatus.QUEUED,
        parameters={"reason": reason},
        total_count=preview.unissued + preview.printed + preview.unseen,
        report={"seen": preview.seen},
        requested_by_id=actor_id,
    )
    audit.record(
        "batch.recall_requested",
        subject=batch,
        actor_id=actor_id,
        reason=reason,
        unissued=preview.unissued,
        printed=preview.printed,
        unseen=preview.unseen,
        seen=preview.seen,
    )
    if not needs_second:
        _begin(batch, job, actor_id, now)
    return job


@transaction.atomic
def approve_recall(*, job_id: int, now: datetime, actor_id: int) -> CodeJob:
    """Confirm a recall as the second person; its work begins.

    Raises:
        RecallBySamePerson: who asked for it cannot confirm it.
        StaleState: it does not wait any more.
        BatchNotInStock, BatchWorkRunning: as for `request_recall`.
    """
    job = CodeJob.objects.select_for_update(of=("self",)).get(pk=job_id, kind=JobKind.RECALL)
    if job.requested_by_id == actor_id:
        raise RecallBySamePerson(job_id=job_id)
    job.move_to(JobStatus.QUEUED, approved_by_id=actor_id)
    batch = _recallable(job.batch_id or 0, ignoring=job.pk)
    audit.record("batch.recall_approved", subject=batch, actor_id=actor_id, job=str(job.public_id))
    _begin(batch, job, actor_id, now)
    return job


@transaction.atomic
def cancel_recall(*, job_id: int, now: datetime, actor_id: int | None = None) -> CodeJob:
    """Give up a recall that waits for its second person.

    Raises:
        StaleState: its work has begun.
    """
    job = CodeJob.objects.select_for_update(of=("self",)).select_related("batch").get(pk=job_id, kind=JobKind.RECALL)
    if job.status != JobStatus.WAITING:
        raise job.stale(JobStatus.CANCELLED)
    job.move_to(JobStatus.CANCELLED, finished_at=now)
    audit.record("batch.recall_cancelled", subject=job, actor_id=actor_id)
    return job


def recall_again(*, batch_id: int, was_finished: bool, now: datetime) -> int:
    """Call a batch back that the journal knows to have been, in a restored database; returns how many codes it blocked.

    Nothing is replaced: a restored database has forgotten who has seen his code since, and would give him a second one.
    Codes that were replaced have their own lines. Of a recall that had not come to its end, what nobody is known to
    have seen is blocked, and its award is the desk's.
    """
    _recalled(batch_id)
    batch = CodeBatch.objects.get(pk=batch_id)
    blocked = 0
    while piece := _blocked(batch, now):
        blocked += piece
    if not was_finished:
        for award_id in list(unseen_awards(batch_id).values_list("pk", flat=True)):
            with transaction.atomic():
                _block_unseen(award_id, FROM_JOURNAL, None, now)
                blocked += 1
    settle_rest(prize_id=batch.prize_id, now=now)
    for job in batch.jobs.filter(kind=JobKind.RECALL, status__in=[*OPEN, JobStatus.WAITING]):
        report = job.report | {"blocked": job.report.get("blocked", 0) + blocked}
        for status in (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DONE):
            if job.status != status and job.can_move_to(status):
                job.move_to(status, report=report, lease_until=None)
        CodeJob.objects.filter(pk=job.pk).update(finished_at=now)
    return blocked


@transaction.atomic
def _recalled(batch_id: int) -> None:
    batch = CodeBatch.objects.select_for_update(of=("self",)).get(pk=batch_id)
    hold(batch_lock(batch_id))
    if batch.status in (BatchStatus.ACTIVE, BatchStatus.PAUSED):
        batch.move_to(BatchStatus.RECALLED, status_reason=FROM_JOURNAL, journaled_status=BatchStatus.RECALLED)
        audit.record("batch.recalled", subject=batch, reason=FROM_JOURNAL)


@transaction.atomic
def _blocked(batch: CodeBatch, now: datetime) -> int:
    blocked, freed_jpy = _block_chunk(batch, now)
    give_back_budget(campaign_id=batch.prize.course.campaign_id, jpy=freed_jpy, now=now)
    if blocked:  # no job need be there to tell it
        audit.record("batch.codes_blocked", subject=batch, reason=FROM_JOURNAL, codes=blocked)
    return blocked


@transaction.atomic
def recall_chunk(*, job_id: int, now: datetime) -> bool:
    """Do the next piece of a recall; returns whether more is left to do. A repeat finds what is still undone.

    First the codes that nobody holds are blocked, so that none of them can serve as a replacement; then each award
    whose code was not seen gets another one.
    """
    job = CodeJob.objects.select_for_update(of=("self",)).select_related("batch").get(pk=job_id)
    if job.status not in OPEN or job.batch is None:
        return False
    blocked, freed_jpy = _block_chunk(job.batch, now)
    looked_at, replaced, missed = (0, 0, 0) if blocked else _replace_chunk(job, now)
    # A code that somebody was reserving all the while: its reservation ends with the next chunk.
    is_last = not blocked + looked_at and not _reservations_of(job.batch).exists()
    for name, count in {"blocked": blocked, "replaced": replaced, "unreplaced": missed}.items():
        job.report[name] = job.report.get(name, 0) + count
    if is_last:
        job.report["seen"] = recall_preview(job.batch).seen
        journal_recall_end(batch=job.batch, now=now)
    note_progress(job=job, done=blocked + replaced + missed, is_last=is_last, now=now)
    settle_rest(prize_id=job.batch.prize_id, now=now)
    give_back_budget(campaign_id=job.batch.prize.course.campaign_id, jpy=freed_jpy, now=now)
    crashpoint("recall.before_commit")
    return not is_last


@transaction.atomic
def replace_unseen_code(*, award_id: int, reason: str, now: datetime, actor_id: int | None = None) -> Award:
    """Put another code into an award whose code nobody has seen; its link stays, the old code is blocked for ever.

    Raises:
        CodeNotReplaceable: the code was shown, the award withdrawn, or it has none.
        OutOfStock, StockBusy: there is no other code at this moment; nothing is changed.
    """
    # The code is read after the wait for the award: a row joined to it would be that of before, and go missing.
    award = Award.objects.select_for_update(of=("self",)).select_related("prize").get(pk=award_id)
    old = award.gift_code
    if award.revealed_at is not None or award.voided_at is not None or old is None:
        raise CodeNotReplaceable(award_id=award_id)
    new = claim_next_code(prize_id=award.prize_id, now=now)
    take_from_rest(prize=award.prize, now=now)
    # The new code goes into the issue journal before it is shown, as any other.
    Award.objects.filter(pk=award.pk).update(gift_code=new, journaled_at=None, updated_at=now)
    # Somebody may have blocked it in this moment.
    if GiftCode.objects.filter(pk=old.pk, status=CodeStatus.ISSUED).update(status=CodeStatus.VOID):
        journal_void(gift_code=old, now=now)
        audit.record("code.voided", subject=old, actor_id=actor_id, reason=reason, award=str(award.public_id))
    award.gift_code, award.journaled_at = new, None
    crashpoint("recall.before_replacement")
    audit.record(
        "code.replaced",
        subject=award,
        actor_id=actor_id,
        reason=reason,
        gift_code=str(new.public_id),
        in_place_of=str(old.public_id),
    )
    return award


def serve_codeless(*, batch_id: int, reason: str, now: datetime, actor_id: int | None = None) -> tuple[int, int]:
    """Give other codes to winners whom a recall left without one, the earliest first and some hundreds at once.

    Returns how many have a code now, and how many still wait.

    Raises:
        OutOfStock, StockBusy: there is no other code for any of them.
    """
    waiting = codeless_awards(batch_id)
    served = 0
    for award_id in list(waiting.values_list("pk", flat=True)[:SERVED_AT_ONCE]):
        try:
            replace_unseen_code(award_id=award_id, reason=reason, now=now, actor_id=actor_id)
            served += 1
        except CodeNotReplaceable:  # withdrawn a moment ago
            continue
        except (OutOfStock, StockBusy):
            if not served:
                raise
            break
    return served, waiting.count()


def _recallable(batch_id: int, ignoring: int = 0) -> CodeBatch:
    batch = CodeBatch.objects.select_for_update(of=("self",)).select_related("agency").get(pk=batch_id)
    if batch.status not in (BatchStatus.ACTIVE, BatchStatus.PAUSED):
        raise BatchNotInStock(batch_id=batch_id)
    others = batch.jobs.filter(status__in=[*OPEN, JobStatus.WAITING]).exclude(pk=ignoring)
    if others.exclude(kind=JobKind.EXPORT).exists():
        raise BatchWorkRunning(batch_id=batch_id)
    hold(batch_lock(batch_id))
    return batch


def _begin(batch: CodeBatch, job: CodeJob, actor_id: int | None, now: datetime) -> None:
    reason = str(job.parameters.get("reason", ""))
    batch.move_to(BatchStatus.RECALLED, status_reason=reason)
    audit.record("batch.recalled", subject=batch, actor_id=actor_id, reason=reason)
    journal_batch_after_commit(batch=batch, now=now)
    enqueue_on_commit(RUN_TASK, job_id=job.pk)


def _block_chunk(batch: CodeBatch, now: datetime) -> tuple[int, int]:
    """Block codes that nobody holds, those kept for somebody and printed ones included.

    Returns how many, and what those kept for somebody are worth, in yen.

    What was left on printed codes is booked as withdrawn by `close_accounts`.
    """
    kept = list(_reservations_of(batch).order_by("pk").values_list("pk", flat=True)[:CHUNK])
    freed_jpy = end_reservations(reservation_ids=kept, now=now)
    found = GiftCode.objects.filter(batch=batch, status__in=WITHOUT_HOLDER).order_by("pk")[:CHUNK]
    chunk = list(found.select_for_update().values_list("pk", flat=True))
    blocked = GiftCode.objects.filter(pk__in=chunk, status__in=WITHOUT_HOLDER)
    return blocked.update(status=CodeStatus.VOID, updated_at=now), freed_jpy


def _reservations_of(batch: CodeBatch) -> QuerySet[Reservation]:
    return Reservation.objects.filter(gift_code__batch=batch, status=ReservationStatus.HELD)


def _replace_chunk(job: CodeJob, now: datetime) -> tuple[int, int, int]:
    """Replace codes that nobody has seen; one without a replacement is blocked, and its award is the desk's.

    Returns how many awards were looked at, got another code, and got none.
    """
    reason = str(job.parameters.get("reason", ""))
    replaced = missed = 0
    award_ids = list(unseen_awards(job.batch_id or 0).values_list("pk", flat=True)[:AWARDS_CHUNK])
    for award_id in award_ids:
        try:
            replace_unseen_code(award_id=award_id, reason=reason, now=now, actor_id=job.requested_by_id)
            replaced += 1
        except OutOfStock:
            _block_unseen(award_id, reason, job.requested_by_id, now)
            missed += 1
        except CodeNotReplaceable:  # seen or withdrawn a moment ago
            continue
    return len(award_ids), replaced, missed


def _block_unseen(award_id: int, reason: str, actor_id: int | None, now: datetime) -> None:
    award = Award.objects.select_for_update().get(pk=award_id)
    gift_code = award.gift_code
    if award.revealed_at is None and gift_code is not None and gift_code.status == CodeStatus.ISSUED:
        gift_code.move_to(CodeStatus.VOID)
        journal_void(gift_code=gift_code, now=now)
        audit.record("code.voided", subject=gift_code, actor_id=actor_id, reason=reason)
