"""The list of codes is leafed through at one cost, wherever one is; filters and search stay (G10)."""

import json
import re
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.desk import keyset
from codes.admin.gift_codes import GiftCodeAdmin
from codes.models import CodeStatus, GiftCode
from codes.presented import presented_code
from codes.selectors import open_code
from codes.services import generate_codes
from core.keyset import RowNotInList, cut
from tests.factories import NOW, GiftCodeFactory, PrizeFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:codes_giftcode_changelist")
PAGES = 10_000
BEYOND = 5_000  # so many that reading and sorting all of them is no plan as good as the index


@pytest.fixture
def codes(agency) -> list[GiftCode]:
    """Seven codes, the newest first; every other is void."""
    made = [
        GiftCodeFactory(
            batch__prize__course__campaign__sponsor__agency=agency,
            status=CodeStatus.VOID if number % 2 else CodeStatus.AVAILABLE,
        )
        for number in range(7)
    ]
    return made[::-1]


def shown(page: Any) -> list[int]:
    return [row.pk for row in page.context["cl"].result_list]


def leafed(client: Any, address: str, link: str) -> list[list[int]]:
    """Follow one kind of link to its end; gives the rows of each page."""
    pages = []
    while address:
        page = client.get(LIST + address)
        pages.append(shown(page))
        address = getattr(page.context["cl"], link)
    return pages


def test_pages_go_down_to_the_end_and_up_again(operator, codes, monkeypatch):
    monkeypatch.setattr(GiftCodeAdmin, "list_per_page", 3)
    ids = [code.pk for code in codes]

    down = leafed(operator, "?", "older_url")
    last = f"?older={codes[5].public_id}"

    assert down == [ids[:3], ids[3:6], ids[6:]]
    assert leafed(operator, last, "newer_url") == [ids[6:], ids[3:6], ids[:3]]


def test_filters_and_search_stay_while_leafing_and_a_new_filter_begins_anew(operator, codes, monkeypatch):
    monkeypatch.setattr(GiftCodeAdmin, "list_per_page", 2)
    void = [code.pk for code in codes if code.status == CodeStatus.VOID]

    assert leafed(operator, "?status__exact=void", "older_url") == [void[:2], void[2:]]
    page = operator.get(f"{LIST}?status__exact=void&older={codes[0].public_id}")
    links = re.findall(r'href="(\?[^"]*)"', page.content.decode())
    assert any("status__exact=available" in link for link in links)
    assert [link for link in links if "status__exact=available" in link and "older" in link] == []
    found = operator.get(f"{LIST}?q={codes[3].public_id}")
    assert shown(found) == [codes[3].pk]


def test_a_row_that_has_left_the_filter_is_still_a_place_in_the_list(operator, codes, monkeypatch):
    monkeypatch.setattr(GiftCodeAdmin, "list_per_page", 2)
    stock = [code for code in codes if code.status == CodeStatus.AVAILABLE]
    GiftCode.objects.filter(pk=stock[1].pk).update(status=CodeStatus.HELD)

    page = operator.get(f"{LIST}?status__exact=available&older={stock[1].public_id}")

    assert shown(page) == [stock[2].pk, stock[3].pk]


@pytest.mark.parametrize("place", ["nonsense", "00000000-0000-4000-8000-000000000000"])
def test_a_place_that_is_none_leads_to_the_beginning(operator, codes, place):
    assert operator.get(f"{LIST}?older={place}").status_code == 302


def test_I11_another_agency_s_row_is_no_place(operator, codes):
    foreign = GiftCodeFactory()

    assert operator.get(f"{LIST}?older={foreign.public_id}").status_code == 302
    with pytest.raises(RowNotInList):
        cut(GiftCode.objects.exclude(pk=foreign.pk), limit=1, older_than=foreign.public_id)


def test_a_huge_list_is_counted_only_so_far(operator, codes, monkeypatch):
    assert "7件" in operator.get(LIST).content.decode()
    monkeypatch.setattr(keyset, "COUNTED", 5)

    assert "5件以上" in operator.get(LIST).content.decode()


def rows_read(queries: CaptureQueriesContext) -> int:
    """Add up the rows that the database read for the statements that fetch codes for the list."""
    total = 0
    for query in queries.captured_queries:
        sql = query["sql"]
        named = sql.split("FROM")[0]
        if not sql.lstrip().startswith("SELECT") or not ('"codes_giftcode"."status"' in named or 'g."status"' in named):
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql.replace('%', '%%')}", [])
            (plan,) = cursor.fetchone()
        total += sum(_read(node) for node in _nodes((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]))
    return total


def _nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(below for child in node.get("Plans", []) for below in _nodes(child))]


def _read(node: dict[str, Any]) -> int:
    if node.get("Relation Name") != "codes_giftcode":
        return 0
    return int((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])


@pytest.mark.postgres  # whose plans tell how they read
@pytest.mark.parametrize("keys", [{"0": settings.INDEX_KEY}, {"0": settings.INDEX_KEY, "1": "b3RoZXI="}])
def test_G10_a_code_is_found_among_many_by_its_index_alone(agency, monkeypatch, keys):
    prize = PrizeFactory(course__campaign__sponsor__agency=agency, kind="own_code")
    batch = generate_codes(prize_id=prize.pk, name="many", count=PAGES, expires_at=None, now=NOW)
    monkeypatch.setattr(settings, "INDEX_KEYS", keys)
    code = batch.gift_codes.last()
    code.move_to(CodeStatus.AVAILABLE) if code.status == CodeStatus.STAGED else None
    code.move_to(CodeStatus.ISSUED, issued_at=NOW)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE codes_giftcode")

    with CaptureQueriesContext(connection) as queries:
        assert presented_code(agency_id=agency.pk, presented=open_code(code).code) == code

    assert len(queries) == 1
    assert rows_read(queries) == 1


@pytest.mark.postgres  # whose plans tell how many rows were read
def test_G10_page_10000_reads_no_more_than_twice_what_page_1_reads(operator, agency, monkeypatch):
    prize = PrizeFactory(course__campaign__sponsor__agency=agency, kind="own_code")
    generate_codes(prize_id=prize.pk, name="many", count=PAGES + BEYOND, expires_at=None, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE codes_giftcode")
    monkeypatch.setattr(GiftCodeAdmin, "list_per_page", 1)
    deep = GiftCode.objects.order_by("-pk")[PAGES - 2].public_id

    with CaptureQueriesContext(connection) as first:
        operator.get(LIST)
    with CaptureQueriesContext(connection) as far:
        page = operator.get(f"{LIST}?older={deep}")
    with CaptureQueriesContext(connection) as by_offset:
        list(GiftCode.objects.order_by("-pk")[PAGES - 1 : PAGES])

    assert shown(page) == [GiftCode.objects.order_by("-pk")[PAGES - 1].pk]
    assert 1 <= rows_read(first) <= 10
    assert rows_read(far) <= 2 * rows_read(first)
    assert rows_read(by_offset) >= PAGES  # what it would have been
