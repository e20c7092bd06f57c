"""I11 on PostgreSQL: behind the selectors the database itself shows the call of one agency nothing of another."""

import re
import uuid
from datetime import timedelta
from functools import partial

import pytest
from django.db import DatabaseError, connection, models, transaction
from structlog.testing import capture_logs

from accounts.models import ApiKey
from accounts.wall import ROLE, confined_to, is_up
from api.v1.me import Me
from campaigns.models import Campaign, CampaignStatus, Prize, Store
from campaigns.tasks import follow_clock
from codes.models import CodeLock, GiftCode, Redemption
from core import rows
from journeys.audit import audit_invariants
from journeys.wall import OPEN, gaps, raise_wall
from tests.api.test_tenants import WITH_IDS, rows_of, send, shape
from tests.api.world import make_tenant, redeemed, winning_code
from tests.factories import NOW

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

OF_AN_AGENCY = re.compile(r"(.+__)?agency(_id)?(__in|__pk)?")
OF_NOBODY = {"accounts_user", "accounts_user_groups", "accounts_user_user_permissions"}
OURS = ("accounts", "campaigns", "participants", "receipts", "eligibility", "draws", "codes", "distribution",
        "journeys", "analytics", "api", "portal")  # fmt: skip
DOWN = pytest.param(False, id="without the wall")
UP = pytest.param(True, id="with the wall")


@pytest.fixture
def _no_query_names_its_agency(monkeypatch):
    """Take the first wall away: whatever a query says of an agency is forgotten."""
    filtered = models.QuerySet.filter

    def forgetful(self, *conditions, **values):
        kept = {name: value for name, value in values.items() if not OF_AN_AGENCY.fullmatch(name)}
        return filtered(self, *conditions, **kept)

    monkeypatch.setattr(models.QuerySet, "filter", forgetful)
    for name in ("one", "many"):  # the same for what is written by hand
        asked = getattr(rows, name)
        forget = partial(re.sub, r"\b(\w\.)?agency_id = %s", r"(\g<0> OR TRUE)")
        monkeypatch.setattr(rows, name, lambda statement, values, a=asked, f=forget: a(f(statement), values))


@pytest.fixture
def inside(monkeypatch):
    """Have something done in the middle of a call."""

    def do(act):
        seen = []

        def get(self, request):
            seen.append(act())
            return answer(self, request)

        monkeypatch.setattr(Me, "get", get)
        return seen

    answer = Me.get
    return do


def ask(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def alone(act):
    """Have it undone by itself when it fails."""
    with transaction.atomic():
        act()


def who():
    return ask("SELECT current_user")[0][0]


@pytest.mark.matrix
@pytest.mark.usefixtures("_no_query_names_its_agency")
@pytest.mark.parametrize("call", WITH_IDS, ids=lambda call: f"{call.method} {call.path}")
@pytest.mark.parametrize("is_wanted", [DOWN, UP])
def test_I11_queries_that_forget_their_agency_are_answered_by_the_wall(settings, call, is_wanted):
    settings.AGENCY_WALL = is_wanted
    tenant, other = make_tenant("own"), make_tenant("foreign")
    foreign = rows_of(other)

    with transaction.atomic():  # what is done where every wall is away is undone: keys on both columns refuse it
        answer = send(tenant.api, call, foreign, "k-1")
        transaction.set_rollback(True)
    nobody = send(tenant.api, call, dict.fromkeys(foreign, uuid.uuid4()), "k-2")

    assert nobody.status_code == 404
    assert (bool(answer.content) and shape(answer) == shape(nobody)) is is_wanted


@pytest.mark.usefixtures("_no_query_names_its_agency")
@pytest.mark.parametrize("path", ["/campaigns", "/entries", "/codes/batches", "/codes/jobs", "/redemptions"])
@pytest.mark.parametrize("is_wanted", [DOWN, UP])
def test_I11_lists_that_forget_their_agency_hold_own_rows_only(settings, path, is_wanted):
    settings.AGENCY_WALL = is_wanted
    tenant, other = make_tenant("own"), make_tenant("foreign")
    foreign = {str(value) for value in rows_of(other).values()}
    rows_of(tenant)

    listed = {row["id"] for row in tenant.api.get(path).json()["data"]}

    assert listed
    assert bool(listed & foreign) is not is_wanted


def test_I11_raw_statements_of_a_call_see_the_own_agency_and_change_no_other(tenant, other, inside):
    redeemed(tenant), redeemed(other)
    tables = ["codes_giftcode", "codes_redemption", "accounts_auditentry", "accounts_apikey"]
    asked = " UNION ALL ".join(f"SELECT agency_id FROM {table}" for table in tables)
    changed = "UPDATE codes_giftcode SET balance_jpy = 0 WHERE agency_id = %s RETURNING id"
    seen = inside(lambda: ({row for (row,) in ask(asked)}, ask(changed, other.agency.pk), Prize.objects.count()))

    assert tenant.api.get("/me").status_code == 200

    assert seen == [({tenant.agency.pk}, [], 1)]
    assert {row for (row,) in ask(asked)} == {tenant.agency.pk, other.agency.pk}
    assert Prize.objects.count() == 2


def test_I11_a_call_adds_no_row_for_another_agency_nor_below_a_row_of_one(tenant, other):
    winning_code(other)
    gift_code = GiftCode.objects.get(agency=other.agency)

    def refused(act):
        with confined_to(tenant.agency.pk), pytest.raises(DatabaseError, match="row-level security"):
            alone(act)

    refused(
        lambda: CodeLock.objects.create(agency=other.agency, gift_code=gift_code, store=other.store, expires_at=NOW)
    )
    refused(lambda: Store.objects.create(agency=other.agency, code="999", name="x"))
    refused(lambda: Prize.objects.create(course=other.prize.course, name="x", kind=other.prize.kind, face_value_jpy=1))
    with confined_to(tenant.agency.pk):
        Store.objects.create(agency=tenant.agency, code="999", name="x")
        Prize.objects.create(course=tenant.prize.course, name="x", kind=tenant.prize.kind, face_value_jpy=1)


def test_a_call_does_not_reach_what_belongs_to_no_agency(tenant):
    with confined_to(tenant.agency.pk):
        for table in ("accounts_user", "django_session", "django_admin_log"):
            with pytest.raises(DatabaseError, match="permission denied"):
                alone(lambda table=table: ask(f"SELECT FROM {table}"))


@pytest.mark.parametrize(("act", "status"), [(who, 200), (lambda: 1 / 0, 500)], ids=["answered", "failed"])
def test_the_wall_is_left_with_the_answer_whatever_it_was(tenant, other, inside, act, status):
    before = who()
    seen = inside(act)
    caller = tenant.api
    caller.client.raise_request_exception = False

    answer = caller.get("/me")

    assert (answer.status_code, seen) == (status, [ROLE] if status == 200 else [])
    assert who() == before != ROLE
    assert Campaign.objects.count() == 2


def test_a_refused_key_confines_nobody_and_each_call_its_own_agency(tenant, other, inside):
    seen = inside(lambda: list(ApiKey.objects.values_list("agency_id", flat=True)))

    assert [caller.get("/me").status_code for caller in (tenant.api, other.api)] == [200, 200]
    assert type(tenant.api)("mzk_wrong").get("/me").status_code == 401

    assert seen == [[tenant.agency.pk], [other.agency.pk]]
    assert ApiKey.objects.count() == 2


def test_what_a_call_undoes_leaves_it_confined_and_workers_never_are(tenant, other):
    with confined_to(tenant.agency.pk):
        with pytest.raises(ZeroDivisionError):
            alone(lambda: 1 / 0)
        assert who() == ROLE
    Campaign.objects.update(entry_opens_at=NOW - timedelta(days=2), entry_closes_at=NOW - timedelta(days=1))
    assert tenant.api.get("/me").status_code == 200

    follow_clock()

    assert set(Campaign.objects.values_list("status", flat=True)) == {CampaignStatus.CLOSED}


@pytest.mark.django_db(transaction=True)
def test_F14_a_session_that_is_lost_in_a_call_is_confined_anew_and_one_that_is_broken_serves_nobody_else(tenant, other):
    with confined_to(tenant.agency.pk):
        connection.close()
        assert (who(), Campaign.objects.count()) == (ROLE, 1)
    assert Campaign.objects.count() == 2

    with pytest.raises(DatabaseError), confined_to(tenant.agency.pk):
        ask("SELECT pg_terminate_backend(pg_backend_pid())")
    assert Campaign.objects.count() == 2


def test_every_table_of_an_agency_has_its_policy_and_nothing_else_is_open():
    columns = "information_schema.columns WHERE table_schema = current_schema()"
    tables = {table for (table,) in ask(f"SELECT table_name FROM {columns}")}
    with_agency = ask(f"SELECT table_name FROM {columns} AND column_name = 'agency_id'")
    bound = {table for (table,) in ask(f"SELECT tablename FROM pg_policies WHERE roles = '{{{ROLE}}}'")}
    granted = {
        table
        for (table,) in ask("SELECT table_name FROM information_schema.role_table_grants WHERE grantee = %s", ROLE)
    }
    ours = {table for table in tables if table.startswith(tuple(f"{app}_" for app in OURS))}
    open_to_all = {label.replace(".", "_") for label in OPEN}

    assert gaps() == []
    assert {table for (table,) in with_agency} <= bound
    assert ours == bound | open_to_all | OF_NOBODY
    assert granted == bound | open_to_all


@pytest.mark.parametrize(
    ("act", "missing"),
    [
        ("ALTER TABLE codes_award DISABLE ROW LEVEL SECURITY", "codes_award"),
        ("DROP POLICY agency_wall ON campaigns_prize", "campaigns_prize"),
        ("ALTER POLICY agency_wall ON codes_redemption TO PUBLIC", "codes_redemption"),
        ("GRANT SELECT ON accounts_user TO mizuhiki_agency", "accounts_user"),
        ("COMMENT ON POLICY agency_wall ON codes_giftcode IS 'another'", "codes_giftcode"),
    ],
)
def test_I11_the_audit_names_a_gap_and_the_next_migration_closes_it(act, missing):
    ask_nothing(act)
    assert audit_invariants(NOW)["I11"] == [f"wall:{missing}"]

    raise_wall()

    assert audit_invariants(NOW)["I11"] == []


def ask_nothing(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement, values or None)


def test_a_wall_that_is_down_stops_no_call_and_is_told(tenant, inside):
    ask_nothing(f"REVOKE SELECT ON accounts_agency FROM {ROLE}")
    seen = inside(who)

    with capture_logs() as lines:
        assert tenant.api.get("/me").status_code == 200

    assert seen == [who()]
    assert [line["event"] for line in lines] == ["agency_wall_down"]
    assert not is_up()
    assert audit_invariants(NOW)["I11"] == ["wall:accounts_agency", "wall:down"]


def test_a_user_who_may_not_make_roles_migrates_without_the_wall_and_is_told():
    for statement in (f"ALTER ROLE {ROLE} RENAME TO gone", "CREATE ROLE plain", "SET SESSION AUTHORIZATION plain"):
        ask_nothing(statement)

    with capture_logs() as lines:
        raise_wall()

    assert [(line["event"], "permission denied" in line["reason"]) for line in lines] == [("agency_wall_down", True)]
    assert not is_up()
    ask_nothing("RESET SESSION AUTHORIZATION")


@pytest.mark.parametrize(
    ("rows", "condition"),
    [
        (lambda tenant: GiftCode.objects.filter(agency=tenant.agency, code_index="x"), "code_index"),
        (lambda tenant: GiftCode.objects.filter(public_id=uuid.uuid4()), "public_id"),
        (lambda tenant: Redemption.objects.filter(agency=tenant.agency).order_by("-pk"), "agency_id"),
        (lambda tenant: Prize.objects.filter(pk=1), "id"),
    ],
)
def test_the_policies_leave_the_indexes_in_use(tenant, rows, condition):
    # Among a few rows one index is as good as another, so the planner is told of a million and of nothing else.
    redeemed(tenant)
    tables = [model._meta.db_table for model in (GiftCode, Redemption, Prize)]
    ask_nothing("DELETE FROM pg_statistic WHERE starelid = ANY(%s::regclass[])", tables)
    ask_nothing("UPDATE pg_class SET reltuples = 1000000, relpages = 1 WHERE oid = ANY(%s::regclass[])", tables)
    ask_nothing("SET LOCAL enable_seqscan = off")
    with confined_to(tenant.agency.pk):
        plan = rows(tenant).explain()

    assert re.search(rf"Index Cond: .*\b{condition}\b", plan), plan
