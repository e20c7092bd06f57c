"""What every suite shares."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import TransactionTestCase
from django.utils import timezone
from pytest_django import Settings
from time_machine import TimeMachineFixture

from receipts.ocr.fake import FakeReader
from tests.emptying import empty_tables
from tests.services import migrated_sqlite

pytest_plugins = ["tests.contracts.fixtures"]


@pytest.fixture(autouse=True)
def prepared_reader(settings: Settings) -> Iterator[type[FakeReader]]:
    """Read receipts as each test prepares them; suites of the reader itself set RECEIPT_READER back."""
    settings.RECEIPT_READER = "receipts.ocr.fake.FakeReader"
    FakeReader.forget()
    yield FakeReader
    FakeReader.forget()


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest) -> bool:
    """Keep what was copied into place (SQLite), or what the developer wants kept."""
    return connection.vendor == "sqlite" or bool(request.config.getvalue("reuse_db"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """SQLite knows no templates: a migrated file is copied to where the test database will be looked for."""
    if connection.vendor == "sqlite":
        shutil.copyfile(os.environ["TEST_DATABASE_TEMPLATE"], connection.settings_dict["TEST"]["NAME"])


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a service's data folder whose database is migrated already."""
    folder = tmp_path_factory.mktemp("data")
    shutil.copyfile(migrated_sqlite(), folder / "mizuhiki.sqlite3")
    return folder


@pytest.fixture
def one_window(time_machine: TimeMachineFixture) -> None:
    """Stand still: what is counted by the minute, the hour or the day is not counted anew in the middle of a test."""
    time_machine.move_to(timezone.now(), tick=False)


@pytest.fixture(autouse=True, scope="session")
def _tables_are_emptied_at_once() -> Iterator[None]:
    """After a test that commits, empty what holds rows and no more (see `tests/emptying.py`)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _self: empty_tables())
        yield
