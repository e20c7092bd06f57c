"""Long work on codes: a file is checked, comes in, is put into stock or given up, whoever dies meanwhile (F25)."""

from datetime import timedelta

import pytest

from accounts.models import Agency, AuditEntry
from campaigns.models import GiftBrand, PrizeKind
from codes.errors import (
    BatchWorkRunning,
    FileAlreadyImported,
    FileNotAccepted,
    FormatNotAvailable,
    QuantityNotAccepted,
    SecondPersonNeeded,
)
from codes.models import (
    BatchPurpose,
    BatchStatus,
    CodeBatch,
    CodeFormat,
    CodeJob,
    CodeStatus,
    GiftCode,
    JobStatus,
)
from codes.presented import presented_code
from codes.sealing import open_column
from codes.services import (
    activating,
    checking_files,
    generate_codes,
    generating,
    importing,
    job_loop,
    redeem_code,
)
from codes.services.jobs import (
    cancel_job,
    confirm_job,
    run_job,
    start_activation,
    start_check,
    start_discard,
    start_generation,
    start_import,
    sweep_jobs,
)
from core import held_files
from core.errors import StaleState
from journeys.audit import violations
from tests.factories import NOW, UserFactory
from tests.worlds import World, open_campaign

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)
FILE = b"code,pin\n" + b"".join(b"GOOD%04d,%d\n" % (n, n) for n in range(7))


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    for module in (activating, checking_files, generating, importing):
        monkeypatch.setattr(module, "CHUNK", 3)
    monkeypatch.setattr(activating, "AT_ONCE", 2)


@pytest.fixture
def world() -> World:
    return open_campaign(codes=0)


def checked(world: World, data: bytes = FILE, **details) -> CodeJob:
    check = start_check(
        prize_id=world.prize.pk, name="第1便", ticket=held_files.hold(data), expires_at=None, now=NOW, **details
    )
    return run_job(job_id=check.pk, now=NOW)


def begin_load(world: World, kind: str, actor_id: int | None = None) -> CodeJob:
    """Seven codes on their way in."""
    if kind == "import":
        return start_import(check_id=checked(world).pk, now=NOW, actor_id=actor_id)
    return start_generation(
        prize_id=world.prize.pk,
        name="自社",
        count=7,
        code_format=CodeFormat.TYPED,
        purpose=BatchPurpose.AWARDS,
        expires_at=None,
        now=NOW,
        actor_id=actor_id,
    )


def loaded(world: World, kind: str = "generate", actor_id: int | None = None) -> CodeBatch:
    job = run_job(job_id=begin_load(world, kind, actor_id).pk, now=NOW)
    return CodeBatch.objects.get(pk=job.batch_id)


def statuses(batch_id: int) -> list[str]:
    return list(GiftCode.objects.filter(batch=batch_id).order_by("pk").values_list("status", flat=True))


def die_after(monkeypatch, chunks: int) -> None:
    """Have the worker die after some chunks, as a kill would: without giving back its lease."""
    left = iter(range(chunks - 1))

    def crashpoint(name):
        if name == "jobs.after_chunk" and next(left, None) is None:
            monkeypatch.setattr(job_loop, "crashpoint", lambda _name: None)
            raise SystemExit

    monkeypatch.setattr(job_loop, "crashpoint", crashpoint)


def test_a_file_is_checked_and_nothing_is_stored(world):
    data = b"code,pin\nGOOD0001,1\nbad one,2\nGOOD0002,3\ngood-0001,4\n1E+15,5\n"

    check = checked(world, data)

    assert (check.status, check.total_count) == (JobStatus.DONE, 5)
    assert check.report["sentences"][0].startswith("「")
    assert {name: value for name, value in check.report.items() if name != "sentences"} == {
        "encoding": "utf-8-sig",
        "row_count": 5,
        "usable_count": 2,
        "total_value_jpy": 1000,
        "problem_counts": {"code_malformed": 1, "damaged_by_spreadsheet": 1, "duplicate_in_file": 1},
        "problems": [
            {"row": 3, "code": "code_malformed", "tail": ""},
            {"row": 5, "code": "duplicate_in_file", "tail": "0001"},
            {"row": 6, "code": "damaged_by_spreadsheet", "tail": ""},
        ],
    }
    assert GiftCode.objects.count() == 0
    with pytest.raises(FileNotAccepted):
        start_import(check_id=check.pk, now=NOW)


def test_each_kind_of_duplicate_is_named(world, settings):
    run_job(job_id=start_import(check_id=checked(world, b"code\nHERE0001\n").pk, now=NOW).pk, now=NOW)
    other = open_campaign(codes=0, sponsor=world.campaign.sponsor)
    run_job(job_id=start_import(check_id=checked(other, b"code\nTHERE001\n").pk, now=NOW).pk, now=NOW)
    settings.INDEX_KEYS = {**settings.INDEX_KEYS, "9": "A" * 43 + "="}
    settings.INDEX_KEY_ID = "9"  # both stand under a former key now

    check = checked(world, b"code\nhere-0001\nTHERE001\nNEW00001\nnew 00001\nnew-00001\nNEW00001\n")

    assert [(found["row"], found["code"]) for found in check.report["problems"]] == [
        (2, "duplicate_in_stock"),
        (3, "duplicate_in_other_campaign"),
        (5, "code_malformed"),
        (6, "duplicate_in_file"),
        (7, "duplicate_in_file"),
    ]
    assert check.report["usable_count"] == 1


def test_a_gift_brand_judges_every_row(world):
    fields = [{"name": "code", "pattern": "[0-9]{8}"}, {"name": "pin", "is_required": True}]
    brand = GiftBrand.objects.create(slug="strict", name="厳格ギフト", code_fields=fields)
    world.prize.kind, world.prize.gift_brand = PrizeKind.GIFT_CODE, brand
    world.prize.save()

    report = checked(world, b"code,pin\n12345678,1\n1234567A,1\n12345679,\n").report

    assert report["problem_counts"] == {"brand_field_malformed": 1, "brand_field_missing": 1}


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "file_empty"), (b"PK\x03\x04", "file_is_archive"), (b"pin\n1\n", "no_code_column")],
)
def test_a_file_that_cannot_be_read_fails_its_check(world, data, reason):
    check = checked(world, data)

    assert (check.status, check.failure_code) == (JobStatus.FAILED, reason)
    assert bool(check.report["sentences"]) is (reason == "no_code_column")  # of the others no row can be named
    assert sweep_jobs(now=LATER) == 0
    assert not held_files.exists(check.parameters["ticket"])


@pytest.mark.parametrize("kind", ["import", "generate"])
@pytest.mark.parametrize("chunks", [0, 1, 2])
def test_F25_a_load_whose_worker_died_goes_on_and_ends_with_the_same_total(world, monkeypatch, kind, chunks):
    job = begin_load(world, kind)
    if chunks:
        die_after(monkeypatch, chunks)
        with pytest.raises(SystemExit):
            run_job(job_id=job.pk, now=NOW)
        job.refresh_from_db()
        assert (job.status, job.done_count) == (JobStatus.RUNNING, 3 * chunks)
        assert violations(NOW) == {}
    sweep_jobs(now=LATER)

    job.refresh_from_db()
    batch = CodeBatch.objects.get()
    assert (job.status, job.done_count, job.total_count) == (JobStatus.DONE, 7, 7)
    assert (batch.status, batch.code_count) == (BatchStatus.STAGED, 7)
    assert list(batch.gift_codes.order_by("position").values_list("position", flat=True)) == list(range(1, 8))
    assert AuditEntry.objects.get(action="batch.staged").facts["codes"] == 7
    if kind == "import":
        opened = [open_column(code, "code") for code in batch.gift_codes.order_by("position")]
        assert opened == [f"GOOD{n:04}" for n in range(7)]
    assert violations(NOW) == {}


@pytest.mark.parametrize("is_leased", [True, False])
def test_F25_a_second_worker_leaves_a_leased_job_alone(world, is_leased):
    job = begin_load(world, "generate")
    lease = NOW + timedelta(seconds=1) if is_leased else NOW
    CodeJob.objects.filter(pk=job.pk).update(status=JobStatus.RUNNING, lease_until=lease)

    run_job(job_id=job.pk, now=NOW)

    assert GiftCode.objects.count() == (0 if is_leased else 7)


def test_F25_a_worker_that_lost_its_lease_cannot_do_a_chunk_again(world):
    job = begin_load(world, "generate")
    job.status = JobStatus.RUNNING
    job.save()
    stale = CodeJob.objects.get(pk=job.pk)
    generating.generate_chunk(job_id=job.pk, now=NOW)

    with pytest.raises(StaleState):
        job_loop.advance(stale, cursor=3, done=3)
    assert GiftCode.objects.count() == 3


@pytest.mark.parametrize("kind", ["import", "generate"])
@pytest.mark.parametrize("chunks", [0, 2])
def test_a_cancelled_load_leaves_no_code_and_the_file_may_come_again(world, monkeypatch, kind, chunks):
    job = begin_load(world, kind)
    if chunks:
        die_after(monkeypatch, chunks)
        with pytest.raises(SystemExit):
            run_job(job_id=job.pk, now=NOW)

    cancel_job(job_id=job.pk, now=NOW, actor_id=world.operator.pk)
    between = violations(NOW)
    sweep_jobs(now=LATER)

    job.refresh_from_db()
    assert (job.status, CodeBatch.objects.get().status) == (JobStatus.CANCELLED, BatchStatus.DISCARDED)
    assert set(statuses(job.batch_id)) <= {CodeStatus.VOID}
    assert (between, violations(NOW)) == ({}, {})
    with pytest.raises(StaleState):
        cancel_job(job_id=job.pk, now=NOW)
    assert loaded(world, kind).code_count == 7


def test_an_import_needs_a_good_check_and_its_file_comes_in_once(world):
    check = checked(world)
    waiting = start_check(prize_id=world.prize.pk, name="x", ticket=held_files.hold(FILE), expires_at=None, now=NOW)
    with pytest.raises(FileNotAccepted):
        start_import(check_id=waiting.pk, now=NOW)
    with pytest.raises(FileNotAccepted):
        start_check(prize_id=world.prize.pk, name="x", ticket="0" * 32, expires_at=None, now=NOW)
    start_import(check_id=check.pk, now=NOW)

    with pytest.raises(FileAlreadyImported):
        start_import(check_id=check.pk, now=NOW)
    held_files.let_go(check.parameters["ticket"])
    with pytest.raises(FileNotAccepted):
        start_import(check_id=check.pk, now=NOW)
    assert CodeBatch.objects.count() == 1


def test_F25_codes_that_came_in_after_the_check_undo_the_whole_import(world):
    first = start_import(check_id=checked(world).pk, now=NOW)
    second = start_import(check_id=checked(world, b"code\nNEW00001\nNEW00002\nNEW00003\nGOOD0003\n").pk, now=NOW)
    run_job(job_id=first.pk, now=NOW)

    failed = run_job(job_id=second.pk, now=NOW)
    sweep_jobs(now=NOW)

    assert (failed.status, failed.failure_code) == (JobStatus.FAILED, "duplicate_in_stock")
    assert [found["row"] for found in failed.report["problems"]] == [5]
    assert statuses(second.batch_id) == [CodeStatus.VOID] * 3
    assert violations(NOW) == {}


@pytest.mark.parametrize("chunks", [0, 1, 2])
@pytest.mark.parametrize("kind", ["activate", "discard"])
def test_F25_a_batch_is_activated_or_discarded_whole_though_its_worker_died(world, monkeypatch, kind, chunks):
    batch = loaded(world)
    if kind == "activate":
        job = start_activation(batch_id=batch.pk, now=NOW)
    else:
        job = start_discard(batch_id=batch.pk, reason="誤り", now=NOW)
    with pytest.raises(BatchWorkRunning):
        start_discard(batch_id=batch.pk, reason="x", now=NOW)
    if chunks:
        die_after(monkeypatch, chunks)
        with pytest.raises(SystemExit):
            run_job(job_id=job.pk, now=NOW)
        assert violations(NOW) == {}
    sweep_jobs(now=LATER)

    job.refresh_from_db()
    batch.refresh_from_db()
    assert (job.status, job.done_count) == (JobStatus.DONE, 7)
    expected = (BatchStatus.ACTIVE, "available") if kind == "activate" else (BatchStatus.DISCARDED, "void")
    assert (batch.status, statuses(batch.pk)) == (expected[0], [expected[1]] * 7)
    with pytest.raises(StaleState):
        start_activation(batch_id=batch.pk, now=NOW)
    with pytest.raises(StaleState):
        cancel_job(job_id=job.pk, now=NOW)
    assert violations(NOW) == {}


def test_a_small_batch_is_done_within_the_call(world, monkeypatch):
    monkeypatch.setattr(activating, "AT_ONCE", 7)
    job = start_activation(batch_id=loaded(world).pk, now=NOW)

    assert (job.status, job.done_count, statuses(job.batch_id)) == (JobStatus.DONE, 7, ["available"] * 7)


def test_T20_the_maker_of_a_batch_of_value_waits_for_a_second_person(world):
    maker, colleague = UserFactory(), UserFactory()
    batch = loaded(world, actor_id=maker.pk)
    Agency.objects.update(second_person_above_jpy=3_499)

    job = start_activation(batch_id=batch.pk, now=NOW, actor_id=maker.pk)
    sweep_jobs(now=LATER)
    assert (job.status, statuses(batch.pk)) == (JobStatus.WAITING, ["staged"] * 7)
    with pytest.raises(SecondPersonNeeded):
        confirm_job(job_id=job.pk, now=NOW, actor_id=maker.pk)
    with pytest.raises(BatchWorkRunning):
        start_activation(batch_id=batch.pk, now=NOW, actor_id=colleague.pk)
    confirm_job(job_id=job.pk, now=NOW, actor_id=colleague.pk)
    with pytest.raises(StaleState):
        confirm_job(job_id=job.pk, now=NOW, actor_id=colleague.pk)
    sweep_jobs(now=LATER)

    job.refresh_from_db()
    assert (job.status, job.approved_by_id, statuses(batch.pk)) == (JobStatus.DONE, colleague.pk, ["available"] * 7)


def test_an_activation_that_waits_can_be_given_up(world):
    maker = UserFactory()
    batch = loaded(world, actor_id=maker.pk)
    Agency.objects.update(second_person_above_jpy=0)
    job = start_activation(batch_id=batch.pk, now=NOW, actor_id=maker.pk)

    cancel_job(job_id=job.pk, now=NOW, actor_id=maker.pk)

    assert start_discard(batch_id=batch.pk, reason="x", now=NOW).status == JobStatus.QUEUED


@pytest.mark.parametrize("count", [0, 10_000_001])
def test_nobody_has_none_or_too_many_made(world, count):
    with pytest.raises(QuantityNotAccepted):
        start_generation(prize_id=world.prize.pk, name="x", count=count, now=NOW)
    with pytest.raises(FormatNotAvailable):
        start_generation(prize_id=world.prize.pk, name="x", count=1, code_format=CodeFormat.JAN, now=NOW)
    assert CodeBatch.objects.count() == 0


def test_printed_codes_are_used_without_an_award(world):
    job = start_generation(prize_id=world.prize.pk, name="紙", count=3, purpose=BatchPurpose.PRINT, now=NOW)
    run_job(job_id=job.pk, now=NOW)
    text = open_column(GiftCode.objects.first(), "code")
    assert presented_code(agency_id=world.agency.pk, presented=text) is None

    run_job(job_id=start_activation(batch_id=job.batch_id, now=NOW).pk, now=NOW)

    assert statuses(job.batch_id) == [CodeStatus.PRINTED] * 3
    redeem_code(agency_id=world.agency.pk, store_id=world.store.pk, presented=text, now=NOW)
    assert presented_code(agency_id=world.agency.pk, presented=text).balance_jpy == 0
    assert violations(NOW) == {}


def test_positions_of_two_loads_at_once_do_not_meet(world):
    first, second = begin_load(world, "import"), begin_load(world, "generate")
    for job in (second, first):
        run_job(job_id=job.pk, now=NOW)
    generate_codes(prize_id=world.prize.pk, name="x", count=1, expires_at=None, now=NOW)

    assert list(GiftCode.objects.order_by("position").values_list("position", flat=True)) == list(range(1, 16))
