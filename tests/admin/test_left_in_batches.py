"""The list of batches tells what each has left, at a cost that does not grow with the stock."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from codes import figures
from codes.figures import Left, left_in_batches
from codes.models import GiftCode
from tests.admin.registry import list_url, make_row
from tests.factories import CodeBatchFactory, GiftCodeFactory

MANY = """
INSERT INTO codes_giftcode (
    public_id, created_at, updated_at, agency_id, batch_id, prize_id, position, status, code_ciphertext, code_index,
    index_key_id, pin_ciphertext, url_ciphertext, number_ciphertext, face_value_jpy, balance_jpy, use_count, issued_at,
    presented_slot
) SELECT gen_random_uuid(), now(), now(), %(agency)s, %(batch)s, %(prize)s, n, %(status)s, '', 'x' || n, '0', '',
    '', '', 500, 500, 0, now(), 0 FROM generate_series(%(first)s::int, %(last)s::int) AS n
"""


def stocked(count, **batch):
    made = CodeBatchFactory.create(**batch)
    GiftCodeFactory.create_batch(count, batch=made)
    return made


@pytest.mark.django_db
def test_few_codes_are_counted_exactly_and_many_as_at_least_so_many(monkeypatch):
    monkeypatch.setattr(figures, "COUNTED_UP_TO", 3)
    few, full, many, none = (stocked(count) for count in (2, 3, 4, 0))
    issued = stocked(4)
    GiftCode.objects.filter(batch=issued).exclude(pk=issued.gift_codes.first().pk).update(status="void")

    counted = left_in_batches([batch.pk for batch in (few, full, many, none, issued)])

    assert counted == {
        few.pk: Left(2, is_all=True),
        full.pk: Left(3, is_all=True),
        many.pk: Left(3, is_all=False),
        none.pk: Left(0, is_all=True),
        issued.pk: Left(1, is_all=True),
    }
    assert left_in_batches([]) == {}


@pytest.mark.django_db
def test_the_list_says_where_there_are_more_and_its_file_counts_all(agency, operator, monkeypatch):
    monkeypatch.setattr(figures, "COUNTED_UP_TO", 3)
    for name, count in (("few", 2), ("many", 4)):
        stocked(count, name=name, prize=make_row("campaigns.prize", agency), face_value_jpy=500)

    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", operator.get(list_url("codes.codebatch")).content.decode()))
    file = operator.get(reverse("admin:codes_codebatch_export_csv"))
    with CaptureQueriesContext(connection) as queries:
        rows = b"".join(file.streaming_content).decode().splitlines()[1:]

    assert "3以上 1,500円以上" in shown
    assert re.search(r"[^0-9]2 1,000円 ", shown)
    assert [",4,2000," in row for row in rows] == [True, False]
    assert len([query for query in queries if "codes_giftcode" in query["sql"]]) == 1


@pytest.mark.django_db
def test_the_list_asks_as_often_for_many_batches_as_for_one_and_counts_in_one_statement(agency, operator):
    asked = []
    for _more in range(2):
        for _batch in range(3):
            stocked(1, prize=make_row("campaigns.prize", agency))
        with CaptureQueriesContext(connection) as queries:
            operator.get(list_url("codes.codebatch"))
        asked.append(len(queries))
        counting = [query["sql"] for query in queries if "codes_giftcode" in query["sql"]]
        assert len(counting) == 1
        assert "LIMIT 1001" in counting[0]
    assert asked[0] == asked[1]


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_few_that_are_left_behind_many_that_were_given_out_are_found_without_reading_those():
    batch = CodeBatchFactory.create()
    facts = {"agency": batch.agency_id, "batch": batch.pk, "prize": batch.prize_id}
    with connection.cursor() as cursor:
        cursor.execute(MANY, {**facts, "status": "issued", "first": 1, "last": 30_000})
        cursor.execute(MANY, {**facts, "status": "available", "first": 30_001, "last": 45_000})
        cursor.execute("ANALYZE codes_giftcode")
        statement = figures.LEFT_IN_BATCHES.format(batches="%s")
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", ["available", "available", 1001, batch.pk])
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "gift_code_by_batch" in plan
    assert "Seq Scan on codes_giftcode" not in plan
    assert re.search(r"Scan using gift_code_by_batch.*rows=1001", plan)
    assert left_in_batches([batch.pk]) == {batch.pk: Left(1000, is_all=False)}
