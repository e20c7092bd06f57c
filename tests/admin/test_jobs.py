"""Bulk work at the desk: sealed on its way in, watched while it goes, confirmed by a second person, found again."""

import re

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from codes.models import BatchStatus, CodeJob, JobKind, JobStatus
from core import held_files, sealed_uploads
from core.held_files import FRAME
from tests.admin.registry import list_url, row_url
from tests.factories import CodeJobFactory, GiftCodeFactory, PrizeFactory, UserFactory

UPLOAD = "admin:codes_codebatch_import_file"
MARK = b"MARKEDCODE"


@pytest.fixture
def prize(agency):
    return PrizeFactory(course__campaign__sponsor__agency=agency, face_value_jpy=500)


@pytest.fixture
def waiting(prize, member):
    """Ten codes of 500 yen that a colleague wants to put into stock."""
    batch = GiftCodeFactory.create(
        batch__prize=prize, status="staged", batch__status=BatchStatus.STAGED, batch__code_count=10
    ).batch
    batch.agency.second_person_above_jpy = 100
    batch.agency.save()
    return CodeJobFactory(batch=batch, requested_by=member(), total_count=10)


def codes(size):
    row = MARK + b"%010d\n"
    return b"code\n" + b"".join(row % n for n in range(size // (len(MARK) + 11) + 1))


def form_of(prize, data, **changes):
    return {"prize": prize.pk, "name": "第1回", "file": SimpleUploadedFile("c.csv", data), **changes}


def everything_below(folder):
    return [(str(path), path.read_bytes()) for path in folder.rglob("*") if path.is_file()]


def held():
    return default_storage.listdir("held")[1] if default_storage.exists("held") else []


def test_I12_no_plain_byte_of_a_file_of_codes_reaches_the_disk(prize, operator, tmp_path, monkeypatch, settings):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    made = []
    monkeypatch.setattr("tempfile.NamedTemporaryFile", lambda *a, **k: made.append(a) or pytest.fail("a plain file"))
    data = codes(3 * 1024 * 1024)  # larger than Django keeps in memory

    answer = operator.post(reverse(UPLOAD), form_of(prize, data))

    job = CodeJob.objects.get()
    assert answer["Location"] == row_url(job)
    assert held_files.look_into(job.parameters["ticket"]) == data
    stored = [(name, default_storage.open(f"held/{name}").read()) for name in held()]
    found = [*everything_below(tmp_path), *stored]
    assert stored
    assert [path for path, content in found if MARK in content] == []


def test_a_file_that_is_too_large_is_refused_at_its_field_and_nothing_is_held(prize, operator, monkeypatch):
    monkeypatch.setattr(sealed_uploads.SealingUploadHandler, "largest_bytes", FRAME)
    before = held()

    answer = operator.post(reverse(UPLOAD), form_of(prize, codes(3 * FRAME)))

    assert "300MBを超えています" in answer.content.decode()
    assert held() == before
    assert not CodeJob.objects.exists()


def test_a_form_that_is_refused_holds_no_file(prize, operator):
    before = held()

    operator.post(reverse(UPLOAD), form_of(prize, codes(10), name=""))

    assert held() == before


def test_the_way_in_asks_for_the_forms_token_and_for_a_login(prize, member):
    client = Client(enforce_csrf_checks=True)
    nobody = client.post(reverse(UPLOAD), form_of(prize, codes(10)))
    client.force_login(member())
    client.get(reverse(UPLOAD))

    forged = client.post(reverse(UPLOAD), form_of(prize, codes(10)))
    token = client.cookies["csrftoken"].value
    true = client.post(reverse(UPLOAD), form_of(prize, codes(10), csrfmiddlewaretoken=token))

    assert nobody.status_code == 302
    assert "/login/" in nobody["Location"]
    assert forged.status_code == 403
    assert true["Location"] == row_url(CodeJob.objects.get())


def test_a_page_shows_how_far_work_is_and_is_asked_for_anew_when_it_has_ended(waiting, operator):
    CodeJob.objects.update(status=JobStatus.RUNNING, done_count=4)
    url = reverse("admin:codes_codejob_progress", args=[waiting.pk])

    page = operator.get(row_url(waiting)).content.decode()
    running = operator.get(url)
    CodeJob.objects.update(status=JobStatus.DONE, done_count=10)
    ended = operator.get(url)

    assert 'value="40"' in page
    assert url in page
    assert "再読み込み" in page
    assert 'value="40"' in running.content.decode()
    assert "HX-Refresh" not in running
    assert ended["HX-Refresh"] == "true"
    assert "hx-get" not in ended.content.decode()


def test_I20_the_second_person_confirms_with_a_preview_and_the_first_cannot(waiting, operator):
    first = Client()
    first.force_login(waiting.requested_by)
    url = reverse("admin:codes_codejob_confirm", args=[waiting.pk])

    refused = first.post(url).status_code
    today = operator.get(reverse("admin:index")).content.decode()
    listed = operator.get(list_url("codes.codejob") + "?status__in=waiting,failed").content.decode()
    asked = operator.get(url).content.decode()
    waiting.refresh_from_db()
    untouched = waiting.status
    operator.post(url)

    waiting.refresh_from_db()
    assert refused == 403
    assert untouched == JobStatus.WAITING
    assert row_url(waiting) in today
    assert row_url(waiting) in listed
    assert str(waiting.requested_by) in asked
    assert "5,000円" in asked
    assert waiting.status in (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DONE)
    assert waiting.approved_by is not None


def test_a_batch_that_waits_for_the_second_person_leads_there_and_asks_nothing_twice(waiting, operator):
    first = Client()
    first.force_login(waiting.requested_by)
    activate = reverse("admin:codes_codebatch_activate", args=[waiting.batch_id])

    pages = [client.get(row_url(waiting.batch)).content.decode() for client in (first, operator)]

    for page in pages:
        assert "在庫への追加が、2人目の担当者の確認を待っています。" in page
        assert row_url(waiting) in page
        assert activate not in page
    assert operator.get(activate).status_code == 403
    confirm = reverse("admin:codes_codejob_confirm", args=[waiting.pk])
    assert f'<a class="desk-button" href="{confirm}">' in re.sub(
        r"\s+", " ", operator.get(row_url(waiting)).content.decode()
    )
    assert confirm not in first.get(row_url(waiting)).content.decode()


def test_an_address_of_work_that_names_none_is_no_defect_to_who_runs_the_installation(admin_client, waiting):
    answer = admin_client.get(f"/admin/codes/codejob/{waiting.pk}/approve/", follow=True)

    assert answer.status_code in (200, 403, 404)


def test_work_that_waits_is_given_up_after_a_question(waiting, operator):
    url = reverse("admin:codes_codejob_cancel", args=[waiting.pk])

    operator.get(url)
    waiting.refresh_from_db()
    untouched = waiting.status
    operator.post(url)

    waiting.refresh_from_db()
    assert (untouched, waiting.status) == (JobStatus.WAITING, JobStatus.CANCELLED)
    assert operator.get(url).status_code == 403


def test_failed_work_says_why_and_is_among_todays_duties(prize, operator):
    job = CodeJobFactory(
        batch=None,
        agency=prize.course.campaign.agency,
        kind=JobKind.CHECK,
        status=JobStatus.FAILED,
        failure_code="file_is_archive",
        parameters={"name": "第9回", "prize": prize.pk},
        total_count=0,
    )

    page = operator.get(row_url(job)).content.decode()
    today = operator.get(reverse("admin:index")).content.decode()

    assert "圧縮ファイル" in page
    assert reverse(UPLOAD) in page
    assert "第9回" in today


def test_F06_work_that_was_set_aside_is_tried_again_after_a_question(prize, operator):
    job = CodeJobFactory(batch__prize=prize, status=JobStatus.FAILED, failure_code="work_broken")
    url = reverse("admin:codes_codejob_retry", args=[job.pk])

    page = operator.get(row_url(job)).content.decode()
    asked = operator.get(url).content.decode()
    operator.post(url)

    job.refresh_from_db()
    assert ("5回続けて" in page, url in page) == (True, True)
    assert "止まったところから続ける" in asked
    assert (job.status, job.failure_code) == (JobStatus.QUEUED, "")
    assert operator.get(url).status_code == 403


@pytest.fixture
def rotation(db) -> CodeJob:
    """A change of the master key of which two values are left over."""
    report = {"done": {"contacts": 1200}, "unreadable": {"contacts": 2}, "left": {"contacts": 2}}
    return CodeJobFactory(
        batch=None,
        agency=None,
        kind=JobKind.MASTER,
        status=JobStatus.DONE,
        total_count=1202,
        done_count=1200,
        report=report,
    )


def test_the_change_of_the_master_key_is_told_table_by_table_to_who_runs_the_installation(rotation):
    client = Client()
    client.force_login(UserFactory(is_superuser=True, is_staff=True))

    text = " ".join(client.get(row_url(rotation)).content.decode().split())

    assert "新しいマスター鍵への入れ替え状況" in text
    contacts = '<th scope="row">連絡先</th> <td class="number">1,200</td> <td class="number">2</td>'
    assert f'{contacts} <td class="number">2</td>' in text
    assert "古いマスター鍵はまだ必要です" in text
    assert "マスター鍵の入れ替え" in client.get(list_url("codes.codejob")).content.decode()


def test_I11_an_agency_does_not_see_work_on_the_whole_installation(rotation, operator):
    assert operator.get(row_url(rotation)).status_code in (302, 403, 404)
    assert row_url(rotation) not in operator.get(list_url("codes.codejob")).content.decode()


def test_the_change_of_the_index_key_is_told_table_by_table_and_until_when(db):
    client = Client()
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    job = CodeJobFactory(
        batch=None,
        agency=None,
        kind=JobKind.REINDEX,
        status=JobStatus.DONE,
        total_count=1200,
        report={
            "done": {"contacts": 1200},
            "doubles": {"serial codes": 1},
            "named": ["serial codes 17"],
            "left": {"reference numbers": 30},
            "until": {"reference numbers": "2027-06-01T00:00:00+09:00"},
        },
    )

    page = client.get(row_url(job)).content.decode()

    for said in (
        "新しい索引用の鍵で検索できるデータ",
        "1,200",
        "serial codes 17",
        "2027-06-01",
        "古い索引用の鍵を残して",
    ):
        assert said in page
