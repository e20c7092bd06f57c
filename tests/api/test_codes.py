"""Stock in figures and files of codes coming in."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from codes.models import CodeBatch, GiftCode
from codes.services import activate_batch
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
