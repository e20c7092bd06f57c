"""What every suite shares."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from receipts.ocr.fake import FakeReader
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


@pytest.fixture(autouse=True, scope="session")
def _tables_can_be_emptied() -> Iterator[None]:
    """Between tests with transactions of their own SQLite deletes row by row, which the books' triggers refuse."""
    if connection.vendor != "sqlite":
        yield
        return
    plain = type(connection.ops).sql_flush

    def flush(self: Any, *arguments: Any, **options: Any) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
        dropped = [f'DROP TRIGGER "{name}"' for name, _made in triggers]
        return [*dropped, *plain(self, *arguments, **options), *(made for _name, made in triggers)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(connection.ops), "sql_flush", flush)
        yield
