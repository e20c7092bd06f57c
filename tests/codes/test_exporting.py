"""Own codes written out: two people, a sealed file for a day, the trail before the first byte (T13, T21, I12, I13)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import zxingcpp
from django.core.files.storage import default_storage

from accounts.models import AuditEntry
from codes import tasks
from codes.errors import SecondPersonNeeded
from codes.export_errors import (
    BatchNotExportable,
    BatchNotForPrint,
    ExportEnded,
    ExportNotReady,
    ExportNotYours,
    ExportReasonMissing,
    SymbologyNotFitting,
)
from codes.models import BatchPurpose, BatchStatus, CodeBatch, CodeFormat, CodeJob, CodeStatus, GiftCode, JobStatus
from codes.printing import FITTING, Symbology, barcode_content, file_rows
from codes.sealing import open_column
from codes.services import (
    activate_batch,
    approve_export,
    export_chunk,
    exporting,
    generate_codes,
    hold_batch,
    open_export,
    open_vouchers,
    opening_exports,
    refuse_export,
    request_export,
    run_job,
)
from core import held_files
from core.barcodes import barcode_svg
from core.errors import StaleState
from core.qr import qr_png
from core.spreadsheets import csv_lines
from journeys.audit import violations
from tests.core.test_barcodes import scanned
from tests.factories import NOW, UserFactory
from tests.worlds import World, open_campaign

pytestmark = pytest.mark.django_db
END = datetime(2027, 3, 31, 15, 0, tzinfo=UTC)  # midnight in Japan


@pytest.fixture(autouse=True)
def store(settings, tmp_path):
    folder = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "default": folder}
    settings.CODE_DIGITS_PREFIX, settings.CODE_JAN_PREFIX = "2900001", "29"
    return tmp_path


@pytest.fixture
def world() -> World:
    return open_campaign(codes=0)


@pytest.fixture
def colleague():
    return UserFactory()


def own_batch(world: World, count: int = 3, **details) -> CodeBatch:
    details = {"purpose": BatchPurpose.PRINT, "expires_at": END, **details}
    return generate_codes(prize_id=world.prize.pk, name="店頭用", count=count, now=NOW, **details)


def ask(batch: CodeBatch, world: World, **changes) -> CodeJob:
    given = {"form": "file", "symbology": "code128", "reason": "印刷会社へ渡すため", "again": True, **changes}
    return request_export(batch_id=batch.pk, now=NOW, actor_id=world.operator.pk, **given)


def made(batch: CodeBatch, world: World, colleague, **changes) -> CodeJob:
    job = ask(batch, world, **changes)
    approve_export(job_id=job.pk, now=NOW, actor_id=colleague.pk)
    run_job(job_id=job.pk, now=NOW)
    job.refresh_from_db()
    return job


def plain(batch: CodeBatch) -> list[str]:
    return [open_column(code, "code") for code in batch.gift_codes.order_by("pk")]


def downloaded(job: CodeJob, actor_id: int) -> str:
    return b"".join(open_export(job_id=job.pk, now=NOW, actor_id=actor_id)).decode()


def lines(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action).order_by("pk"))


@pytest.mark.parametrize("chunk", [1, 2, 3, 10])
def test_the_file_holds_each_code_once_in_exact_rows(world, colleague, monkeypatch, chunk):
    monkeypatch.setattr(exporting, "CHUNK", chunk)
    batch = own_batch(world, 3)

    job = made(batch, world, colleague)

    codes = plain(batch)
    rows = [f"{c},{c[:4]} {c[4:8]} {c[8:12]} {c[12:]},{c},CODE128,{c},500,2027-03-31 23:59" for c in codes]
    header = "コード,コード（4桁区切り）,QRの内容,バーコードの種類,バーコードの内容,額面（円）,有効期限（日本時間）"
    assert downloaded(job, colleague.pk) == "\ufeff" + "\r\n".join([header, *rows]) + "\r\n"
    assert (job.status, job.done_count, job.total_count) == (JobStatus.DONE, 3, 3)
    assert violations(NOW) == {}


@pytest.mark.parametrize(("code_format", "symbology"), [(form, kind) for form in FITTING for kind in FITTING[form]])
def test_a_scanner_reads_every_barcode_and_qr_of_every_form(world, code_format, symbology):
    (code,) = plain(own_batch(world, 1, code_format=code_format))

    content = barcode_content(symbology, code)

    if symbology == Symbology.QR:
        assert content == ""
    else:
        assert [text.zfill(13) for _kind, text in scanned(barcode_svg(symbology, content))] == [content]
    image = opened_png(qr_png(code, box_pixels=4))
    assert [found.text for found in zxingcpp.read_barcodes(image)] == [code]


def opened_png(png: bytes):
    import io

    import numpy as np
    from PIL import Image

    return np.array(Image.open(io.BytesIO(png)).convert("L"))


@pytest.mark.parametrize(
    ("symbology", "content"), [("nw7", "A290000112345A"), ("gs1_128", "(92)290000112345"), ("qr", "")]
)
def test_what_a_barcode_holds(symbology, content):
    assert barcode_content(symbology, "290000112345") == content


def test_T13_no_cell_of_the_file_begins_a_formula():
    (_mark, row) = csv_lines(
        file_rows(
            [
                ("=1+1", 500, None),
            ],
            "code128",
        )
    )

    assert row == "'=1+1,'=1+1,'=1+1,CODE128,'=1+1,500,\r\n"


def test_T21_who_asks_cannot_agree_and_nothing_is_opened_before(world, store, colleague):
    job = ask(own_batch(world), world)

    with pytest.raises(SecondPersonNeeded) as refusal:
        approve_export(job_id=job.pk, now=NOW, actor_id=world.operator.pk)
    export_chunk(job_id=job.pk, now=NOW)
    with pytest.raises(ExportNotYours):
        downloaded(job, world.operator.pk)

    job.refresh_from_db()
    assert (job.status, job.report, refusal.value.code) == (JobStatus.WAITING, {}, "second_person_needed")
    assert not (store / "held").exists()
    assert [line.reason for line in lines("batch.export_requested")] == ["印刷会社へ渡すため"]


def test_T21_a_refused_export_stays_refused(world, colleague):
    job = ask(own_batch(world), world)
    refuse_export(job_id=job.pk, now=NOW, actor_id=colleague.pk)

    for decide in (approve_export, refuse_export):
        with pytest.raises(StaleState):
            decide(job_id=job.pk, now=NOW, actor_id=colleague.pk)
    assert len(lines("batch.export_refused")) == 1


def test_T21_a_third_person_opens_neither_file_nor_vouchers(world, colleague):
    batch = own_batch(world)
    file, vouchers = made(batch, world, colleague), made(batch, world, colleague, form="vouchers")
    third = UserFactory()

    with pytest.raises(ExportNotYours):
        downloaded(file, third.pk)
    with pytest.raises(ExportNotYours):
        open_vouchers(job_id=vouchers.pk, page=1, now=NOW, actor_id=third.pk)
    with pytest.raises(ExportNotReady):  # the right person, the wrong form
        downloaded(vouchers, colleague.pk)
    assert lines("batch.export_downloaded") == lines("batch.vouchers_shown") == []


def test_I13_every_look_is_in_the_trail_before_a_code_is_opened(world, colleague, monkeypatch):
    batch = own_batch(world)
    file, vouchers = made(batch, world, colleague), made(batch, world, colleague, form="vouchers")
    seen = []
    opener = opening_exports.open_column
    monkeypatch.setattr(
        opening_exports,
        "open_column",
        lambda *given: (seen.append(len(lines("batch.vouchers_shown"))), opener(*given))[1],
    )

    pieces = open_export(job_id=file.pk, now=NOW, actor_id=colleague.pk)
    before_first_byte = [(line.actor_id, line.facts["codes"]) for line in lines("batch.export_downloaded")]
    next(pieces)
    downloaded(file, world.operator.pk)
    open_vouchers(job_id=vouchers.pk, page=1, now=NOW, actor_id=colleague.pk)

    assert before_first_byte == [(colleague.pk, 3)]
    assert len(lines("batch.export_downloaded")) == 2
    assert seen == [1, 1, 1]
    first, last = batch.gift_codes.order_by("pk").first(), batch.gift_codes.order_by("pk").last()
    (line,) = lines("batch.vouchers_shown")
    assert (line.facts["first"], line.facts["last"]) == (str(first.public_id), str(last.public_id))


def test_I12_no_code_lies_in_store_job_or_trail(world, store, colleague, caplog):
    batch = own_batch(world)
    job = made(batch, world, colleague)
    downloaded(job, colleague.pk)

    files = b"".join(path.read_bytes() for path in (store / "held").iterdir())
    rows = f"{CodeJob.objects.values()} {list(AuditEntry.objects.values())} {caplog.text}"
    for code in plain(batch):
        assert code.encode() not in files
        assert code not in rows


def test_after_a_day_it_is_refused_and_deleted(world, store, colleague):
    batch = own_batch(world)
    file, vouchers = made(batch, world, colleague), made(batch, world, colleague, form="vouchers")
    late = NOW + timedelta(hours=24)

    with pytest.raises(ExportEnded) as refusal:
        open_export(job_id=file.pk, now=late, actor_id=colleague.pk)
    with pytest.raises(ExportEnded):
        open_vouchers(job_id=vouchers.pk, page=1, now=late, actor_id=colleague.pk)
    (part,) = file.report["parts"]
    assert held_files.exists(part)
    make_old(part)
    tasks.drop_old_files()

    assert str(refusal.value) == "開ける24時間が過ぎました。もう一度申請してください。"
    assert not held_files.exists(part)
    with pytest.raises(ExportEnded):
        downloaded(file, colleague.pk)
    assert lines("batch.export_downloaded") == []


def make_old(part: str) -> None:
    import os

    path = default_storage.path(f"held/{part}")
    os.utime(path, (0, 0))


@pytest.mark.parametrize(
    ("details", "changes", "refusal"),
    [
        ({}, {"reason": "  "}, ExportReasonMissing),
        ({}, {"symbology": "jan13"}, SymbologyNotFitting),
        ({}, {"symbology": "nw7"}, SymbologyNotFitting),
        ({"code_format": CodeFormat.DIGITS}, {"symbology": "jan13"}, SymbologyNotFitting),
        ({"purpose": BatchPurpose.AWARDS}, {"form": "vouchers"}, BatchNotForPrint),
    ],
)
def test_what_cannot_be_asked_for(world, details, changes, refusal):
    with pytest.raises(refusal):
        ask(own_batch(world, **details), world, **changes)
    assert not CodeJob.objects.exists()


@pytest.mark.parametrize("change", [{"source": "imported"}, {"status": "recalled"}, {"status": "paused"}])
def test_bought_and_blocked_codes_do_not_leave(world, colleague, change):
    batch = own_batch(world)
    waiting, running = ask(batch, world), ask(batch, world)
    approve_export(job_id=running.pk, now=NOW, actor_id=colleague.pk)
    done = made(batch, world, colleague)
    CodeBatch.objects.filter(pk=batch.pk).update(**change)

    with pytest.raises(BatchNotExportable):
        ask(batch, world)
    with pytest.raises(BatchNotExportable):
        approve_export(job_id=waiting.pk, now=NOW, actor_id=colleague.pk)
    if "status" in change:
        export_chunk(job_id=running.pk, now=NOW)
        running.refresh_from_db()
        assert (running.status, running.failure_code) == (JobStatus.FAILED, "batch_not_exportable")
        with pytest.raises(BatchNotExportable):
            downloaded(done, colleague.pk)


def test_vouchers_come_in_page_sets_without_gap_and_repeat(world, colleague, monkeypatch):
    monkeypatch.setattr(exporting, "CHUNK", 4)
    monkeypatch.setattr(exporting, "VOUCHERS_A_PAGE", 2)
    batch = own_batch(world, 9)

    job = made(batch, world, colleague, form="vouchers")

    pages = [open_vouchers(job_id=job.pk, page=page, now=NOW, actor_id=colleague.pk) for page in range(1, 6)]
    assert [len(page) for page in pages] == [2, 2, 2, 2, 1]
    assert [voucher.code for page in pages for voucher in page] == plain(batch)
    with pytest.raises(ExportNotReady):
        open_vouchers(job_id=job.pk, page=6, now=NOW, actor_id=colleague.pk)


def test_a_blocked_code_is_neither_written_out_nor_printed(world, colleague):
    batch = own_batch(world)
    gone = batch.gift_codes.order_by("pk").first()
    gone.move_to(CodeStatus.VOID)

    text = downloaded(made(batch, world, colleague), colleague.pk)

    assert open_column(gone, "code") not in text
    assert len(re.findall(r"\r\n", text)) == 3


def test_two_workers_write_a_chunk_once(world, colleague, monkeypatch):
    batch = own_batch(world)
    job = ask(batch, world)
    approve_export(job_id=job.pk, now=NOW, actor_id=colleague.pk)
    hold = held_files.hold

    def overtaken(data):
        monkeypatch.setattr(held_files, "hold", hold)
        ticket = hold(data)
        export_chunk(job_id=job.pk, now=NOW)
        return ticket

    monkeypatch.setattr(held_files, "hold", overtaken)
    export_chunk(job_id=job.pk, now=NOW)
    run_job(job_id=job.pk, now=NOW)

    job.refresh_from_db()
    assert (job.done_count, len(job.report["parts"])) == (3, 1)
    assert len(downloaded(job, colleague.pk).splitlines()) == 4
    assert len(default_storage.listdir("held")[1]) == 1


def test_I01_printed_codes_become_good_with_activation_and_no_winner_gets_them(world):
    batch = own_batch(world)

    activate_batch(batch_id=batch.pk, now=NOW, actor_id=None)

    assert set(batch.gift_codes.values_list("status", "issued_at")) == {(CodeStatus.PRINTED, NOW)}
    assert not GiftCode.objects.filter(status=CodeStatus.AVAILABLE).exists()
    assert violations(NOW) == {}


def test_a_waiting_export_keeps_nobody_from_holding_a_batch_back(world, colleague):
    batch = own_batch(world, purpose=BatchPurpose.AWARDS)
    activate_batch(batch_id=batch.pk, now=NOW)
    job = ask(batch, world)
    approve_export(job_id=job.pk, now=NOW, actor_id=colleague.pk)

    hold_batch(batch_id=batch.pk, reason="確認中", now=NOW)

    batch.refresh_from_db()
    assert batch.status == BatchStatus.PAUSED
