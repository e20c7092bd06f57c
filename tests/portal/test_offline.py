"""What a staff phone is told for the time without a network, and what it sends afterwards, by plain requests."""

import uuid
from datetime import timedelta

import pytest

from campaigns.models import Store, UseConditions
from campaigns.services import set_store_pin
from codes.models import OfflineDispute, Redemption
from journeys.demo_data import STAFF_PIN
from tests.flows.steps import NOW
from tests.portal.phone import Phone, claim_path, text_of
from tests.portal.test_staff import signed_in

pytestmark = pytest.mark.django_db

RULES, SEND = "/staff/offline/rules/", "/staff/offline/send/"


@pytest.fixture
def award(phone, campaigns):
    award = phone.win()
    Store.objects.update(phone_offline_count=3, phone_offline_jpy=900, offline_limit_jpy=500)
    UseConditions.objects.create(prize=award.prize, is_offline_allowed=True, products=["緑茶600ml"])
    return award


@pytest.fixture
def code(phone, award) -> str:
    return phone.send(claim_path(award)).context["revealed"].code


@pytest.fixture
def till(award) -> Phone:
    return signed_in("0001")


def milliseconds(at) -> int:
    return int(at.timestamp() * 1000)


def sent(till: Phone, code: str, *, rules=None, **details):
    """Send one use that was taken four minutes ago."""
    rules = rules or till.get(RULES).json()
    facts = {
        "id": str(uuid.uuid4()),
        "code": code,
        "amount": "200",
        "item": "緑茶600ml",
        "price": "300",
        "taken_at": str(milliseconds(NOW)),
        "sent_at": str(milliseconds(NOW + timedelta(minutes=4))),
        "permit": rules["permit"],
    }
    return till.post(SEND, facts | details, headers={"X-CSRFToken": rules["csrf"]})


def test_a_phone_is_told_the_rules_and_nothing_secret(till, award, code):
    told = till.get(RULES)

    rules = told.json()
    assert told["Cache-Control"] == "no-store"
    assert rules["most"] == {"count": 3, "jpy": 900, "a_code": 500}
    assert rules["taken"] == {"count": 0, "jpy": 0}
    assert rules["until"] - rules["now"] == 12 * 3600 * 1000
    (prize,) = rules["prizes"]
    assert (prize["name"], prize["value"], prize["products"]) == ("ミズヒキ 500円クーポン", 500, ["緑茶600ml"])
    assert code not in told.content.decode()


def test_by_default_no_store_takes_anything(till):
    Store.objects.update(phone_offline_count=0)

    assert till.get(RULES).json()["prizes"] == []


def test_I07_what_is_sent_twice_is_booked_once(till, code):
    number = str(uuid.uuid4())

    answers = [sent(till, code, id=number).json() for _ in range(2)]

    assert answers == [{"result": "booked", "sentence": ""}, {"result": "known", "sentence": ""}]
    line = Redemption.objects.get()
    assert (line.amount_jpy, line.goods, line.occurred_at) == (200, "緑茶600ml", NOW - timedelta(minutes=4))
    assert line.terminal.startswith("phone ")
    assert till.get(RULES).json()["taken"] == {"count": 1, "jpy": 200}


def test_a_phone_whose_clock_is_days_off_is_understood(till, code, noon):
    rules = till.get(RULES).json()
    noon.shift(timedelta(minutes=30))

    far = timedelta(days=400)
    answer = sent(
        till,
        code,
        rules=rules,
        taken_at=str(milliseconds(NOW + far)),
        sent_at=str(milliseconds(NOW + far + timedelta(minutes=20))),
    )

    assert answer.json()["result"] == "booked"
    assert Redemption.objects.get().occurred_at == NOW + timedelta(minutes=10)


def test_what_cannot_be_booked_is_disputed_and_told_in_a_sentence(till, code):
    answer = sent(till, "ZZZZZZZZZZZZZZZZ")

    sentence = "このコードは受け付けられません。確かめてもう一度入力してください。事務局が確認します。"
    assert answer.json() == {"result": "disputed", "sentence": sentence}
    assert OfflineDispute.objects.get().reason_code == "code_not_accepted"
    assert "要確認" in text_of(till.get("/staff/today/"))


@pytest.mark.parametrize("change", ["forged", "other_phone"])
def test_a_permit_that_is_not_this_phone_s_books_nothing(till, code, change):
    rules = till.get(RULES).json()
    stranger = signed_in("0001")
    permit = rules["permit"][:-2] + "AA" if change == "forged" else stranger.get(RULES).json()["permit"]

    answer = sent(till, code, rules=rules, permit=permit)

    assert answer.json()["result"] == "disputed"
    assert OfflineDispute.objects.get().reason_code == "occurred_at_not_accepted"
    assert Redemption.objects.count() == 0


def test_another_store_s_queue_waits_for_that_store(till, code):
    other = Phone()
    other.cookies = till.cookies
    rules = till.get(RULES).json()
    till.send("/staff/login/", {"store": "0002", "pin": STAFF_PIN})

    answer = sent(till, code, rules=till.get(RULES).json(), permit=rules["permit"])

    assert (answer.status_code, answer.json()["code"]) == (409, "shift_of_another_store")
    assert (Redemption.objects.count(), OfflineDispute.objects.count()) == (0, 0)


def test_without_a_shift_nothing_is_told_or_taken(till, code, phone):
    rules = till.get(RULES).json()
    set_store_pin(store_id=Store.objects.get(code="0001").pk, pin="135791")

    assert till.get(RULES).status_code == 401
    assert sent(till, code, rules=rules).status_code == 401
    assert Redemption.objects.count() == 0


@pytest.mark.parametrize(
    "details",
    [
        {"amount": "-1"},
        {"amount": "1.5"},
        {"amount": "100000001"},
        {"id": "x"},
        {"taken_at": "1e9"},
        {"sent_at": "9" * 30},
    ],
)
def test_T03_what_no_phone_of_ours_sends_is_refused(till, code, details):
    assert sent(till, code, **details).status_code == 422
    assert Redemption.objects.count() == 0


def test_the_shell_and_its_worker_hold_nothing_of_a_store(till, code):
    shell, worker = till.get("/staff/offline/"), till.get("/staff/worker.js")

    assert "csrfmiddlewaretoken" not in shell.content.decode()
    assert "渋谷店" not in text_of(shell)
    assert worker["Content-Type"] == "text/javascript"
    assert '"/static/portal/queue.js"' in worker.content.decode()
    assert worker["Cache-Control"] == "no-cache"
