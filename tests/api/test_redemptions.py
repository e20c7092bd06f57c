"""At the till of an agency's own system."""

import threading

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from campaigns.models import Store
from codes.journal import pos_index
from codes.models import GiftCode, Redemption
from codes.presentation import presentation_token
from codes.services import void_award
from core import clock
from core.clock import jst_day
from tests.api.world import make_tenant, redeemed, sale, winning_code


def redeem(tenant, code, key, **fields):
    return tenant.api.post("/redemptions", sale(code, key, **fields), key=key)


def test_a_code_is_checked_redeemed_and_reversed(tenant):
    _award, code = winning_code(tenant)
    question = {"code": code, "store_id": "001"}

    before = tenant.api.post("/redemptions/validate", question).json()
    made = redeem(tenant, code, "s1", amount=200, terminal_id="T1", pos_transaction_id="20260601-17")
    back = tenant.api.post(f"/redemptions/{made.json()['id']}/reversals", {"reason": "返品"}, key="r1")

    line = Redemption.objects.get(kind="redeem")
    assert before == {
        "redeemable": True,
        "reason": None,
        "prize_name": "500円ギフト",
        "balance": 500,
        "max_amount": 500,
        "expires_at": None,
        "conditions": [],
    }
    assert made.status_code == 201
    assert made.json() == {
        "id": str(line.public_id),
        "kind": "redeem",
        "status": "succeeded",
        "amount": 200,
        "balance": 300,
        "reversed_amount": 0,
        "store_id": "001",
        "terminal_id": "T1",
        "pos_transaction_id": "20260601-17",
        "business_day": jst_day(line.at).isoformat(),
        "occurred_at": "2026-06-01T03:00:00Z",
        "received_at": line.at.isoformat().replace("+00:00", "Z"),
        "reverses": None,
        "reversed_by": None,
    }
    assert (getattr(line.api_key, "agency", None), back.json()["balance"], back.json()["reverses"]) == (
        tenant.agency,
        500,
        made.json()["id"],
    )


def test_a_lost_answer_is_found_by_the_transaction_number(tenant):
    _award, code = winning_code(tenant)
    made = redeem(tenant, code, "s1", pos_transaction_id="A-1").json()
    tenant.api.post(f"/redemptions/{made['id']}/reversals", {"reason": "返品"}, key="r1")

    found = tenant.api.get("/redemptions", pos_transaction_id="A-1").json()["data"]
    nothing = tenant.api.get("/redemptions", pos_transaction_id="A-2").json()["data"]
    reversal = Redemption.objects.get(kind="reversal")

    assert [(row["id"], row["reversed_by"]) for row in found] == [(made["id"], str(reversal.public_id))]
    assert nothing == []


def test_F27_a_till_finds_its_sale_again_though_the_database_learnt_of_it_from_the_journal(tenant, other):
    _award, code = winning_code(tenant)
    made = redeem(tenant, code, "s1", amount=200, pos_transaction_id="A-1").json()
    Redemption.objects.update(pos_transaction_id=pos_index(tenant.store.pk, "A-1"))
    of_another = Redemption.objects.filter(pk=redeemed(other).pk)
    of_another.update(pos_transaction_id=pos_index(other.store.pk, "A-1"))

    found = tenant.api.get("/redemptions", pos_transaction_id="A-1").json()["data"]
    there = tenant.api.get("/redemptions", pos_transaction_id="A-1", store_id="001").json()["data"]
    again = redeem(tenant, code, "s2", amount=200, pos_transaction_id="A-1")
    listed = tenant.api.get("/redemptions").json()["data"]

    assert found == there == [made]
    assert (again.status_code, again.json()) == (200, made)
    assert [row["pos_transaction_id"] for row in listed] == [""]  # its number is not known any more
    assert tenant.api.get("/redemptions", pos_transaction_id="A-2").json()["data"] == []


def test_the_same_transaction_under_a_new_key_is_the_same_redemption(tenant):
    _award, code = winning_code(tenant)

    first = redeem(tenant, code, "s1", amount=200, pos_transaction_id="A-1")
    again = redeem(tenant, code, "s2", amount=200, pos_transaction_id="A-1")
    other = redeem(tenant, code, "s3", amount=300, pos_transaction_id="A-1")

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json() == again.json()
    assert other.json()["code"] == "duplicate_transaction"
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 300


def test_another_till_or_day_under_a_number_is_another_sale(tenant):
    _award, code = winning_code(tenant)
    first = redeem(tenant, code, "s1", amount=200, pos_transaction_id="A-1")

    later = redeem(tenant, code, "s2", amount=200, pos_transaction_id="A-1", occurred_at="2026-06-01T03:05:00Z")
    till = redeem(tenant, code, "s3", amount=200, pos_transaction_id="A-1", terminal_id="T2")
    day = redeem(tenant, code, "s4", amount=200, pos_transaction_id="A-1", occurred_at="2026-06-02T03:00:00Z")

    assert (first.status_code, later.status_code, till.status_code, day.status_code) == (201, 200, 409, 409)
    assert later.json() == first.json()
    assert {answer.json()["code"] for answer in (till, day)} == {"duplicate_transaction"}
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 300


def test_a_check_tells_why_a_code_cannot_be_used(tenant):
    award, code = winning_code(tenant)
    Store.objects.create(agency=tenant.agency, code="closed", name="閉店", is_active=False)

    def reason(**fields):
        return tenant.api.post("/redemptions/validate", {"code": code, "store_id": "001"} | fields).json()["reason"]

    assert reason(amount=501) == "insufficient_balance"
    assert reason(store_id="closed") == "store_not_allowed"
    redeem(tenant, code, "s1")
    assert reason() == "already_redeemed"
    void_award(award_id=award.pk, reason="test", now=timezone.now())
    assert reason() == "suspended"


def test_what_the_phone_shows_is_good_at_the_till(tenant):
    award, _code = winning_code(tenant)

    assert redeem(tenant, presentation_token(award.gift_code, now=clock.now()), "s1").status_code == 201


def test_a_till_of_an_unknown_store_is_refused(tenant, other):
    _award, code = winning_code(tenant)
    Store.objects.create(agency=other.agency, code="009", name="他社")

    answers = [redeem(tenant, code, key, store_id=key) for key in ("009", "nowhere")]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "store_not_found")] * 2


def test_T04_a_terminal_that_guesses_is_stopped_though_its_tries_were_refused(tenant):
    with time_machine.travel(timezone.now(), tick=False):  # within one window
        codes = [redeem(tenant, f"GUESS{number:011}", f"g{number}") for number in range(61)]
        elsewhere = redeem(tenant, "GUESS", "other", terminal_id="T2")

    assert {answer.status_code for answer in codes[:60]} == {404}
    assert (codes[60].status_code, codes[60].json()["code"]) == (429, "too_many_attempts")
    assert elsewhere.status_code == 404


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_T01_of_many_tills_at_once_one_redeems():
    tenant = make_tenant("own")
    _award, code = winning_code(tenant)
    barrier, statuses = threading.Barrier(12), []

    def call(number):
        barrier.wait()
        statuses.append(redeem(tenant, code, f"s{number}", terminal_id=f"T{number}").status_code)
        connections.close_all()

    threads = [threading.Thread(target=call, args=[number]) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [201] + [409] * 11
    assert Redemption.objects.count() == 1
