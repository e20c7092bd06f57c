"""Files as nobody should send them, and large ones: all of a file comes in or nothing, in little memory (F25)."""

import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codes.errors import FileNotAccepted
from codes.models import CodeStatus, GiftCode, JobStatus
from codes.services.jobs import run_job, start_check, start_discard, start_import, sweep_jobs
from core import held_files
from tests.codes.test_jobs import FILE, checked
from tests.factories import NOW
from tests.worlds import World, open_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return open_campaign(codes=0)


HOSTILE = st.one_of(
    st.binary(max_size=200),
    st.lists(
        st.sampled_from(
            ["code", "pin", ",", "\n", "\r", '"', "GOOD0001", "GOOD0002", "good-0002", "1E+5", "\0", "あ", " ", ";"]
        ),
        max_size=25,
    ).map(lambda parts: ("code\n" + "".join(parts)).encode()),
    st.tuples(st.just(FILE), st.integers(0, len(FILE) - 1), st.binary(max_size=3)).map(
        lambda cut: cut[0][: cut[1]] + cut[2] + cut[0][cut[1] + 1 :]
    ),
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(data=HOSTILE)
def test_F25_no_file_brings_anything_but_a_refusal_or_all_of_its_rows(world, data):
    check = checked(world, data)
    assert check.status in (JobStatus.DONE, JobStatus.FAILED)
    if check.status == JobStatus.FAILED or check.report["problem_counts"]:
        with pytest.raises(FileNotAccepted):
            start_import(check_id=check.pk, now=NOW)
    else:
        job = run_job(job_id=start_import(check_id=check.pk, now=NOW).pk, now=NOW)
        assert job.status == JobStatus.DONE
        assert GiftCode.objects.filter(batch=job.batch_id).count() == check.report["row_count"]
        start_discard(batch_id=job.batch_id, reason="x", now=NOW)
    assert GiftCode.objects.filter(status=CodeStatus.STAGED).count() == 0
    sweep_jobs(now=NOW)


@pytest.mark.slow
def test_F25_a_large_file_is_checked_and_comes_in_with_little_memory(world):
    rows = 60_000
    pieces = (b"".join(b"L%011d\n" % (start + n) for n in range(1000)) for start in range(0, rows, 1000))
    ticket = held_files.hold(piece for part in ([b"code\n"], pieces) for piece in part)
    check = start_check(prize_id=world.prize.pk, name="大", ticket=ticket, expires_at=None, now=NOW)

    tracemalloc.start()
    done = run_job(job_id=check.pk, now=NOW)
    peak_of_check = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    job = run_job(job_id=start_import(check_id=check.pk, now=NOW).pk, now=NOW)
    peak_of_import = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (done.report["usable_count"], job.done_count) == (rows, rows)
    assert max(peak_of_check, peak_of_import) < 60 * 1024 * 1024
