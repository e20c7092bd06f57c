"""Stock in figures and files of codes coming in."""

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from codes.models import CodeBatch, CodeJob, GiftCode
from codes.services import activate_batch
from codes.services.job_chains import import_checked_files
from codes.services.jobs import run_job
from core.sealed_uploads import SealingUploadHandler
from tests.api.world import winning_code

CSV = "コード,PIN\nAAAA-1111-2222,1234\nAAAA-3333-4444,5678\n"


def upload(tenant, path="/codes/batches", *, text=CSV, key="k", **fields):
    form = {"prize": str(tenant.prize.public_id), "file": SimpleUploadedFile("c.csv", text.encode("cp932"))} | fields
    return tenant.api.upload(path, form, key=key)


def test_a_file_is_tried_then_staged_and_waits_for_an_operator(tenant):
    tried = upload(tenant, "/codes/batches/preview", key=None)
    staged = upload(tenant, name="6月分", expires_at="2027-03-31T15:00:00Z")

    batch = CodeBatch.objects.get()
    assert tried.json() == {
        "encoding": "cp932",
        "row_count": 2,
        "usable_count": 2,
        "total_value_jpy": 1000,
        "problem_count": 0,
        "problems": [],
        "sentences": tried.json()["sentences"],
    }
    assert staged.status_code == 201, staged.content
    assert staged.json() == {
        "id": str(batch.public_id),
        "prize": str(tenant.prize.public_id),
        "name": "6月分",
        "source": "imported",
        "status": "staged",
        "code_count": 2,
        "face_value_jpy": 500,
        "expires_at": "2027-03-31T15:00:00Z",
        "created_at": batch.created_at.isoformat().replace("+00:00", "Z"),
        "activated_at": None,
    }
    activate_batch(batch_id=batch.pk, now=timezone.now())
    assert tenant.api.get(f"/codes/batches/{batch.public_id}").json()["status"] == "active"


def test_a_file_with_a_bad_row_is_refused_whole_and_each_row_named(tenant):
    text = "code\nAAAA-1111\nAAAA-1111\n1.2E+15\n"

    tried = upload(tenant, "/codes/batches/preview", text=text, key=None).json()
    refused = upload(tenant, text=text, name="6月分")

    rows = [{"row": 3, "code": "duplicate_in_file"}, {"row": 4, "code": "damaged_by_spreadsheet"}]
    assert (tried["usable_count"], tried["problem_count"], tried["problems"]) == (1, 2, rows)
    assert (refused.status_code, refused.json()["code"]) == (422, "file_not_accepted")
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [
        ("/file/3", "duplicate_in_file"),
        ("/file/4", "damaged_by_spreadsheet"),
    ]
    assert GiftCode.objects.count() == 0


def test_a_file_without_a_code_column_is_refused(tenant):
    answer = upload(tenant, text="名前\nx\n", name="6月分")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "no_code_column")


def test_the_same_file_again_under_a_new_key_is_refused(tenant):
    upload(tenant, name="6月分", key="a")

    again = upload(tenant, name="6月分", key="b")

    assert (again.status_code, again.json()["code"]) == (422, "file_not_accepted")
    assert CodeBatch.objects.count() == 1


def test_a_form_takes_documented_fields_only(tenant):
    unknown = upload(tenant, name="6月分", agency="1", status="active")
    nameless = upload(tenant, key="b")
    naive = upload(tenant, name="x", expires_at="2027-03-31T15:00:00", key="c")
    text = tenant.api.upload(
        "/codes/batches", {"prize": str(tenant.prize.public_id), "name": "x", "file": "a"}, key="d"
    )

    places = [[error["pointer"] for error in answer.json()["errors"]] for answer in (unknown, nameless, naive, text)]
    assert places == [["/agency", "/status"], ["/name"], ["/expires_at"], ["/file"]]
    assert CodeBatch.objects.count() == 0


def test_stock_is_told_in_figures_only(tenant):
    _award, code = winning_code(tenant)
    upload(tenant, name="6月分")

    answer = tenant.api.get(f"/campaigns/{tenant.campaign.public_id}/stock")

    assert answer.json() == {
        "data": [
            {
                "prize": str(tenant.prize.public_id),
                "name": "500円ギフト",
                "kind": "own_code",
                "face_value_jpy": 500,
                "staged": 2,
                "available": 0,
                "reserved": 0,
                "held": 0,
                "issued": 1,
                "printed": 0,
                "void": 0,
                "expired": 0,
            }
        ]
    }
    assert code not in answer.content.decode()


def test_T23_no_answer_of_the_whole_api_holds_a_code_or_a_contact(tenant):
    """Every list and detail, read with a key that may read everything."""
    award, code = winning_code(tenant)
    upload(tenant, name="6月分")
    batch = CodeBatch.objects.get(name="6月分")
    paths = [
        "/me",
        "/campaigns",
        f"/campaigns/{tenant.campaign.public_id}",
        f"/campaigns/{tenant.campaign.public_id}/stock",
        f"/campaigns/{tenant.campaign.public_id}/awards",
        "/entries",
        f"/entries/{award.entry.public_id}",
        "/codes/batches",
        f"/codes/batches/{batch.public_id}",
        "/redemptions",
    ]

    for path in paths:
        answer = tenant.api.get(path)
        assert answer.status_code == 200, path
        for secret in (code, "AAAA-1111-2222", tenant.key):
            assert secret not in answer.content.decode(), path


def test_a_file_larger_than_eight_megabytes_is_refused_by_its_stated_length(tenant):
    answer = tenant.api.client.post(
        "/api/v1/codes/batches/preview",
        b"--x",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(8 * 1_048_576 + 1),
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


MANY = "code\n" + "".join(f"AAAA-{n:08d}\n" for n in range(10_001))


def work_off(job):
    run_job(job_id=job.pk, now=timezone.now())
    import_checked_files(now=timezone.now())
    import_checked_files(now=timezone.now())  # a repeat begins nothing
    for following in CodeJob.objects.filter(kind="import", status="queued"):
        run_job(job_id=following.pk, now=timezone.now())


def test_a_large_file_is_answered_with_a_job_that_checks_it_and_reads_it_in(tenant):
    begun = upload(tenant, text=MANY, name="大口")
    again = upload(tenant, text=MANY, name="大口")
    url = begun["Location"].removeprefix("/api/v1")
    waiting = tenant.api.get(url).json()
    work_off(CodeJob.objects.get())
    done = tenant.api.get(url).json()

    batch = CodeBatch.objects.get()
    assert (begun.status_code, again.status_code) == (202, 202), begun.content
    assert (again.json()["id"], again["Location"]) == (begun.json()["id"], begun["Location"])
    assert (waiting["kind"], waiting["status"], waiting["batch"]) == ("import", "queued", None)
    assert (done["status"], done["done_count"], done["batch"]) == ("done", 10_001, str(batch.public_id))
    assert (batch.status, batch.code_count) == ("staged", 10_001)
    assert default_storage.listdir("held")[1] == []
    assert "AAAA" not in str(done)


def test_a_large_file_with_a_bad_row_fails_and_stores_nothing(tenant):
    begun = upload(tenant, text=MANY + "AAAA-00000007\n", name="大口")
    work_off(CodeJob.objects.get())
    done = tenant.api.get(begun["Location"].removeprefix("/api/v1")).json()

    assert (done["status"], done["failure_code"]) == ("failed", "file_not_accepted")
    assert done["report"]["problem_counts"] == {"duplicate_in_file": 1}
    assert done["report"]["problems"] == [{"row": 10_003, "code": "duplicate_in_file"}]
    assert (CodeJob.objects.count(), CodeBatch.objects.count(), GiftCode.objects.count()) == (1, 0, 0)


def test_a_file_beyond_the_limit_is_refused_and_not_held(tenant, monkeypatch):
    monkeypatch.setattr(SealingUploadHandler, "largest_bytes", 100)

    refused = upload(tenant, text=MANY, name="大口")

    assert (refused.status_code, refused.json()["code"]) == (422, "file_not_accepted")
    assert not CodeJob.objects.exists()


@pytest.fixture(autouse=True)
def empty_shelf():
    """Files of other tests are none of ours; and none of ours stays."""
    for name in default_storage.listdir("held")[1] if default_storage.exists("held") else ():
        default_storage.delete(f"held/{name}")
