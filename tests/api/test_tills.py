"""Tills over the API: conditions, locks, lost answers, parts given back, offline reports, settlements, own keys."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Scope
from campaigns.models import Store, UseConditions
from codes.models import GiftCode, OfflineDispute, Redemption, Tombstone
from codes.services import close_terminal, open_terminal, settle_days
from core.clock import jst_day
from tests.api.world import Caller, key_with, redeemed, winning_code

TEA = {"item": "4901234567894", "quantity": 1, "amount_jpy": 300}


@pytest.fixture
def code(tenant) -> str:
    return winning_code(tenant)[1]


def post(tenant, path, key="k-1", **body):
    return tenant.api.post(path, {"store": "001"} | body, key=key)


def balance() -> int:
    return GiftCode.objects.get(award__isnull=False).balance_jpy


def test_conditions_are_told_judged_and_kept_to(tenant, code):
    UseConditions.objects.create(prize=tenant.prize, products=[TEA["item"]], minimum_jpy=200)

    asked = post(tenant, "/redemptions/validate", code=code, items=[TEA]).json()
    wrong = post(tenant, "/redemptions", code=code, items=[TEA | {"item": "OTHER"}])
    untold = post(tenant, "/redemptions", "k-2", code=code)
    small = post(tenant, "/redemptions", "k-3", code=code, items=[TEA | {"amount_jpy": 199}])
    good = post(tenant, "/redemptions", "k-4", code=code, items=[TEA, TEA | {"item": "OTHER"}])

    assert (asked["redeemable"], asked["max_amount_jpy"]) == (True, 300)
    assert asked["conditions"] == [
        "残高がなくなるまで使えます。",
        "200円以上のお買い上げで使えます。",
        "対象の商品・サービス:4901234567894",
    ]
    refused = [(answer.status_code, answer.json()["code"]) for answer in (wrong, untold, small)]
    assert refused == [(409, "product_not_allowed")] * 2 + [(422, "amount_out_of_range")]
    assert (good.status_code, good.json()["amount_jpy"], balance()) == (201, 300, 200)


def test_a_lock_keeps_the_code_for_its_cart(tenant, code):
    lock = post(tenant, "/redemptions/locks", code=code, ttl_seconds=300)
    other = post(tenant, "/redemptions", "k-2", code=code)
    own = post(tenant, "/redemptions", "k-3", code=code, lock=lock.json()["id"], amount_jpy=100)
    second = post(tenant, "/redemptions/locks", "k-4", code=code).json()
    released = [tenant.api.delete(f"/redemptions/locks/{second['id']}").status_code for _time in range(2)]

    assert (lock.status_code, set(lock.json())) == (201, {"id", "expires_at"})
    assert (other.status_code, other.json()["code"]) == (409, "locked")
    assert (own.status_code, released) == (201, [204, 404])
    assert post(tenant, "/redemptions/locks", "k-5", code=code, ttl_seconds=301).status_code == 400


def test_a_late_sale_is_refused_after_its_undoing(tenant, code):
    undone = post(tenant, "/redemptions/reversals", pos_transaction_id="A-1")
    late = post(tenant, "/redemptions", "k-2", code=code, pos_transaction_id="A-1")

    assert (undone.status_code, undone.json()) == (
        200,
        {"pos_transaction_id": "A-1", "known": False, "reversal": None},
    )
    assert (late.status_code, late.json()["code"]) == (409, "reversed_before_arrival")
    assert (balance(), Tombstone.objects.count()) == (500, 1)


def test_a_sale_is_undone_by_its_number_however_often_that_is_asked(tenant, code):
    sale = post(tenant, "/redemptions", code=code, pos_transaction_id="A-1").json()

    answers = [post(tenant, "/redemptions/reversals", key, pos_transaction_id="A-1").json() for key in ("u-1", "u-2")]

    assert answers[0] == answers[1]
    assert (answers[0]["known"], answers[0]["reversal"]["reverses"], balance()) == (True, sale["id"], 500)


def test_parts_are_given_back_up_to_what_was_taken(tenant, code):
    sale = post(tenant, "/redemptions", code=code).json()
    path = f"/redemptions/{sale['id']}/reversals"

    answers = [tenant.api.post(path, {"amount_jpy": amount}, key=f"r-{amount}") for amount in (200, 301, 300, 1)]

    assert [answer.status_code for answer in answers] == [201, 409, 201, 409]
    assert [answers[1].json()["code"], answers[3].json()["code"]] == ["reversal_too_large", "already_reversed"]
    assert tenant.api.get("/redemptions").json()["data"][-1]["reversed_jpy"] == 500
    assert balance() == 500


def offline_use(code, number, **changes):
    at = (timezone.now() - timedelta(hours=1)).isoformat()
    return {"code": code, "amount_jpy": 300, "pos_transaction_id": number, "occurred_at": at} | changes


def test_reports_are_answered_one_by_one_and_the_same_again(tenant, code):
    Store.objects.update(offline_limit_jpy=500)
    uses = [offline_use("NOSUCHCODE000000", "O-1"), offline_use(code, "O-2"), offline_use(code, "O-3")]

    first = post(tenant, "/redemptions/offline", uses=uses).json()["data"]
    replayed = post(tenant, "/redemptions/offline", uses=uses)
    again = post(tenant, "/redemptions/offline", "k-2", uses=uses).json()["data"]

    assert [(answer["result"], answer["reason"]) for answer in first] == [
        ("disputed", "code_not_accepted"),
        ("booked", None),
        ("disputed", "offline_limit_exceeded"),
    ]
    assert [answer["result"] for answer in again] == ["disputed", "known", "disputed"]
    assert replayed["Idempotency-Replayed"] == "true"
    assert (Redemption.objects.count(), OfflineDispute.objects.count(), balance()) == (1, 2, 200)


def test_two_codes_under_one_number_are_answered_alike_under_a_new_key(tenant, code):
    Store.objects.update(offline_limit_jpy=500)
    uses = [offline_use(code, "O-1"), offline_use(winning_code(tenant)[1], "O-1")]

    answers = [post(tenant, "/redemptions/offline", key, uses=uses).json()["data"] for key in ("k-1", "k-2")]

    results = [[(answer["result"], answer["reason"]) for answer in data] for data in answers]
    assert results == [
        [("booked", None), ("disputed", "duplicate_transaction")],
        [("known", None), ("disputed", "duplicate_transaction")],
    ]
    assert answers[0][0]["redemption"] == answers[1][0]["redemption"]


def test_settled_days_are_listed_and_saved_as_a_file(tenant, other, code):
    post(tenant, "/redemptions", code=code, pos_transaction_id="@SUM(1)")
    redeemed(other)
    day = jst_day(timezone.now())
    settle_days(now=timezone.now() + timedelta(days=1))

    (row,) = tenant.api.get("/settlements", store="001", day=day.isoformat()).json()["data"]
    file = tenant.api.get(f"/settlements/001/{day}.csv")

    assert (row["store"], row["business_day"], row["redeemed_jpy"], row["net_jpy"]) == (
        "001",
        day.isoformat(),
        500,
        500,
    )
    assert file["Content-Type"] == "text/csv; charset=utf-8"
    assert file.content.decode().startswith("\ufeff")
    assert "'@SUM(1)" in file.content.decode()
    assert len(file.content.decode().splitlines()) == 3
    for missing in ("001/2026-02-30", f"009/{day}", "001/2020-01-01", "001/x"):
        assert tenant.api.get(f"/settlements/{missing}.csv").status_code == 404
    as_csv = tenant.api.client.get("/api/v1/settlements/001/x.csv", headers={"Accept": "text/csv"})
    assert (as_csv.status_code, as_csv["Content-Type"]) == (404, "application/problem+json")


def test_T17_a_terminal_works_in_its_store_only_and_names_itself(tenant, code):
    elsewhere = Store.objects.create(agency=tenant.agency, code="002", name="渋谷店")
    terminal, secret = open_terminal(store_id=tenant.store.pk, code="REG-7")
    till = Caller(secret)
    foreign = redeemed(tenant)
    Redemption.objects.filter(pk=foreign.pk).update(store=elsewhere)

    sale = till.post("/redemptions", {"code": code, "store": "001", "terminal": "other"}, key="k-1").json()
    refused = [
        till.post(path, {"store": "002"} | body, key="k-2")
        for path, body in (
            ("/redemptions", {"code": code}),
            ("/redemptions/validate", {"code": code}),
            ("/redemptions/locks", {"code": code}),
            ("/redemptions/reversals", {"pos_transaction_id": "A-1"}),
            ("/redemptions/offline", {"uses": [offline_use(code, "O-1")]}),
        )
    ]
    reversal = till.post(f"/redemptions/{foreign.public_id}/reversals", {}, key="k-3")

    assert sale["terminal"] == "REG-7"
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "store_not_allowed")}
    assert reversal.status_code == 404
    assert [row["store"] for row in till.get("/redemptions").json()["data"]] == ["001"]
    assert till.get("/settlements").status_code == 403
    close_terminal(terminal_id=terminal.pk, now=timezone.now())
    assert till.get("/redemptions").status_code == 401


WRONG = ["100", "１００", 100.5, True, -1, 0, 100_000_001, 10**30, None, [], {}]


@pytest.mark.parametrize("amount", WRONG)
def test_T03_amounts_of_every_kind_are_whole_positive_json_integers(tenant, amount):
    bodies = {
        "/redemptions": {"code": "X", "purchase_jpy": amount},
        "/redemptions/validate": {"code": "X", "items": [TEA | {"amount_jpy": amount}]},
        "/redemptions/offline": {"uses": [offline_use("X", "O-1", amount_jpy=amount)]},
        "/redemptions/locks": {"code": "X", "ttl_seconds": amount if amount != 100_000_001 else 301},
        f"/redemptions/{redeemed(tenant).public_id}/reversals": {"amount_jpy": amount},
    }

    answers = [
        tenant.api.post(path, body if path.endswith("s") and "/reversals" in path else {"store": "001"} | body)
        for path, body in bodies.items()
    ]

    assert [answer.status_code for answer in answers] == [400] * len(bodies)
    assert (Redemption.objects.count(), OfflineDispute.objects.count()) == (1, 0)


@pytest.mark.parametrize("field", ["status", "agency", "balance_jpy", "kind", "at", "business_day", "store_id"])
def test_T03_nothing_that_only_the_service_decides_is_taken(tenant, code, field):
    paths = {
        "/redemptions": {"code": code},
        "/redemptions/locks": {"code": code},
        "/redemptions/reversals": {"pos_transaction_id": "A-1"},
        "/redemptions/offline": {"uses": [offline_use(code, "O-1", **{field: 1})]},
    }

    answers = [post(tenant, path, **body | ({} if "uses" in body else {field: 1})) for path, body in paths.items()]

    assert [answer.status_code for answer in answers] == [400] * 4
    assert {answer.json()["errors"][0]["code"] for answer in answers} == {"unknown_field"}


def test_reading_settlements_needs_its_own_scope(tenant):
    assert key_with(tenant, Scope.REDEMPTIONS_WRITE).get("/settlements").status_code == 403
