"""An agency's system keeps a code for a while, and gives it back or out."""

import pytest
from django.utils import timezone

from codes.models import CodeStatus, GiftCode, Reservation
from codes.services import activate_batch, generate_codes
from tests.api.world import reserved


def body(tenant, **changes):
    return {"prize": str(tenant.prize.public_id), "reference": "order-1", "ttl_seconds": 600} | changes


@pytest.fixture
def stocked(tenant):
    now = timezone.now()
    batch = generate_codes(prize_id=tenant.prize.pk, name="自社コード", count=2, expires_at=None, now=now)
    activate_batch(batch_id=batch.pk, now=now)
    return tenant


def test_I07_a_reference_reserves_one_code_under_any_key(stocked):
    answers = [stocked.api.post("/reservations", body(stocked), key=key) for key in ("k-1", "k-1", "k-2")]

    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert answers[1]["Idempotency-Replayed"] == "true"
    assert GiftCode.objects.filter(status=CodeStatus.RESERVED).count() == 1


def test_I12_the_answer_names_end_and_state_and_never_the_code(stocked):
    made = stocked.api.post("/reservations", body(stocked)).json()

    read = stocked.api.get(f"/reservations/{made['id']}").json()

    assert made == read
    assert set(read) == {"id", "prize", "reference", "status", "expires_at", "ended_at", "award"}
    assert (read["status"], read["award"], read["ended_at"]) == ("held", None, None)


def test_a_released_code_is_back_in_stock_and_a_repeat_changes_nothing(tenant):
    reservation = reserved(tenant)

    answers = [tenant.api.delete(f"/reservations/{reservation.public_id}") for _time in range(2)]

    assert [(a.status_code, a.json()["status"]) for a in answers] == [(200, "released")] * 2
    assert answers[0].json()["ended_at"] == answers[1].json()["ended_at"]
    assert GiftCode.objects.get(pk=reservation.gift_code_id).status == CodeStatus.AVAILABLE


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ttl_seconds": 0}, "invalid_input"),
        ({"ttl_seconds": 7 * 24 * 3600 + 1}, "invalid_input"),
        ({"ttl_seconds": "600"}, "invalid_input"),
        ({"reference": ""}, "invalid_input"),
        ({"status": "used"}, "invalid_input"),
        ({"prize": "00000000-0000-4000-8000-000000000000"}, "prize_not_found"),
    ],
)
def test_T03_what_does_not_fit_reserves_nothing(stocked, changes, code):
    answer = stocked.api.post("/reservations", body(stocked, **changes))

    assert answer.json()["code"] == code
    assert not Reservation.objects.exists()


def test_an_empty_stock_says_so(tenant):
    answer = tenant.api.post("/reservations", body(tenant))

    assert (answer.status_code, answer.json()["code"]) == (409, "out_of_stock")
