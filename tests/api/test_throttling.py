"""How many calls a key may make."""

import pytest
from django.core.cache import cache

from tests.api.world import key_with, sale


@pytest.fixture
def _three_a_minute(settings):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": {"key": "3/min"}}


@pytest.mark.usefixtures("_three_a_minute")
def test_a_key_is_told_how_many_calls_are_left_and_then_to_wait(tenant, time_machine):
    time_machine.move_to("2026-06-01T03:00:20Z", tick=False)

    answers = [tenant.api.get("/me") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["RateLimit"] for answer in answers] == [
        '"key";r=2;t=40',
        '"key";r=1;t=40',
        '"key";r=0;t=40',
        '"key";r=0;t=40',
    ]
    assert {answer["RateLimit-Policy"] for answer in answers} == {'"key";q=3;w=60'}
    refused = answers[-1]
    assert (refused.json()["code"], refused["Retry-After"]) == ("rate_exceeded", "40")
    assert refused.json()["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"


@pytest.mark.usefixtures("_three_a_minute")
def test_each_key_has_its_own_quota_and_a_new_one_each_minute(tenant, time_machine):
    time_machine.move_to("2026-06-01T03:00:59Z", tick=False)
    narrow = key_with(tenant)
    for _ in range(4):
        tenant.api.get("/me")

    assert (tenant.api.get("/me").status_code, narrow.get("/me").status_code) == (429, 200)
    time_machine.move_to("2026-06-01T03:01:00Z", tick=False)
    assert tenant.api.get("/me").status_code == 200


def test_F09_where_the_cache_is_away_calls_pass(tenant, monkeypatch):
    def away(*_args, **_options):
        raise ConnectionError

    monkeypatch.setattr(cache, "incr", away)

    assert tenant.api.get("/me").status_code == 200


@pytest.mark.usefixtures("one_window", "_three_a_minute")
def test_calls_over_the_quota_leave_no_idempotency_key_behind(tenant):
    for _ in range(3):
        tenant.api.get("/me")

    assert tenant.api.post("/redemptions", sale("X" * 16), key="k").status_code == 429
    cache.clear()
    assert tenant.api.post("/redemptions", sale("Y" * 16), key="k").json()["code"] == ("code_not_accepted")
