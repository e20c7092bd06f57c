"""Entries from an agency's own pages."""

import io
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from api.models import IdempotencyRecord
from campaigns.models import EntryRule, RuleKind
from campaigns.services import freeze_rules
from distribution.models import Delivery
from journeys.services import advance_entry
from participants.models import Consent, Entry, EntryStatus
from receipts.models import Receipt
from receipts.ocr.fake import FakeReader, prepared_reading
from receipts.services import read_receipt
from tests.api.world import entry_body, make_tenant


def test_an_entry_is_created_and_sent_in_one_call(tenant):
    answer = tenant.api.post("/entries", entry_body(tenant, external_reference="order 17", link=tenant.link.token))

    assert answer.status_code == 201, answer.content
    entry = Entry.objects.get()
    assert entry.submitted_at is not None
    assert answer.json() == {
        "id": str(entry.public_id),
        "campaign": str(tenant.campaign.public_id),
        "status": "submitted",
        "external_reference": "order 17",
        "created_at": entry.created_at.isoformat().replace("+00:00", "Z"),
        "submitted_at": entry.submitted_at.isoformat().replace("+00:00", "Z"),
        "decided_at": None,
        "contacts": [{"kind": "email", "masked": "ha****@example.jp", "is_verified": False}],
        "verdict": None,
        "receipt": None,
        "receipts": [],
        "receipt_sum": None,
    }
    assert (entry.status, entry.link, entry.agency) == (EntryStatus.SUBMITTED, tenant.link, tenant.agency)
    assert entry.answers.get().values == ["よい"]
    assert set(Consent.objects.values_list("kind", flat=True)) == {"terms"}


def test_an_entry_shows_its_verdict_with_what_the_entrant_can_do(tenant):
    created = tenant.api.post("/entries", entry_body(tenant, answers=[])).json()
    advance_entry(entry_id=Entry.objects.get().pk, now=timezone.now())

    answer = tenant.api.get(f"/entries/{created['id']}").json()

    decision = Entry.objects.get().decisions.get()
    (reason,) = answer["verdict"]["reasons"]
    assert (answer["status"], answer["verdict"]["verdict"]) == ("sent_back", "sent_back")
    assert (reason["code"], reason["can_fix"]) == (decision.reasons[0]["code"], True)
    assert reason["message"]
    assert reason["fix"]
    assert set(reason) == {"code", "message", "fix", "can_fix"}


def test_the_mail_to_confirm_the_address_is_queued_with_the_entry(tenant):
    tenant.api.post("/entries", entry_body(tenant))

    delivery = Delivery.objects.get()
    assert delivery.kind == "verify_email"
    assert str(delivery.identity).endswith(" ha****@example.jp")


def test_entries_are_found_by_campaign_state_and_the_callers_reference(tenant):
    mine = tenant.api.post("/entries", entry_body(tenant, external_reference="注文 17"), key="a").json()
    tenant.api.post("/entries", entry_body(tenant, email="taro@example.jp"), key="b")

    def found(**query):
        return [row["id"] for row in tenant.api.get("/entries", **query).json()["data"]]

    assert found(external_reference="注文 17") == [mine["id"]]
    assert len(found(status="submitted", campaign=str(tenant.campaign.public_id))) == 2
    assert found(status="won") == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"email": "nobody"}, 422, "contact_not_accepted"),
        ({"email": "a@b@example.jp"}, 422, "contact_not_accepted"),
        ({"serial": "!"}, 422, "serial_not_accepted"),
        ({"reference": "あいうえお"}, 422, "serial_not_accepted"),
        ({"terms_agreed": False}, 422, "entry_incomplete"),
    ],
)
def test_what_cannot_be_used_is_refused_and_leaves_nothing(tenant, change, status, code):
    answer = tenant.api.post("/entries", entry_body(tenant, **change))

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (Entry.objects.count(), Delivery.objects.count(), IdempotencyRecord.objects.count()) == (0, 0, 0)


def test_an_old_carrier_address_is_accepted(tenant):
    assert tenant.api.post("/entries", entry_body(tenant, email="da..me@docomo.ne.jp")).status_code == 201


def test_an_answer_that_is_no_choice_is_refused(tenant):
    answers = [{"question": str(tenant.question.public_id), "values": ["まずい"]}]

    answer = tenant.api.post("/entries", entry_body(tenant, answers=answers))

    assert (answer.status_code, answer.json()["code"]) == (422, "answer_not_accepted")


def test_a_closed_campaign_takes_no_entry(tenant):
    tenant.campaign.move_to("closed")

    answer = tenant.api.post("/entries", entry_body(tenant))

    assert (answer.status_code, answer.json()["code"]) == (403, "campaign_closed")


def test_T04_one_address_cannot_be_used_to_try_numbers_or_to_flood_a_mailbox(tenant):
    with time_machine.travel(timezone.now(), tick=False):  # within one window
        answers = [tenant.api.post("/entries", entry_body(tenant), key=f"k{n}") for n in range(21)]
        another = tenant.api.post("/entries", entry_body(tenant, email="taro@example.jp"), key="other")

    assert {answer.status_code for answer in answers[:20]} == {201}
    assert (answers[20].status_code, answers[20].json()["code"]) == (429, "too_many_attempts")
    assert another.status_code == 201


def test_a_receipt_is_uploaded_and_sends_the_entry(db):
    tenant = make_tenant("own", rules=(RuleKind.PURCHASE,))
    created = tenant.api.post("/entries", entry_body(tenant)).json()

    sent = tenant.api.upload(f"/entries/{created['id']}/receipt", {"photos": photo("white")})

    receipt = Receipt.objects.get()
    assert (created["status"], created["receipt"]) == ("started", None)
    assert sent.status_code == 201, sent.content
    assert sent.json()["status"] == "submitted"
    assert sent.json()["receipt"] == {
        "id": str(receipt.public_id),
        "status": "uploaded",
        "store_name": "",
        "purchased_on": None,
        "total_jpy": None,
        "counts": False,
        "sum_state": None,
        "sum_spent_jpy": None,
        "sum_quantity": None,
        "sum_reasons": [],
    }
    assert sent.json()["receipts"] == [sent.json()["receipt"]]
    assert sent.json()["receipt_sum"] is None


def test_receipts_are_added_where_the_campaign_sums_them_and_the_answer_shows_the_sum(db):
    tenant = make_tenant("own", rules=(RuleKind.PURCHASE,))
    EntryRule.objects.update(parameters={"minimum_spend_jpy": 2500, "receipts_at_most": 2})
    freeze_rules(campaign_id=tenant.campaign.pk)
    path = f"/entries/{tenant.api.post('/entries', entry_body(tenant)).json()['id']}"
    own = {"tel": "0312345678", "date": tenant.campaign.purchase_from_on.isoformat()}

    def send(colour: str, total: int, time: str) -> dict[str, Any]:
        FakeReader.prepare(prepared_reading(total=total, time=time, **own))
        sent = tenant.api.upload(f"{path}/receipt", {"photos": photo(colour), "mode": "add"})
        assert sent.status_code == 201, sent.content
        read_receipt(receipt_id=Receipt.objects.latest("pk").pk, now=timezone.now())
        advance_entry(entry_id=Entry.objects.get().pk, now=timezone.now())
        return tenant.api.get(path).json()

    short = send("white", 2020, "10:00")
    assert [reason["message"] for reason in short["verdict"]["reasons"]] == [
        "レシートの合計が、あと480円分足りません。"
    ]
    assert [(r["sum_state"], r["sum_spent_jpy"], r["counts"]) for r in short["receipts"]] == [("counts", 2020, False)]
    assert short["receipt_sum"] == {
        "receipts_at_most": 2,
        "minimum_spend_jpy": 2500,
        "counted_jpy": 2020,
        "missing_jpy": 480,
        "minimum_quantity": 0,
        "counted_quantity": 0,
        "missing_quantity": 0,
    }

    whole = send("black", 480, "18:00")
    assert (whole["status"], whole["receipt_sum"]["missing_jpy"]) == ("accepted", 0)
    assert [(r["sum_spent_jpy"], r["counts"]) for r in whole["receipts"]] == [(2020, True), (480, True)]


def test_I16_the_same_photographs_again_change_nothing_and_others_come_too_late(db):
    tenant = make_tenant("own", rules=(RuleKind.PURCHASE,))
    path = f"/entries/{tenant.api.post('/entries', entry_body(tenant)).json()['id']}/receipt"

    first, again, other = (tenant.api.upload(path, {"photos": photo(c)}) for c in ("white", "white", "black"))

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert first.json() == again.json()
    assert other.json()["code"] == "entry_not_editable"
    assert Receipt.objects.count() == 1


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 400),
        ({"photos": "text"}, 400),
        ({"photos": SimpleUploadedFile("a.jpg", b"")}, 415),
        ({"photos": [SimpleUploadedFile(f"{n}.jpg", b"x") for n in range(5)]}, 400),
        ({"photos": [SimpleUploadedFile(f"{n}.jpg", b"x") for n in range(6)]}, 400),
        ({"photos": SimpleUploadedFile("a.jpg", b"not an image")}, 415),
        ({"photos": SimpleUploadedFile("a.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 100)}, 422),
    ],
)
def test_what_is_no_photograph_is_refused(db, form, status):
    tenant = make_tenant("own", rules=(RuleKind.PURCHASE,))
    entry = tenant.api.post("/entries", entry_body(tenant)).json()["id"]

    answer = tenant.api.upload(f"/entries/{entry}/receipt", form)

    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert (Receipt.objects.count(), Entry.objects.get().status) == (0, "started")


def test_a_form_larger_than_four_photographs_is_refused_by_its_stated_length(tenant):
    entry = tenant.api.post("/entries", entry_body(tenant)).json()["id"]

    answer = tenant.api.client.post(
        f"/api/v1/entries/{entry}/receipt",
        b"--x",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH="99999999",
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def photo(colour: str) -> SimpleUploadedFile:
    """A JPEG that is no receipt, but a photograph."""
    buffer = io.BytesIO()
    Image.new("RGB", (800, 1200), colour).save(buffer, format="JPEG")
    return SimpleUploadedFile("receipt.jpg", buffer.getvalue(), content_type="image/jpeg")
