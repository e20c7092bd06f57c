"""Tills over the API: conditions, locks, lost answers, parts given back, offline reports, settlements, own keys."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Scope
from campaigns.models import Store, UseConditions
from codes.models import CodeLock, GiftCode, OfflineDispute, Redemption, Tombstone
from codes.services import close_terminal, open_terminal, settle_days
from core.clock import jst_day
from tests.api.world import Caller, key_with, redeemed, sale, winning_code

TEA = {"item": "4901234567894", "quantity": 1, "amount": 300}
STORE = {"store_id": "001"}


@pytest.fixture
def code(tenant) -> str:
    return winning_code(tenant)[1]


def post(tenant, path, key="k-1", **body):
    return tenant.api.post(path, STORE | body, key=key)


def sell(tenant, code, key="k-1", **changes):
    return tenant.api.post("/redemptions", sale(code, key, **changes), key=key)


def report(tenant, uses, key="k-1"):
    return post(tenant, "/redemptions/offline", key, terminal_id="T1", uses=uses)


def balance() -> int:
    return GiftCode.objects.get(award__isnull=False).balance_jpy


def test_conditions_are_told_judged_and_kept_to(tenant, code):
    UseConditions.objects.create(prize=tenant.prize, products=[TEA["item"]], minimum_jpy=200)

    asked = post(tenant, "/redemptions/validate", code=code, items=[TEA]).json()
    wrong = sell(tenant, code, items=[TEA | {"item": "OTHER"}])
    untold = sell(tenant, code, "k-2")
    small = sell(tenant, code, "k-3", items=[TEA | {"amount": 199}])
    good = sell(tenant, code, "k-4", items=[TEA, TEA | {"item": "OTHER"}])

    assert (asked["redeemable"], asked["max_amount"]) == (True, 300)
    assert asked["conditions"] == [
        "残高がなくなるまで使えます。",
        "200円以上のお買い上げで使えます。",
        "対象の商品・サービス:4901234567894",
    ]
    refused = [(answer.status_code, answer.json()["code"]) for answer in (wrong, untold, small)]
    assert refused == [(409, "product_not_allowed")] * 2 + [(422, "amount_out_of_range")]
    assert (good.status_code, good.json()["amount"], balance()) == (201, 300, 200)


def test_a_lock_keeps_the_code_for_its_cart(tenant, code):
    lock = tenant.api.post("/redemptions/locks", {"code": code, "ttl": 300})
    other = sell(tenant, code, "k-2")
    own = sell(tenant, code, "k-3", lock_id=lock.json()["lock_id"], amount=100)
    second = tenant.api.post("/redemptions/locks", {"code": code, "ttl": 1}, key="k-4").json()
    released = [tenant.api.delete(f"/redemptions/locks/{second['lock_id']}").status_code for _time in range(2)]

    assert (lock.status_code, set(lock.json())) == (201, {"lock_id", "expires_at"})
    assert (other.status_code, other.json()["code"]) == (409, "locked")
    assert (own.status_code, released) == (201, [204, 404])


def test_a_lock_lasts_as_long_as_it_says_and_five_minutes_at_most(tenant, code):
    refused = [
        tenant.api.post("/redemptions/locks", {"code": code} | ttl).status_code
        for ttl in ({"ttl": 301}, {"ttl": 0}, {})
    ]
    with time_machine.travel("2026-06-01T03:00:00Z", tick=False):
        lock = tenant.api.post("/redemptions/locks", {"code": code, "ttl": 299}).json()

    assert (refused, lock["expires_at"]) == ([400] * 3, "2026-06-01T03:04:59Z")


def test_a_lock_that_names_a_store_is_judged_there_and_one_that_names_none_by_the_sale(tenant, code):
    elsewhere = Store.objects.create(agency=tenant.agency, code="002", name="渋谷店")
    UseConditions.objects.create(prize=tenant.prize).stores.add(elsewhere)

    named = post(tenant, "/redemptions/locks", code=code, ttl=60)
    open_one = tenant.api.post("/redemptions/locks", {"code": code, "ttl": 60}, key="k-2")
    sold = sell(tenant, code, "k-3", lock_id=open_one.json()["lock_id"])

    assert (named.status_code, named.json()["code"]) == (403, "store_not_allowed")
    assert open_one.status_code == 201
    assert (sold.status_code, sold.json()["code"]) == (403, "store_not_allowed")


def test_a_late_sale_is_refused_after_its_undoing(tenant, code):
    undone = post(tenant, "/redemptions/reversals", pos_transaction_id="A-1")
    late = sell(tenant, code, "k-2", pos_transaction_id="A-1")

    assert (undone.status_code, undone.json()) == (
        200,
        {"pos_transaction_id": "A-1", "known": False, "reversal": None},
    )
    assert (late.status_code, late.json()["code"]) == (409, "reversed_before_arrival")
    assert (balance(), Tombstone.objects.count()) == (500, 1)


def test_a_sale_is_undone_by_its_number_however_often_that_is_asked(tenant, code):
    made = sell(tenant, code, pos_transaction_id="A-1").json()

    answers = [post(tenant, "/redemptions/reversals", key, pos_transaction_id="A-1").json() for key in ("u-1", "u-2")]

    assert answers[0] == answers[1]
    assert (answers[0]["known"], answers[0]["reversal"]["reverses"], balance()) == (True, made["id"], 500)


def test_parts_are_given_back_up_to_what_was_taken(tenant, code):
    made = sell(tenant, code).json()
    path = f"/redemptions/{made['id']}/reversals"

    answers = [
        tenant.api.post(path, {"amount": amount, "reason": "返品"}, key=f"r-{amount}") for amount in (200, 301, 300, 1)
    ]

    assert [answer.status_code for answer in answers] == [201, 409, 201, 409]
    assert [answers[1].json()["code"], answers[3].json()["code"]] == ["reversal_too_large", "already_reversed"]
    assert tenant.api.get("/redemptions").json()["data"][-1]["reversed_amount"] == 500
    assert balance() == 500


def offline_use(code, number, **changes):
    at = (timezone.now() - timedelta(hours=1)).isoformat()
    return {"code": code, "amount": 300, "pos_transaction_id": number, "occurred_at": at} | changes


def test_reports_are_answered_one_by_one_and_the_same_again(tenant, code):
    Store.objects.update(offline_limit_jpy=500)
    uses = [offline_use("NOSUCHCODE000000", "O-1"), offline_use(code, "O-2"), offline_use(code, "O-3")]

    first = report(tenant, uses).json()["data"]
    replayed = report(tenant, uses)
    again = report(tenant, uses, "k-2").json()["data"]

    assert [(answer["result"], answer["reason"]) for answer in first] == [
        ("disputed", "code_not_accepted"),
        ("booked", None),
        ("disputed", "offline_limit_exceeded"),
    ]
    assert [answer["result"] for answer in again] == ["disputed", "known", "disputed"]
    assert replayed["Idempotency-Replayed"] == "true"
    booked = first[1]["redemption"]
    assert (booked["store_id"], booked["terminal_id"], booked["amount"], booked["balance"]) == ("001", "T1", 300, 200)
    assert booked["occurred_at"] == uses[1]["occurred_at"].replace("+00:00", "Z")
    assert (Redemption.objects.count(), OfflineDispute.objects.count(), balance()) == (1, 2, 200)


def test_two_codes_under_one_number_are_answered_alike_under_a_new_key(tenant, code):
    Store.objects.update(offline_limit_jpy=500)
    uses = [offline_use(code, "O-1"), offline_use(winning_code(tenant)[1], "O-1")]

    answers = [report(tenant, uses, key).json()["data"] for key in ("k-1", "k-2")]

    results = [[(answer["result"], answer["reason"]) for answer in data] for data in answers]
    assert results == [
        [("booked", None), ("disputed", "duplicate_transaction")],
        [("known", None), ("disputed", "duplicate_transaction")],
    ]
    assert answers[0][0]["redemption"] == answers[1][0]["redemption"]


def test_settled_days_are_listed_and_saved_as_a_file(tenant, other, code):
    sell(tenant, code, pos_transaction_id="@SUM(1)")
    redeemed(other)
    day = jst_day(timezone.now())
    settle_days(now=timezone.now() + timedelta(days=1))

    (row,) = tenant.api.get("/settlements", store_id="001", business_day=day.isoformat()).json()["data"]
    file = tenant.api.get(f"/settlements/001/{day}.csv")

    assert (row["store_id"], row["business_day"], row["redeemed_amount"], row["net_amount"]) == (
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

    posing = [
        till.post(path, STORE | {"terminal_id": "REG-8"} | body, key="k-0")
        for path, body in calls_of(code).items()
        if path != "/redemptions/reversals"
    ]
    refused = [till.post(path, body | {"store_id": "002"}, key="k-2") for path, body in calls_of(code, "REG-7").items()]
    lock = till.post("/redemptions/locks", {"code": code, "ttl": 60}, key="k-3")
    locked_in = CodeLock.objects.get().store
    made = till.post("/redemptions", sale(code, terminal_id="REG-7", lock_id=lock.json()["lock_id"]), key="k-1").json()
    reversal = till.post(f"/redemptions/{foreign.public_id}/reversals", {"reason": "返品"}, key="k-3")

    assert {(answer.status_code, answer.json()["code"]) for answer in posing} == {(403, "terminal_not_allowed")}
    assert (made["terminal_id"], locked_in) == ("REG-7", tenant.store)
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "store_not_allowed")}
    assert reversal.status_code == 404
    assert [row["store_id"] for row in till.get("/redemptions").json()["data"]] == ["001"]
    assert till.get("/settlements").status_code == 403
    close_terminal(terminal_id=terminal.pk, now=timezone.now())
    assert till.get("/redemptions").status_code == 401


def calls_of(code, terminal="T1"):
    """What a till may send, by address."""
    return {
        "/redemptions": sale(code, terminal_id=terminal),
        "/redemptions/validate": {"code": code, "terminal_id": terminal},
        "/redemptions/locks": {"code": code, "ttl": 60, "terminal_id": terminal},
        "/redemptions/reversals": {"pos_transaction_id": "A-1"},
        "/redemptions/offline": {"terminal_id": terminal, "uses": [offline_use(code, "O-1")]},
    }


WRONG = ["100", "１００", 100.5, True, -1, 0, 100_000_001, 10**30, None, [], {}]


@pytest.mark.parametrize("amount", WRONG)
def test_T03_amounts_of_every_kind_are_whole_positive_json_integers(tenant, amount):
    bodies = {
        "/redemptions": sale("X", purchase_amount=amount),
        "/redemptions/validate": STORE | {"code": "X", "items": [TEA | {"amount": amount}]},
        "/redemptions/offline": STORE | {"terminal_id": "T1", "uses": [offline_use("X", "O-1", amount=amount)]},
        "/redemptions/locks": {"code": "X", "ttl": amount if amount != 100_000_001 else 301},
        f"/redemptions/{redeemed(tenant).public_id}/reversals": {"amount": amount, "reason": "返品"},
    }

    answers = [tenant.api.post(path, body) for path, body in bodies.items()]

    places = [answer.json()["errors"][0]["pointer"].rpartition("/")[2] for answer in answers]
    assert [answer.status_code for answer in answers] == [400] * len(bodies)
    assert [place for place in places if not place.isdecimal()][-1] == "amount"
    assert (Redemption.objects.count(), OfflineDispute.objects.count()) == (1, 0)


@pytest.mark.parametrize("field", ["status", "agency", "balance", "kind", "received_at", "business_day", "store"])
def test_T03_nothing_that_only_the_service_decides_is_taken(tenant, code, field):
    answers = [post(tenant, path, **body | {field: 1}) for path, body in calls_of(code).items()]
    uses = [offline_use(code, "O-1", **{field: 1})]
    answers.append(report(tenant, uses))

    assert [answer.status_code for answer in answers] == [400] * 6
    assert {answer.json()["errors"][0]["code"] for answer in answers} == {"unknown_field"}


def test_reading_settlements_needs_its_own_scope(tenant):
    assert key_with(tenant, Scope.REDEMPTIONS_WRITE).get("/settlements").status_code == 403


REQUIRED = {
    "/redemptions": {"code", "store_id", "terminal_id", "pos_transaction_id", "occurred_at"},
    "/redemptions/validate": {"code", "store_id"},
    "/redemptions/locks": {"code", "ttl"},
    "/redemptions/reversals": {"store_id", "pos_transaction_id"},
    "/redemptions/offline": {"store_id", "terminal_id", "uses"},
}


@pytest.mark.parametrize("path", REQUIRED)
def test_what_a_call_needs_is_asked_for_by_name(tenant, path):
    bare, blank = tenant.api.post(path, {}), tenant.api.post(path, dict.fromkeys(REQUIRED[path], ""))

    for answer in (bare, blank):
        assert answer.status_code == 400
        assert {error["pointer"].lstrip("/") for error in answer.json()["errors"]} == REQUIRED[path]


def test_a_reversal_says_why(tenant):
    answer = tenant.api.post(f"/redemptions/{redeemed(tenant).public_id}/reversals", {})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/reason")


def test_a_sale_needs_no_terminal_or_purchase_to_be_asked_about(tenant, code):
    least = post(tenant, "/redemptions/validate", code=code).json()
    most = post(
        tenant, "/redemptions/validate", code=code, terminal_id="T1", amount=100, purchase_amount=300, basket_id="B-1"
    ).json()

    assert (least["redeemable"], least["max_amount"], most["redeemable"], most["max_amount"]) == (True, 500, True, 300)
