"""I11 on PostgreSQL: a code belongs to the agency and the prize of its batch; the database refuses any other."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from tests.factories import AgencyFactory, CodeBatchFactory, GiftCodeFactory, PrizeFactory

migration = import_module("codes.migrations.0014_one_foreign_key_for_three")
pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def foreign_keys() -> set[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else ALTER TABLE meets pending checks
        constraints = connection.introspection.get_constraints(cursor, "codes_giftcode").values()
    return {tuple(facts["columns"]) for facts in constraints if facts["foreign_key"]}


def stored_in(batch: object, **other: object) -> None:
    """Store a code and have the database look at once, not only at the end."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        GiftCodeFactory(batch=batch, **other)


@pytest.mark.parametrize("other", [{"agency": AgencyFactory}, {"prize": PrizeFactory}])
def test_I11_no_code_lies_in_a_batch_of_another_agency_or_prize(other):
    batch = CodeBatchFactory()
    values = {name: make() for name, make in other.items()}

    with pytest.raises(IntegrityError, match="gift_code_as_its_batch"):
        stored_in(batch, **values)

    stored_in(batch)


def test_I11_three_keys_let_it_lie_there_and_both_ways_can_be_gone_again():
    assert foreign_keys() == {("batch_id", "agency_id", "prize_id")}

    with connection.schema_editor() as editor:
        migration.three_keys(apps, editor)
        migration.three_keys(apps, editor)  # as after an end half way

    assert foreign_keys() == {("batch_id",), ("agency_id",), ("prize_id",)}
    with transaction.atomic():
        stored_in(CodeBatchFactory(), agency=AgencyFactory())
        transaction.set_rollback(True)

    with connection.schema_editor() as editor:
        migration.one_key(apps, editor)
        migration.one_key(apps, editor)
    assert foreign_keys() == {("batch_id", "agency_id", "prize_id")}
