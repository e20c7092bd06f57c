"""T04 at the till: whoever guesses codes is stopped by counters that he cannot choose, and honest tills are not."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Scope
from campaigns.models import Store
from codes.services import guessing, open_terminal
from core import clock
from eligibility.services import note_attempts
from tests.api.world import Caller, key_with, sale, winning_code, winning_codes

STATED = 120  # unknown codes that a till may try an hour
GUESS = "ZZZZZZZZZZZZZZZZ"
NOW = "2026-06-01T03:20:00Z"  # the hour has forty minutes left


@pytest.fixture
def hour(time_machine):
    """Stand still within one hour."""
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture(autouse=True)
def _no_quota(settings):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": {"key": "1000000/min"}}


def guess(caller: Caller, number: int, store="001"):
    """Try a code under a terminal's name that was never used before, by each call in turn."""
    till = f"T{number}"
    path, body = (
        ("/redemptions", sale(GUESS, f"G-{number}", terminal_id=till, store_id=store)),
        ("/redemptions/validate", {"code": GUESS, "store_id": store, "terminal_id": till}),
        ("/redemptions/locks", {"code": GUESS, "ttl": 1, "store_id": store, "terminal_id": till}),
    )[number % 3]
    return caller.post(path, body, key=f"g-{number}")


def is_unknown(answer) -> bool:
    return answer.json().get("code", answer.json().get("reason")) == "code_not_accepted"


@pytest.mark.usefixtures("hour")
def test_T04_a_leaked_key_cannot_guess_on_under_other_terminals_while_honest_tills_sell(tenant):
    codes = winning_codes(tenant, 14, now=timezone.now())
    Store.objects.create(agency=tenant.agency, code="002", name="渋谷店")
    _terminal, secret = open_terminal(store_id=tenant.store.pk, code="REG-7")
    honest, leaked = Caller(secret), tenant.api
    guesses, sales = [], []

    for number in range(STATED + 20):
        guesses.append(guess(leaked, number))
        if number % 10 == 0:
            mine = sale(codes[number // 10], f"S-{number}", terminal_id="REG-7")
            sales.append(honest.post("/redemptions", mine, key=f"s-{number}"))

    assert [is_unknown(answer) for answer in guesses[:STATED]] == [True] * STATED
    assert {(answer.status_code, answer.json()["code"]) for answer in guesses[STATED:]} == {(429, "too_many_attempts")}
    assert guesses[-1]["Retry-After"] == str(40 * 60)
    assert [answer.status_code for answer in sales] == [201] * 14
    assert is_unknown(guess(leaked, 0, store="002"))  # the key at another store, up to the agency's limit


def test_T04_a_hit_after_the_limit_is_not_told(tenant, hour):
    _award, code = winning_code(tenant)
    for number in range(STATED):
        guess(tenant.api, number)

    question = {"code": code, "store_id": "001"}
    stopped = tenant.api.post("/redemptions/validate", question)
    hour.shift(timedelta(minutes=40))
    next_hour = tenant.api.post("/redemptions/validate", question)

    assert stopped.status_code == 429
    assert next_hour.json()["redeemable"]


@pytest.mark.usefixtures("hour")
def test_a_busy_store_is_not_stopped_by_sales_or_by_codes_that_exist(tenant):
    used, fresh = winning_codes(tenant, 2, now=timezone.now())
    tenant.api.post("/redemptions", sale(used), key="first")

    refused = [
        tenant.api.post("/redemptions", sale(used, f"R-{n}", terminal_id=f"T{n % 9}"), key=f"r-{n}")
        for n in range(STATED + 10)
    ]

    assert {answer.json()["code"] for answer in refused} == {"already_redeemed"}
    assert tenant.api.post("/redemptions", sale(fresh, "last"), key="last").status_code == 201


@pytest.mark.usefixtures("hour")
def test_T04_once_an_agency_has_used_its_guesses_up_each_till_keeps_a_few(tenant, other):
    _award, code = winning_code(tenant)
    note_attempts(windows=guessing.Guesser(tenant.agency.pk, "").windows(clock.now())[1:], tries=1_000)
    other_key = key_with(tenant, Scope.REDEMPTIONS_WRITE)

    guesses = [guess(tenant.api, number) for number in range(31)]

    assert [answer.status_code == 429 for answer in guesses] == [False] * 30 + [True]
    assert other_key.post("/redemptions", sale(code), key="s").status_code == 201
    assert [guess(other.api, number).status_code == 429 for number in range(31)] == [False] * 31


def test_T04_unknown_codes_in_reports_count_once_and_their_repeats_do_not(tenant, hour):
    at = (timezone.now() - timedelta(hours=1)).isoformat()

    def report(batch: int, key: str):
        uses = [
            {"code": GUESS, "amount": 1, "pos_transaction_id": f"O-{batch}-{n}", "occurred_at": at} for n in range(50)
        ]
        body = {"store_id": "001", "terminal_id": f"T{key}", "uses": uses}
        hour.shift(timedelta(minutes=1))  # more than one such report a minute is too much for a terminal
        return tenant.api.post("/redemptions/offline", body, key=key).status_code

    repeats = [report(1, key) for key in ("a", "b", "a")]
    later = [report(batch, f"c{batch}") for batch in (2, 3, 4)]

    assert (repeats, later) == ([200] * 3, [200, 200, 429])


def test_a_web_shop_checks_as_many_codes_a_minute_under_one_terminal_as_its_store_says(tenant, hour):
    _award, code = winning_code(tenant)
    question = {"code": code, "store_id": "001", "terminal_id": "EC"}

    def answered() -> int:
        """Tell how many of a minute's questions get an answer."""
        hour.shift(timedelta(minutes=1))
        return [tenant.api.post("/redemptions/validate", question).status_code for _n in range(75)].count(200)

    as_a_till = answered()
    Store.objects.update(tries_a_minute=70)

    assert (as_a_till, answered()) == (60, 70)


@pytest.mark.usefixtures("hour")
def test_T04_a_web_shop_has_its_own_number_of_unknown_codes_and_the_others_keep_theirs(tenant):
    Store.objects.update(unknown_an_hour=150)
    Store.objects.create(agency=tenant.agency, code="002", name="渋谷店")
    till = key_with(tenant, Scope.REDEMPTIONS_WRITE)

    at_shop = [guess(tenant.api, number).status_code == 429 for number in range(151)]
    at_till = [guess(till, number, store="002").status_code == 429 for number in range(STATED + 1)]

    assert at_shop == [False] * 150 + [True]
    assert at_till == [False] * STATED + [True]


@pytest.mark.usefixtures("hour")
def test_T04_a_web_shop_keeps_a_few_like_all_once_the_agency_has_used_its_guesses_up(tenant):
    Store.objects.update(unknown_an_hour=600)
    note_attempts(windows=guessing.Guesser(tenant.agency.pk, "").windows(clock.now())[1:], tries=1_000)

    assert [guess(tenant.api, number).status_code == 429 for number in range(31)] == [False] * 30 + [True]


@pytest.mark.usefixtures("hour")
def test_T04_a_lock_that_names_no_store_has_the_numbers_of_a_till(tenant):
    Store.objects.update(tries_a_minute=600, unknown_an_hour=600)
    tries = [
        tenant.api.post("/redemptions/locks", {"code": GUESS, "ttl": 1, "terminal_id": "EC"}, key=f"l-{number}")
        for number in range(61)
    ]

    assert [answer.status_code == 429 for answer in tries] == [False] * 60 + [True]


@pytest.mark.parametrize(
    ("field", "value"), [("tries_a_minute", 601), ("unknown_an_hour", 601), ("tries_a_minute", 59)]
)
def test_T04_no_store_is_let_guess_without_bound(tenant, field, value):
    store = Store.objects.get()
    setattr(store, field, value)

    with pytest.raises(ValidationError) as refused:
        store.full_clean()

    assert list(refused.value.message_dict) == [field]


def test_counting_guesses_adds_no_statement_to_a_sale(tenant):
    codes = winning_codes(tenant, 2, now=timezone.now())

    def statements(code: str, number: str) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            tenant.api.post("/redemptions", sale(code, number), key=number)
        return [
            query["sql"].split()[0] for query in captured.captured_queries if "attemptbudget" in query["sql"].lower()
        ]

    with time_machine.travel(NOW, tick=False):
        statements(codes[0], "A-1")

        assert statements(codes[1], "A-2") == ["INSERT"]
        assert len(statements(GUESS, "A-3")) > 2  # negative control: a refused guess is counted


@pytest.mark.usefixtures("hour")
def test_negative_control_without_the_counter_a_key_guesses_on(tenant, monkeypatch):
    monkeypatch.setattr(guessing, "note_attempts", lambda **_counted: None)

    answers = [guess(tenant.api, number) for number in range(STATED + 1)]

    assert all(is_unknown(answer) for answer in answers)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_T04_what_was_counted_outlives_the_refused_transaction(tenant):
    with time_machine.travel(NOW, tick=False):
        guess(tenant.api, 0)
        connection.close()

        spent = guessing.spent_attempts(
            windows=guessing.Guesser(tenant.agency.pk, f"key:{key_of(tenant)}:001").windows(clock.now())
        )

    assert spent == [1, 1]


def key_of(tenant) -> int:
    return tenant.agency.api_keys.get().pk
