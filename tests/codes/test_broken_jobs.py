"""Long work that breaks its worker again and again is set aside, and others go on (F06)."""

import pytest

from accounts.models import AuditEntry
from codes.models import CodeJob, CodeStatus, GiftCode, JobKind, JobStatus
from codes.services import job_loop, jobs
from codes.services.jobs import cancel_job, retry_job, start_generation, sweep_jobs
from core.errors import KeyUnavailable, StaleState
from tests.factories import NOW
from tests.worlds import World, open_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return open_campaign(codes=0)


def test_F06_work_that_breaks_its_worker_each_time_is_set_aside_and_others_go_on(world, monkeypatch):
    broken = start_generation(prize_id=world.prize.pk, name="x", count=5, now=NOW)
    chunk = jobs.CHUNKS[JobKind.GENERATE]
    faults = {broken.pk: 5}

    def breaking(*, job_id, now):
        if faults.get(job_id):
            faults[job_id] -= 1
            raise MemoryError
        return chunk(job_id=job_id, now=now)

    monkeypatch.setitem(jobs.CHUNKS, JobKind.GENERATE, breaking)
    for _minute in range(4):
        sweep_jobs(now=NOW)
    other = start_generation(prize_id=world.prize.pk, name="y", count=1, now=NOW)
    sweep_jobs(now=NOW)
    other.refresh_from_db()
    sweep_jobs(now=NOW)

    broken.refresh_from_db()
    assert (faults, other.status) == ({broken.pk: 0}, JobStatus.DONE)
    assert (broken.status, broken.failure_code, broken.attempts) == (JobStatus.FAILED, "work_broken", 5)
    assert AuditEntry.objects.get(action="job.broke").facts == {"kind": "generate"}

    retry_job(job_id=broken.pk, now=NOW)
    sweep_jobs(now=NOW)
    broken.refresh_from_db()
    assert (broken.status, broken.batch.code_count) == (JobStatus.DONE, 5)
    with pytest.raises(StaleState):
        retry_job(job_id=broken.pk, now=NOW)


def test_work_that_waits_for_a_key_is_not_counted_as_broken(world, monkeypatch):
    job = start_generation(prize_id=world.prize.pk, name="x", count=5, now=NOW)

    def waiting(*, job_id, now):
        raise KeyUnavailable(key_id="k")

    with monkeypatch.context() as patch:
        patch.setitem(jobs.CHUNKS, JobKind.GENERATE, waiting)
        for _minute in range(10):
            sweep_jobs(now=NOW)
    sweep_jobs(now=NOW)

    job.refresh_from_db()
    assert job.status == JobStatus.DONE


def test_work_that_was_set_aside_can_be_given_up_with_its_codes(world):
    job = start_generation(prize_id=world.prize.pk, name="x", count=5, now=NOW)
    CodeJob.objects.filter(pk=job.pk).update(fruitless_count=job_loop.MOST_FRUITLESS)
    sweep_jobs(now=NOW)

    job = cancel_job(job_id=job.pk, now=NOW)

    assert (job.status, GiftCode.objects.exclude(status=CodeStatus.VOID).count()) == (JobStatus.CANCELLED, 0)
