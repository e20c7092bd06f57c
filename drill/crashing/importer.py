"""`python -m drill.crashing.importer PRIZE COUNT NAME`: a process that makes a batch of codes and puts it in stock.

It works as any worker does, under the job's lease: what it left when it was killed is carried on by the next one of the
same name, or by the workers, whoever finds the lease ended first.
"""

import sys
import time

import django

WAIT_SECONDS = 0.5


def make_batch(prize_id: int, count: int, name: str) -> str:
    """Bring the batch into stock; the process that is killed on the way is followed by one with the same name."""
    from codes.models import BatchStatus, CodeJob, JobKind, JobStatus
    from codes.services import activate_batch
    from codes.services.jobs import run_job, start_generation
    from core import clock
    from core.errors import StaleState

    begun = CodeJob.objects.filter(kind=JobKind.GENERATE, batch__prize_id=prize_id, batch__name=name)
    job = begun.first() or start_generation(prize_id=prize_id, name=name, count=count, now=clock.now())
    while job.status in (JobStatus.QUEUED, JobStatus.RUNNING):
        job = run_job(job_id=job.pk, now=clock.now())
        time.sleep(WAIT_SECONDS)  # another one holds it, or it is done
    batch = job.batch
    if job.status != JobStatus.DONE or batch is None:
        sys.exit(f"the work ended as {job.status} {job.failure_code}")
    batch.refresh_from_db()
    if batch.status == BatchStatus.STAGED:
        try:
            batch = activate_batch(batch_id=batch.pk, now=clock.now())
        except StaleState:  # one that was thought dead was faster
            batch.refresh_from_db()
    return str(batch.public_id)


if __name__ == "__main__":
    django.setup()
    print("begun", flush=True)
    print(make_batch(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]), flush=True)
