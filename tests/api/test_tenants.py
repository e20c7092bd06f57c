"""T16, I11: another agency's row is answered exactly like one that does not exist."""

import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import AuditEntry
from codes.models import CodeBatch, CodeLock, GiftCode, Redemption, Reservation, Tombstone
from codes.selectors import open_code
from codes.services import generate_codes
from participants.models import Entry
from receipts.models import Receipt
from tests.api.routes import calls
from tests.api.world import entry_body, locked, redeemed, reserved, sale, winning_code
from tests.factories import CodeJobFactory

pytestmark = pytest.mark.matrix

WITH_IDS = [call for call in calls() if call.ids]
REFUSALS = {"api-lock": "lock_not_found"}
OTHER_METHODS = [
    (call, method)
    for call in calls()
    for method in ("put", "patch", "delete", "options", "trace")
    if (call.path, method.upper()) not in {(known.path, known.method) for known in calls()}
]
FORMS = {"api-entry-receipt": {"photos": b"x"}, "api-batches": {}, "api-batch-preview": {}}
BODIES = {"api-redemption-reversals": {"reason": "返品"}}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)


def rows_of(tenant):
    """One row of the tenant for each id that stands in an address."""
    redemption = redeemed(tenant, amount_jpy=100)
    return {
        "campaign_id": tenant.campaign.public_id,
        "entry_id": redemption.gift_code.award.entry.public_id,
        "batch_id": redemption.gift_code.batch.public_id,
        "job_id": CodeJobFactory(batch=redemption.gift_code.batch).public_id,
        "redemption_id": redemption.public_id,
        "lock_id": locked(tenant).public_id,
        "reservation_id": reserved(tenant).public_id,
    }


def send(caller, call, ids, key="k-1"):
    path = call.address(**ids)
    if call.method in ("GET", "DELETE"):
        return getattr(caller, call.method.lower())(path)
    if call.name in FORMS:
        return caller.upload(path, {"photos": SimpleUploadedFile("a.png", PNG)}, key=key)
    return caller.post(path, BODIES.get(call.name, {}), key=key)


def shape(answer):
    """An answer without what names the request."""
    body = {name: value for name, value in answer.json().items() if name != "request_id"}
    headers = {name: value for name, value in answer.headers.items() if name not in {"X-Request-Id", "RateLimit"}}
    return answer.status_code, body, headers


def counts():
    models = (Entry, Receipt, CodeBatch, GiftCode, Redemption, Reservation, CodeLock, Tombstone, AuditEntry)
    return [model.objects.count() for model in models]


def test_the_matrix_knows_every_id_that_stands_in_an_address(tenant):
    assert {name for call in WITH_IDS for name in call.ids} == set(rows_of(tenant))


@pytest.mark.parametrize("call", WITH_IDS, ids=lambda call: f"{call.method} {call.path}")
def test_T16_a_foreign_id_is_answered_like_a_random_one(tenant, other, call):
    own, foreign = rows_of(tenant), rows_of(other)
    before = counts()

    stranger = send(tenant.api, call, foreign, "k-1")
    nobody = send(tenant.api, call, dict.fromkeys(foreign, uuid.uuid4()), "k-2")
    after = counts()

    assert shape(stranger) == shape(nobody)
    assert (stranger.status_code, stranger.json()["code"]) == (404, REFUSALS.get(call.name, "not_found"))
    assert before == after
    assert send(tenant.api, call, own, "k-3").status_code in {200, 201, 204, 409}


@pytest.mark.parametrize(("call", "method"), OTHER_METHODS, ids=str)
def test_other_methods_are_refused_before_anything_is_looked_up(tenant, other, call, method):
    ids = rows_of(other) if call.ids else {}

    answer = getattr(tenant.api.client, method)(f"/api/v1{call.address(**ids)}")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    methods = {c.method for c in calls() if c.path == call.path}
    assert set(answer["Allow"].split(", ")) == methods | ({"HEAD"} if "GET" in methods else set())


@pytest.mark.parametrize("path", ["/campaigns", "/entries", "/codes/batches", "/codes/jobs", "/redemptions"])
def test_I11_lists_hold_own_rows_only_and_no_foreign_cursor(tenant, other, path):
    foreign_ids = {str(value) for value in rows_of(other).values()}
    rows_of(tenant)
    foreign_row = other.api.get(path).json()["data"][0]["id"]

    listed = {row["id"] for row in tenant.api.get(path).json()["data"]}
    stranger = tenant.api.get(path, cursor=foreign_row)
    nobody = tenant.api.get(path, cursor=str(uuid.uuid4()))

    assert listed
    assert not listed & foreign_ids
    assert shape(stranger) == shape(nobody)
    assert (stranger.status_code, stranger.json()["code"]) == (404, "cursor_not_found")


def test_T16_a_foreign_campaign_in_a_body_or_filter_is_answered_like_a_random_one(tenant, other):
    ids = [str(other.campaign.public_id), str(uuid.uuid4())]

    created = [tenant.api.post("/entries", entry_body(tenant, campaign=value), key=value) for value in ids]
    listed = [tenant.api.get("/entries", campaign=value) for value in ids]

    assert shape(created[0]) == shape(created[1])
    assert shape(listed[0]) == shape(listed[1])
    assert {answer.json()["code"] for answer in created + listed} == {"campaign_not_found"}
    assert Entry.objects.count() == 0


def test_T16_a_foreign_question_or_link_is_answered_like_a_random_one(tenant, other):
    questions = [
        entry_body(tenant, answers=[{"question": str(value), "values": ["よい"]}])
        for value in (other.question.public_id, uuid.uuid4())
    ]
    links = [entry_body(tenant, link=token) for token in (other.link.token, "00000000")]

    for first, second in (questions, links):
        answers = [tenant.api.post("/entries", body, key=str(uuid.uuid4())) for body in (first, second)]
        assert shape(answers[0]) == shape(answers[1])
        assert answers[0].json()["code"] == "invalid_input"


def test_T16_a_foreign_prize_is_answered_like_a_random_one(tenant, other):
    def upload(path, prize):
        form = {"prize": str(prize), "file": SimpleUploadedFile("codes.csv", b"code\nABCD-1234\n"), "name": "入荷"}
        if path.endswith("preview"):
            del form["name"]
        return tenant.api.upload(path, form, key=str(uuid.uuid4()))

    for path in ("/codes/batches", "/codes/batches/preview"):
        answers = [upload(path, prize) for prize in (other.prize.public_id, uuid.uuid4())]
        assert shape(answers[0]) == shape(answers[1])
        assert answers[0].json()["code"] == "prize_not_found"


def test_T05_a_foreign_an_unknown_and_an_unissued_code_are_answered_alike(tenant, other):
    _award, foreign = winning_code(other)
    in_stock = generate_codes(prize_id=tenant.prize.pk, name="x", count=1, expires_at=None, now=timezone.now())
    unissued = _plain(in_stock)
    codes = [foreign, "AAAABBBBCCCCDDDD", unissued, "x", "C" * 47]

    redeemed_answers = [tenant.api.post("/redemptions", sale(code), key=str(uuid.uuid4())) for code in codes]
    checked = [tenant.api.post("/redemptions/validate", {"code": code, "store_id": "001"}) for code in codes]
    locked = [tenant.api.post("/redemptions/locks", {"code": code, "ttl": 60}, key=str(uuid.uuid4())) for code in codes]
    at = (timezone.now() - timedelta(hours=1)).isoformat()
    uses = [
        {"code": code, "amount": 1, "pos_transaction_id": f"O-{place}", "occurred_at": at}
        for place, code in enumerate(codes)
    ]
    report = {"store_id": "001", "terminal_id": "T1", "uses": uses}
    reported = tenant.api.post("/redemptions/offline", report, key=str(uuid.uuid4())).json()

    assert [len({str(shape(answer)) for answer in answers}) for answers in (redeemed_answers, locked)] == [1, 1]
    assert locked[0].json()["code"] == "code_not_accepted"
    assert [(use["result"], use["reason"]) for use in reported["data"]] == [("disputed", "code_not_accepted")] * 5
    assert redeemed_answers[0].json()["code"] == "code_not_accepted"
    assert len({answer.content for answer in checked}) == 1
    assert checked[0].json() == {
        "redeemable": False,
        "reason": "code_not_accepted",
        "prize_name": "",
        "balance": 0,
        "max_amount": 0,
        "expires_at": None,
        "conditions": [],
    }


def _plain(batch):
    return open_code(batch.gift_codes.get()).code
