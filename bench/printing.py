"""What it costs to write out codes for print on PostgreSQL, and to draw their vouchers with QR, page by page.

The export is the product's own: asked for by one person, agreed to by another, written by the job, then opened. The
file names what each QR holds; vouchers carry the QR drawn. Memory is the most that this process has held: what ten
thousand codes take beyond a thousand.
"""

import gc
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.loading import prize
from bench.postgres import migrated

FEW, MANY = 1_000, 10_000


def measure() -> Iterator[Figure]:
    """CPU a code and growth of memory, for the file and for the vouchers."""
    with migrated():
        for form, read in (("file", read_file), ("vouchers", draw_vouchers)):
            forget_peak()
            exported(FEW, form, read)
            before = peak_mb()
            forget_peak()
            used = exported(MANY, form, read)
            yield Figure(f"print_{form}_memory_growth", peak_mb() - before, "MB", "<= 64")
            yield Figure(f"print_{form}_code_cpu", used / MANY * 1e3, "ms", "<= 2.5")


def forget_peak() -> None:
    """Let the kernel count the most memory that this process holds anew, else one form would hide the other's."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")


def peak_mb() -> float:
    """The most memory that this process has held since."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def exported(count: int, form: str, read: Callable[[Any, int], int]) -> float:
    """Seconds of our CPU to let codes out and take all of them."""
    from codes.models import BatchPurpose
    from codes.services.exporting import approve_export, request_export
    from codes.services.jobs import run_job, start_generation
    from core import clock
    from tests import factories

    made_by: Any = factories
    now, people = clock.now(), [made_by.UserFactory().pk for _person in range(2)]
    made = start_generation(prize_id=prize().pk, name="print", count=count, purpose=BatchPurpose.PRINT, now=now)
    batch_id = run_job(job_id=made.pk, now=now).batch_id or 0
    used = time.process_time()
    job = request_export(
        batch_id=batch_id, form=form, symbology="qr", reason="bench", now=now, actor_id=people[0]
    )  # fmt: skip
    approve_export(job_id=job.pk, now=now, actor_id=people[1])
    job = run_job(job_id=job.pk, now=now)
    assert (job.status, job.done_count) == ("done", count)
    assert read(job, people[0]) == count
    return time.process_time() - used


def read_file(job: Any, actor_id: int) -> int:
    """Download the file; returns how many codes stand in it."""
    from codes.services.opening_exports import open_export
    from core import clock

    pieces = open_export(job_id=job.pk, now=clock.now(), actor_id=actor_id)
    return sum(piece.count(b"\n") for piece in pieces) - 1


def draw_vouchers(job: Any, actor_id: int) -> int:
    """Have every page of vouchers drawn as the desk shows it; returns how many have a QR."""
    from django.template.loader import render_to_string

    from codes.admin.voucher_sheets import voucher_context
    from codes.services.opening_exports import open_vouchers
    from core import clock

    drawn = 0
    for page in range(1, len(job.report["starts"]) + 1):
        vouchers = open_vouchers(job_id=job.pk, page=page, now=clock.now(), actor_id=actor_id)
        context = voucher_context(job.batch, vouchers, "qr")
        drawn += render_to_string("admin/codes/exports/vouchers.html", context).count("<svg")
    return drawn
