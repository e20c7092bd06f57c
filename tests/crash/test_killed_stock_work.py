"""kill -9 within work on the stock: it goes on from its last chunk, no code is in two places (F05, I01, I02)."""

import os
import signal
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import connection
from django.db.models import Count

from accounts.models import AuditEntry
from codes.models import Award, BatchStatus, CodeBatch, GiftCode, JobStatus, ReservationStatus
from codes.sealing import open_column
from codes.services import (
    activating,
    approve_export,
    expire_reservations,
    generate_codes,
    hold_batch,
    open_export,
    request_export,
    request_recall,
    reserve_code,
)
from codes.services.jobs import (
    run_job,
    start_activation,
    start_check,
    start_discard,
    start_generation,
    start_import,
    sweep_jobs,
)
from core import held_files
from journeys.audit import violations
from tests.crash.victims import Victims
from tests.factories import NOW, UserFactory
from tests.worlds import open_campaign, stock, win

pytestmark = pytest.mark.django_db(transaction=True)
KILLED = -signal.SIGKILL
LATER, LAST = NOW + timedelta(minutes=5), NOW + timedelta(minutes=10)  # the lease of the dead is over


@pytest.fixture(scope="module")
def victims(django_db_setup):
    """Processes on the test's own database."""
    url = urlsplit(os.environ["TEST_DATABASE_URL"])
    made = Victims(f"{url.scheme}://{url.netloc}/{connection.settings_dict['NAME']}?{url.query}")
    yield made
    made.close()


def states(batch: CodeBatch) -> dict[str, int]:
    return dict(GiftCode.objects.filter(batch=batch).values_list("status").annotate(n=Count("pk")))


@pytest.mark.parametrize("crash_at", ["recall.before_replacement", "recall.before_commit", "jobs.after_chunk"])
def test_I01_a_recall_goes_on_where_its_worker_was_killed(victims, crash_at):
    world = open_campaign(codes=5)
    batch = CodeBatch.objects.get()
    held = [win(world), win(world)]
    stock(world.prize, 4)
    job = request_recall(batch_id=batch.pk, reason="誤り", now=NOW)

    codes = [victims.run("run_job", crash_at=crash_at, job_id=job.pk, now=at) for at in (NOW, LATER)]
    sweep_jobs(now=LAST)

    job.refresh_from_db()
    assert KILLED in codes
    assert set(codes) <= {KILLED, 0}
    assert (job.status, job.report) == (JobStatus.DONE, {"blocked": 3, "replaced": 2, "unreplaced": 0, "seen": 0})
    assert states(batch) == {"void": 5}
    assert Award.objects.filter(pk__in=[award.pk for award in held]).exclude(gift_code__batch=batch).count() == 2
    assert violations(NOW) == {}


def test_I02_a_batch_is_held_whole_though_its_worker_was_killed(victims):
    open_campaign(codes=5)
    batch = CodeBatch.objects.get()
    job = hold_batch(batch_id=batch.pk, reason="確認中", now=NOW)

    codes = [
        victims.run("run_job", crash_at=crash_at, job_id=job.pk, now=at)
        for crash_at, at in (("hold.before_commit", NOW), ("jobs.after_chunk", LATER))
    ]
    half = states(batch)
    sweep_jobs(now=LAST)

    batch.refresh_from_db()
    assert codes == [KILLED, KILLED]
    assert half == {"available": 3, "held": 2}
    assert (states(batch), batch.status) == ({"held": 5}, BatchStatus.PAUSED)
    assert violations(NOW) == {}


@pytest.mark.parametrize("crash_at", ["jobs.before_chunk_commit", "jobs.after_chunk"])
@pytest.mark.parametrize("kind", ["import", "generate"])
def test_F25_a_load_goes_on_where_its_worker_was_killed(victims, monkeypatch, tmp_path, kind, crash_at):
    monkeypatch.setattr(held_files, "default_storage", FileSystemStorage(tmp_path))  # which victims share
    prize_id = open_campaign(codes=0).prize.pk
    if kind == "import":
        ticket = held_files.hold(b"code\n" + b"".join(b"GOOD%04d\n" % n for n in range(5)))
        check = start_check(prize_id=prize_id, name="x", ticket=ticket, expires_at=None, now=NOW)
        run_job(job_id=check.pk, now=NOW)
        job = start_import(check_id=check.pk, now=NOW)
    else:
        job = start_generation(prize_id=prize_id, name="x", count=5, now=NOW)

    codes = [
        victims.run("run_job", crash_at=crash_at, job_id=job.pk, now=at, files=str(tmp_path)) for at in (NOW, LATER)
    ]
    between = violations(NOW)
    sweep_jobs(now=LAST)

    job.refresh_from_db()
    batch = CodeBatch.objects.get()
    assert (codes, between) == ([KILLED, KILLED], {})
    assert (job.status, job.done_count, batch.code_count) == (JobStatus.DONE, 5, 5)
    assert (batch.status, states(batch)) == (BatchStatus.STAGED, {"staged": 5})
    assert AuditEntry.objects.get(action="batch.staged").facts["codes"] == 5
    assert violations(NOW) == {}


@pytest.mark.parametrize("crash_at", ["activate.before_chunk_commit", "jobs.after_chunk"])
@pytest.mark.parametrize("kind", ["activate", "discard"])
def test_F25_a_batch_leaves_the_staged_state_whole_though_its_worker_was_killed(victims, monkeypatch, kind, crash_at):
    monkeypatch.setattr(activating, "AT_ONCE", 2)
    prize_id = open_campaign(codes=0).prize.pk
    batch = generate_codes(prize_id=prize_id, name="x", count=5, expires_at=None, now=NOW)
    if kind == "activate":
        job = start_activation(batch_id=batch.pk, now=NOW)
    else:
        job = start_discard(batch_id=batch.pk, reason="x", now=NOW)

    code = victims.run("run_job", crash_at=crash_at, job_id=job.pk, now=NOW)
    between = violations(NOW)
    sweep_jobs(now=LATER)

    job.refresh_from_db()
    assert (code, between) == (KILLED, {})
    assert (job.status, job.done_count) == (JobStatus.DONE, 5)
    assert states(batch) == ({"available": 5} if kind == "activate" else {"void": 5})
    assert violations(NOW) == {}


def test_I01_a_reservation_and_its_code_end_together_or_not_at_all(victims):
    world = open_campaign(codes=1)
    held = reserve_code(
        agency_id=world.agency.pk, prize_id=world.prize.pk, reference="order-1", ttl_seconds=60, now=NOW
    )
    later = NOW + timedelta(minutes=1)

    code = victims.run("end_reservations", crash_at="reserve.before_end_commit", now=later)
    held.refresh_from_db()
    between = (held.status, held.gift_code.status)
    ended = expire_reservations(now=later)

    held.refresh_from_db()
    held.gift_code.refresh_from_db()
    assert (code, between, ended) == (KILLED, (ReservationStatus.HELD, "reserved"), 1)
    assert (held.status, held.gift_code.status) == (ReservationStatus.EXPIRED, "available")
    assert violations(NOW) == {}


def test_F05_an_export_goes_on_where_its_worker_was_killed_and_writes_each_code_once(victims):
    world = open_campaign(codes=3)
    batch = CodeBatch.objects.get()
    asked = {"form": "file", "symbology": "code128", "reason": "x", "now": NOW, "actor_id": world.operator.pk}
    job = request_export(batch_id=batch.pk, **asked)
    colleague = UserFactory()
    approve_export(job_id=job.pk, now=NOW, actor_id=colleague.pk)

    assert victims.run("run_job", crash_at="export.before_chunk_commit", job_id=job.pk, now=NOW) == KILLED
    job.refresh_from_db()
    assert (job.status, job.done_count, job.report) == (JobStatus.RUNNING, 0, {})
    sweep_jobs(now=LATER)

    text = b"".join(open_export(job_id=job.pk, now=LATER, actor_id=colleague.pk)).decode()
    codes = [open_column(code, "code") for code in batch.gift_codes.order_by("pk")]
    assert [line.split(",")[0] for line in text.splitlines()[1:]] == codes
