"""Who may call what: every endpoint of the URL map against keys and scopes."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import ApiKey, Scope
from accounts.services import issue_api_key, revoke_api_key
from api.permissions import ANY_KEY, required_scopes
from api.views import AgencyView
from tests.api.routes import calls, views
from tests.api.world import ALL_SCOPES, Caller, key_with

pytestmark = pytest.mark.matrix

CALLS = calls()
HTTP_METHODS = ("get", "post", "put", "patch", "delete")


def send(caller: Caller, call, **ids):
    path = call.address(**({name: uuid4() for name in call.ids} | ids))
    if call.method == "POST":
        return caller.post(path, {})
    return getattr(caller, call.method.lower())(path)


def test_every_endpoint_names_a_scope_for_each_of_its_methods():
    for name, view in views().items():
        assert issubclass(view, AgencyView), name
        assert set(required_scopes(view)) == {m.upper() for m in HTTP_METHODS if hasattr(view, m)}, name


def test_each_scope_but_none_else_opens_what_the_documentation_says():
    table = {f"{call.method} {call.path}": str(call.scope) for call in CALLS}

    assert table == {
        "GET me": ANY_KEY,
        "GET campaigns": "campaigns:read",
        "GET campaigns/<uuid:campaign_id>": "campaigns:read",
        "GET campaigns/<uuid:campaign_id>/stock": "codes:read",
        "GET campaigns/<uuid:campaign_id>/funnel": "reports:read",
        "GET campaigns/<uuid:campaign_id>/awards": "reports:read",
        "GET entries": "entries:read",
        "POST entries": "entries:write",
        "GET entries/<uuid:entry_id>": "entries:read",
        "POST entries/<uuid:entry_id>/receipt": "entries:write",
        "POST returns": "entries:write",
        "GET codes/batches": "codes:read",
        "POST codes/batches": "codes:import",
        "POST codes/batches/preview": "codes:import",
        "GET codes/batches/<uuid:batch_id>": "codes:read",
        "GET codes/jobs": "codes:read",
        "GET codes/jobs/<uuid:job_id>": "codes:read",
        "POST reservations": "codes:reserve",
        "GET reservations/<uuid:reservation_id>": "codes:reserve",
        "DELETE reservations/<uuid:reservation_id>": "codes:reserve",
        "GET redemptions": "redemptions:write",
        "POST redemptions": "redemptions:write",
        "POST redemptions/validate": "redemptions:write",
        "POST redemptions/locks": "redemptions:write",
        "DELETE redemptions/locks/<uuid:lock_id>": "redemptions:write",
        "POST redemptions/offline": "redemptions:write",
        "POST redemptions/reversals": "redemptions:write",
        "POST redemptions/<uuid:redemption_id>/reversals": "redemptions:write",
        "GET settlements": "reports:read",
        "GET settlements/<str:store_id>/<str:business_day>.csv": "reports:read",
    }


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")
def test_without_a_key_nothing_is_answered(db, call):
    answer = send(Caller(None), call)

    assert (answer.status_code, answer.json()["code"]) == (401, "key_missing")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("call", [c for c in CALLS if c.scope != ANY_KEY], ids=lambda c: f"{c.method} {c.path}")
def test_all_scopes_but_the_needed_one_are_not_enough(tenant, call):
    answer = send(key_with(tenant, *[scope for scope in Scope if scope != call.scope]), call)

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


@pytest.mark.parametrize("call", [c for c in CALLS if c.scope != ANY_KEY], ids=lambda c: f"{c.method} {c.path}")
def test_the_needed_scope_alone_is_enough(tenant, call):
    answer = send(key_with(tenant, Scope(call.scope)), call)

    assert answer.status_code in {200, 400, 404, 415}  # past the gate: then there is no such row or no body


def test_a_view_that_names_no_scope_lets_nobody_pass(tenant, rf):
    class Forgotten(AgencyView):
        def get(self, request):
            raise AssertionError("reached")

    answer = Forgotten.as_view()(rf.get("/", headers={"Authorization": f"Bearer {tenant.key}"}))

    assert answer.status_code == 403


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "mzk_x", "Token mzk_x"])
def test_a_header_that_is_no_key_counts_as_none(db, client, header):
    answer = client.get("/api/v1/me", headers={"Authorization": header})

    assert (answer.status_code, answer.json()["code"]) == (401, "key_missing")


def test_T17_unknown_revoked_expired_and_foreign_address_are_answered_alike(tenant):
    now = timezone.now()
    agency = tenant.agency.pk
    revoked, revoked_secret = issue_api_key(agency_id=agency, name="r", scopes=ALL_SCOPES)
    revoke_api_key(api_key_id=revoked.pk, now=now)
    _key, expired = issue_api_key(agency_id=agency, name="e", scopes=ALL_SCOPES, expires_at=now - timedelta(seconds=1))
    bound, elsewhere = issue_api_key(agency_id=agency, name="b", scopes=ALL_SCOPES)
    ApiKey.objects.filter(pk=bound.pk).update(allowed_addresses=["192.0.2.1"])

    answers = [Caller(key).get("/me") for key in (revoked_secret, expired, elsewhere, "mzk_unknown_xyz", "é")]

    assert {answer.status_code for answer in answers} == {401}
    assert len({str(_without_id(answer)) for answer in answers}) == 1
    assert answers[0].json()["code"] == "key_not_accepted"


def test_T17_revoking_a_key_takes_effect_at_once(tenant):
    assert tenant.api.get("/me").status_code == 200
    revoke_api_key(api_key_id=ApiKey.objects.get().pk, now=timezone.now())

    assert tenant.api.get("/me").status_code == 401


@pytest.mark.parametrize("name", ["api_key", "key", "anything"])
def test_T17_a_key_in_the_address_is_refused_even_beside_a_good_header(tenant, name):
    answer = tenant.api.get("/me", **{name: tenant.key})

    assert (answer.status_code, answer.json()["code"]) == (400, "key_in_query")
    assert tenant.key not in answer.content.decode()


def test_the_last_use_of_a_key_is_noted_at_most_once_a_minute(tenant, time_machine):
    time_machine.move_to("2026-06-01T03:00:00Z", tick=False)
    tenant.api.get("/me")
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    time_machine.move_to("2026-06-01T03:00:59Z", tick=False)
    tenant.api.get("/me")
    soon = ApiKey.objects.get().last_used_at
    time_machine.move_to("2026-06-01T03:01:00Z", tick=False)
    tenant.api.get("/me")

    assert (first, soon) == (first, first)
    assert ApiKey.objects.get().last_used_at == first + timedelta(minutes=1)


def test_a_key_can_ask_who_it_is(tenant):
    answer = key_with(tenant, Scope.CODES_READ).get("/me").json()

    assert answer == {
        "prefix": ApiKey.objects.get(name="narrow").prefix,
        "name": "narrow",
        "scopes": ["codes:read"],
        "expires_at": None,
        "agency": {"id": str(tenant.agency.public_id), "name": tenant.agency.name},
    }


def _without_id(answer):
    return {name: value for name, value in answer.json().items() if name != "request_id"}
