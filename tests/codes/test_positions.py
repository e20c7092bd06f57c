"""Codes come in behind those of their prize, and no code is read to find where that is."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from codes.models import BatchStatus, CodeBatch, CodeFormat, GiftCode
from codes.services import generate_codes, import_codes, jobs
from codes.services.generating import start_generation
from codes.services.incoming import next_position, prize_of
from tests.factories import NOW, CodeBatchFactory, GiftCodeFactory, PrizeFactory

migration = import_module("codes.migrations.0025_last_positions_of_earlier_batches")
pytestmark = pytest.mark.django_db


def make(prize, count=3):
    return generate_codes(prize_id=prize.pk, name="自社コード", count=count, expires_at=None, now=NOW)


def positions(batch) -> list[int]:
    return list(GiftCode.objects.filter(batch=batch).order_by("position").values_list("position", flat=True))


def test_each_batch_of_a_prize_lies_behind_the_ones_before_it_and_of_no_other():
    prize, other = PrizeFactory(), PrizeFactory()
    first, alone = make(prize), make(other)
    second = import_codes(prize_id=prize.pk, name="第2便", data=b"code\nGOOD0001\nGOOD0002\n", expires_at=None, now=NOW)

    assert [positions(batch) for batch in (first, second, alone)] == [[1, 2, 3], [4, 5], [1, 2, 3]]
    assert list(CodeBatch.objects.order_by("pk").values_list("last_position", flat=True)) == [3, 3, 5]


def test_what_comes_in_behind_a_job_on_its_way_leaves_room_for_all_of_it():
    prize = PrizeFactory()
    job = start_generation(prize_id=prize.pk, name="x", count=5, code_format=CodeFormat.TYPED, expires_at=None, now=NOW)
    behind = make(prize)

    jobs.run_job(job_id=job.pk, now=NOW)

    job.batch.refresh_from_db()
    assert (positions(job.batch), positions(behind)) == ([1, 2, 3, 4, 5], [6, 7, 8])
    assert (job.batch.status, job.batch.last_position) == (BatchStatus.STAGED, 5)
    assert next_position(prize) == 9


def test_a_code_that_left_the_stock_keeps_its_place():
    prize = PrizeFactory()
    make(prize)
    GiftCode.objects.all().delete()

    assert next_position(prize) == 4


def test_no_code_is_read_for_it_however_many_there_are():
    prize = prize_of(PrizeFactory().pk)
    make(prize)

    with CaptureQueriesContext(connection) as asked:
        assert next_position(prize) == 4

    assert len(asked) == 2
    assert not [query["sql"] for query in asked if "codes_giftcode" in query["sql"]]


@pytest.mark.postgres
def test_the_batches_of_a_prize_are_found_by_an_index():
    prize = PrizeFactory()
    CodeBatchFactory.create_batch(2, prize=prize)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE codes_codebatch")
        cursor.execute("SET LOCAL enable_seqscan = off")

    assert "Index Cond: (prize_id = " in prize.batches.order_by().explain()


def test_batches_of_before_learn_their_last_position_once():
    batch, empty = CodeBatchFactory(), CodeBatchFactory()
    GiftCodeFactory(batch=batch, position=7), GiftCodeFactory(batch=batch, position=2)

    for _time in range(2):
        migration.note_last_positions(apps, None)

    batch.refresh_from_db(), empty.refresh_from_db()
    assert (batch.last_position, empty.last_position) == (7, 0)
    assert next_position(prize_of(batch.prize_id)) == 8
