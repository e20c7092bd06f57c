"""Work on batches by the names under which operators' pages and the clock ask for it; one loop does it all."""

from datetime import datetime

from codes.services.job_loop import OPEN
from codes.services.jobs import run_job, sweep_jobs


def work_on_batch(*, job_id: int, now: datetime) -> bool:
    """Do some chunks of a job; returns whether it has ended."""
    return run_job(job_id=job_id, now=now).status not in OPEN


def sweep_batch_work(*, now: datetime) -> int:
    """Go on with every job that has not ended; returns how many there were."""
    return sweep_jobs(now=now)
