"""A PostgreSQL of one's own with all tables, reached with production's options; nothing of it reaches the disk."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.issuing import FILL, world


@contextmanager
def migrated() -> Iterator[None]:
    """Start it, set Django up on it and create the tables, for the time of a `with`."""
    os.environ.setdefault("TEST_REDIS_URL", "redis://127.0.0.1:9/0")  # nothing here asks for it
    import tests.services  # noqa: F401 starts PostgreSQL before Django reads its settings

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    import django
    from django.conf import settings

    options = settings.DATABASES["default"].setdefault("OPTIONS", {})  # the address of the server may be among them
    options |= {"server_side_binding": True, "prepare_threshold": 2}
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", interactive=False, verbosity=0)
    try:
        yield
    finally:
        connection.close()


def full_stock() -> dict[str, Any]:
    """Fill the stock of a prize with `BENCH_CODES` codes; returns the ids of what they belong to."""
    from django.db import connection

    ids = world()
    with connection.cursor() as cursor:
        cursor.execute(FILL.split(";\n")[0], ids)
        cursor.execute("ANALYZE")
    return ids
