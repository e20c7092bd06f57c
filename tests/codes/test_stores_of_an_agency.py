"""I11 on PostgreSQL: what is booked in a store belongs to the store's agency; the database refuses any other."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from campaigns.models import Store
from codes.models import Allocation, CodeLock, LedgerTransfer, Redemption, Settlement, Terminal, Tombstone
from tests.factories import NOW, AgencyFactory, PrizeFactory, StoreFactory

migration = import_module("codes.migrations.0017_one_foreign_key_to_store_and_agency")
pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def foreign_keys(table: str) -> set[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else ALTER TABLE meets pending checks
        constraints = connection.introspection.get_constraints(cursor, table).values()
    found = {tuple(facts["columns"]) for facts in constraints if facts["foreign_key"]}
    return {columns for columns in found if {*columns} <= {"store_id", "agency_id"}}


def bury(store: Store, **other: object) -> None:
    """Note a sale that was undone in a store, and have the database look at once."""
    values = {"store": store, "agency": store.agency, "pos_transaction_id": "R1", "at": NOW} | other
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        Tombstone.objects.create(**values)


def share(store: Store | None, **other: object) -> None:
    """Share some of a prize out to a store."""
    prize = PrizeFactory()
    values = {"store": store, "agency": prize.course.campaign.agency, "prize": prize, "quota": 1} | other
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        Allocation.objects.create(**values)


@pytest.mark.parametrize(
    "model",
    [Redemption, CodeLock, Tombstone, Settlement, Terminal, LedgerTransfer, Allocation],
    ids=lambda m: m.__name__,
)
def test_I11_whatever_is_booked_in_a_store_is_kept_to_its_agency(model):
    found = foreign_keys(model._meta.db_table)

    may_be_empty = model._meta.get_field("store").null
    assert found == {("store_id", "agency_id")} | ({("agency_id",)} if may_be_empty else set())


def test_I11_no_agency_books_in_the_store_of_another():
    store = StoreFactory()

    with pytest.raises(IntegrityError, match="in_a_store_of_its_agency"):
        bury(store, agency=AgencyFactory())
    with pytest.raises(IntegrityError, match="in_a_store_of_its_agency"):
        share(store)

    bury(store)
    share(store, agency=store.agency)
    share(None)


def test_I11_a_key_each_lets_it_and_both_ways_can_be_gone_again():
    together = {table: foreign_keys(table) for table in migration.TABLES}

    with connection.schema_editor() as editor:
        migration.a_key_each(apps, editor)
        migration.a_key_each(apps, editor)  # as after an end half way

    apart = {("store_id",), ("agency_id",)}
    assert all(foreign_keys(table) == apart for table in migration.TABLES)
    with transaction.atomic():
        bury(StoreFactory(), agency=AgencyFactory())
        transaction.set_rollback(True)

    with connection.schema_editor() as editor:
        migration.one_key(apps, editor)
        migration.one_key(apps, editor)
    assert {table: foreign_keys(table) for table in migration.TABLES} == together
