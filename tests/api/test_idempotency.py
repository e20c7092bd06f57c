"""I07: the same key with the same body has one effect and one answer; another body is refused."""

import threading
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections, transaction

from accounts.models import Scope
from api.models import IdempotencyRecord
from api.services import forget_answers
from api.v1 import redemptions
from codes.models import CodeBatch, GiftCode, Redemption
from participants.models import Entry
from tests.api.routes import calls, views
from tests.api.world import entry_body, key_with, make_tenant, redeemed, sale, winning_code

POSTS = [call for call in calls() if call.method == "POST"]
MOVES_VALUE = {
    "api-entries",
    "api-batches",
    "api-redemptions",
    "api-redemption-reversals",
    "api-transaction-reversals",
    "api-locks",
    "api-offline",
    "api-reservations",
    "api-returns",
}


def test_every_call_that_moves_value_asks_for_a_key():
    posts = {call.name for call in POSTS}

    assert {name for name in posts if views()[name].is_idempotent} == MOVES_VALUE
    assert posts - MOVES_VALUE == {"api-entry-receipt", "api-batch-preview", "api-redemption-check"}


@pytest.mark.parametrize(
    "call", [c for c in calls() if c.name in MOVES_VALUE and c.method == "POST"], ids=lambda c: c.path
)
@pytest.mark.parametrize("key", [None, "", " ", "a b", "あ", "k" * 256, "tab\t"])
def test_without_a_usable_key_nothing_happens(tenant, call, key):
    ids = dict.fromkeys(call.ids, "00000000-0000-4000-8000-000000000000")

    answer = tenant.api.post(call.address(**ids), {}, key=key)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert IdempotencyRecord.objects.count() == 0


def test_I07_a_repeat_gets_the_same_answer_and_has_no_second_effect(tenant):
    first = tenant.api.post("/entries", entry_body(tenant), key="order-17")
    again = tenant.api.post("/entries", entry_body(tenant), key="order-17")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert Entry.objects.count() == 1


def test_I07_the_order_of_fields_is_not_another_body(tenant):
    body = entry_body(tenant)
    tenant.api.post("/entries", body, key="k")

    again = tenant.api.post("/entries", dict(reversed(body.items())), key="k")

    assert again["Idempotency-Replayed"] == "true"


def test_I07_another_body_under_the_same_key_is_refused(tenant):
    tenant.api.post("/entries", entry_body(tenant), key="k")

    other = tenant.api.post("/entries", entry_body(tenant, email="taro@example.jp"), key="k")

    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Entry.objects.count() == 1


def test_I07_a_key_belongs_to_one_agency_and_one_address(tenant, other):
    _award, code = winning_code(tenant)
    answers = [
        tenant.api.post("/entries", entry_body(tenant), key="k"),
        other.api.post("/entries", entry_body(other), key="k"),
        tenant.api.post("/redemptions", sale(code), key="k"),
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert [answer.get("Idempotency-Replayed") for answer in answers] == [None, None, None]


def test_I07_another_key_of_the_same_agency_gets_the_kept_answer(tenant):
    first = tenant.api.post("/entries", entry_body(tenant), key="k")

    again = key_with(tenant, Scope.ENTRIES_WRITE).post("/entries", entry_body(tenant), key="k")

    assert (again.json(), again["Idempotency-Replayed"]) == (first.json(), "true")


def test_I07_a_body_that_was_refused_may_be_corrected_under_the_same_key(tenant):
    refused = tenant.api.post("/entries", entry_body(tenant, terms_agreed=False), key="k")
    corrected = tenant.api.post("/entries", entry_body(tenant), key="k")

    assert (refused.status_code, refused.json()["code"]) == (422, "entry_incomplete")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/terms"]
    assert corrected.status_code == 201
    assert Entry.objects.count() == 1


def test_I07_a_paused_campaign_keeps_no_refusal(tenant):
    tenant.campaign.move_to("paused")
    refused = tenant.api.post("/entries", entry_body(tenant), key="k")
    tenant.campaign.move_to("open")

    assert (refused.status_code, refused.json()["code"]) == (403, "campaign_paused")
    assert tenant.api.post("/entries", entry_body(tenant), key="k").status_code == 201


def test_I07_a_till_that_was_told_no_is_not_told_yes_by_its_own_retry(tenant):
    _award, code = winning_code(tenant)
    spent = tenant.api.post("/redemptions", sale(code), key="sale-1").json()
    refused = tenant.api.post("/redemptions", sale(code, "A-2"), key="sale-2")
    tenant.api.post(f"/redemptions/{spent['id']}/reversals", {"reason": "返品"}, key="back")

    retried = tenant.api.post("/redemptions", sale(code, "A-2"), key="sale-2")

    assert (refused.status_code, refused.json()["code"]) == (409, "already_redeemed")
    assert (retried.status_code, retried.json()["code"]) == (409, "already_redeemed")
    assert retried["Idempotency-Replayed"] == "true"
    assert retried["Content-Type"] == "application/problem+json"
    assert retried.json()["request_id"] == retried["X-Request-Id"] != refused["X-Request-Id"]
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 500


def test_I07_a_repeated_form_is_told_by_its_content_not_its_boundary(tenant):
    def upload(content: bytes):
        file = SimpleUploadedFile("codes.csv", content)
        return tenant.api.upload(
            "/codes/batches", {"prize": str(tenant.prize.public_id), "name": "入荷", "file": file}, key="k"
        )

    first, again, other = upload(b"code\nAAAA-1111\n"), upload(b"code\nAAAA-1111\n"), upload(b"code\nAAAA-2222\n")

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again["Idempotency-Replayed"] == "true"
    assert CodeBatch.objects.count() == 1


def test_F02_the_kept_answer_holds_no_code(tenant):
    _award, code = winning_code(tenant)
    tenant.api.post("/redemptions", sale(code), key="k")

    kept = IdempotencyRecord.objects.get()

    assert code not in str([kept.answer, kept.body_sha256, kept.key, kept.endpoint])
    assert set(kept.answer or {}) == {
        "id",
        "kind",
        "status",
        "amount",
        "balance",
        "reversed_amount",
        "business_day",
        "store_id",
        "terminal_id",
        "pos_transaction_id",
        "occurred_at",
        "received_at",
        "reverses",
        "reversed_by",
    }


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_I07_eight_equal_calls_at_once_have_one_effect_and_one_answer():
    tenant = make_tenant("own")
    _award, code = winning_code(tenant)
    answers, barrier = [], threading.Barrier(8)

    def call():
        barrier.wait()
        answers.append(tenant.api.post("/redemptions", sale(code, amount=100), key="sale"))
        connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answer.status_code for answer in answers] == [201] * 8
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum(answer.get("Idempotency-Replayed") == "true" for answer in answers) == 7
    assert Redemption.objects.count() == 1
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 400


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_I07_beside_a_running_call_the_second_is_told_to_wait():
    tenant = make_tenant("own")
    begun, done = threading.Event(), threading.Event()

    def first_call():
        with transaction.atomic():
            IdempotencyRecord.objects.create(
                agency=tenant.agency, endpoint="POST /api/v1/entries", key="k", body_sha256="0" * 64
            )
            begun.set()
            done.wait()
            transaction.set_rollback(True)
        connections.close_all()

    thread = threading.Thread(target=first_call)
    thread.start()
    begun.wait()
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    try:
        running = tenant.api.post("/entries", entry_body(tenant), key="k")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
        done.set()
        thread.join()
    after = tenant.api.post("/entries", entry_body(tenant), key="k")

    assert (running.status_code, running.json()["code"]) == (409, "request_in_progress")
    assert running["Retry-After"] == "2"
    assert after.status_code == 201
    assert Entry.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("deadlocks", "statuses"), [(3, [201, 201]), (4, [503, 201])])
def test_F17_what_the_database_undid_to_end_a_deadlock_is_done_again(monkeypatch, deadlocks, statuses):
    tenant = make_tenant("own")
    _award, code = winning_code(tenant)
    honest, met = redemptions.redeem_in_transaction, iter(range(deadlocks))

    def redeem_after_deadlocks(**details):
        made = honest(**details)
        if next(met, None) is not None:
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$")
        return made

    monkeypatch.setattr(redemptions, "redeem_in_transaction", redeem_after_deadlocks)

    answers = [tenant.api.post("/redemptions", sale(code, amount=100), key="sale") for _time in range(2)]

    assert [answer.status_code for answer in answers] == statuses
    assert (Redemption.objects.count(), GiftCode.objects.get(award__isnull=False).balance_jpy) == (1, 400)


def test_I05_a_redemption_is_reversed_once_whatever_the_key(tenant):
    redemption = redeemed(tenant)
    path = f"/redemptions/{redemption.public_id}/reversals"

    first, other_key = (tenant.api.post(path, {"reason": "返品"}, key=key) for key in ("a", "b"))

    assert (first.status_code, first.json()["reverses"]) == (201, str(redemption.public_id))
    assert (other_key.status_code, other_key.json()["code"]) == (409, "already_reversed")
    assert Redemption.objects.count() == 2


def test_kept_answers_are_dropped_after_thirty_days(tenant):
    tenant.api.post("/entries", entry_body(tenant), key="old")
    tenant.api.post("/entries", entry_body(tenant, email="taro@example.jp"), key="new")
    kept_at = IdempotencyRecord.objects.get(key="new").created_at
    IdempotencyRecord.objects.filter(key="old").update(created_at=kept_at - timedelta(seconds=1))

    dropped = forget_answers(now=kept_at + timedelta(days=30) - timedelta(seconds=1))

    assert dropped == 1
    assert list(IdempotencyRecord.objects.values_list("key", flat=True)) == ["new"]
