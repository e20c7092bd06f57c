"""What a call at the till costs the web process on PostgreSQL, through the whole stack and with production's settings.

A process of its own calls the WSGI application, so that neither a client nor a server of HTTP is in the figure; the
database and the cache are processes of their own as well. `lean` is the least that Django can do for such a call: no
middleware, a bare view, and one prepared statement that changes a row and adds another. Both take turns in one run, so
that a slow machine slows them alike. `BENCH_CALLS` makes the batches smaller for a quick look.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from bench.figures import Figure

KEY = base64.b64encode(bytes(range(32))).decode()
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "DJANGO_SECRET_KEY": "of the benchmark only, which nobody else can reach",
    "ENCRYPTION_KEY_ID": "bench1",
    "ENCRYPTION_KEYS": f"bench1={KEY}",
    "INDEX_KEY": KEY,
    "ALLOWED_HOSTS": "till.example",
    "CSRF_TRUSTED_ORIGINS": "https://till.example",
    "PUBLIC_URL": "https://till.example",
    "BROKER_URL": "memory://",
    "S3_BUCKET": "bench",
    "ANYMAIL_WEBHOOK_SECRET": "bench:bench",
}


def measure() -> Iterator[Figure]:
    """CPU and statements of checking, redeeming and reversing a code, and of the wall that is in each of them."""
    found = run()
    lean = found.pop("lean_cpu")
    yield Figure("lean_cpu", lean, "ms")
    for name in ("redeem", "validate", "reverse"):
        yield Figure(f"{name}_cpu", found[f"{name}_cpu"], "ms")
        yield Figure(f"{name}_share", found[f"{name}_cpu"] / lean, "of lean", "<= 9.3")
        yield Figure(f"{name}_statements", found[f"{name}_statements"], "statements")
    yield Figure("wall_cpu", found["wall_cpu"], "ms")
    yield Figure("wall_share", found["wall_cpu"] / lean, "of lean")
    yield Figure("wall_statements", found["wall_statements"], "statements")


def run() -> dict[str, Any]:
    """Start a database, a cache and the process that calls; returns its figures."""
    from tests import services

    redis = services.redis_executable()
    if redis is None:
        raise RuntimeError("there is no Redis for the rate of calls")
    with tempfile.TemporaryDirectory(prefix="mizuhiki-till-") as data:
        environment = os.environ | SETTINGS | {
            "DATABASE_URL": empty_database(),
            "CACHE_URL": services.start_redis(redis),
            "JOURNAL": f"folder:{data}/journal",
            "MIZUHIKI_DATA_DIR": data,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "bench.till_calls"], env=environment, check=True, stdout=subprocess.PIPE, text=True
        )
    return dict(json.loads(done.stdout))


def empty_database() -> str:
    """A database of its own beside those of other figures."""
    import psycopg

    url = os.environ["TEST_DATABASE_URL"]
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute("DROP DATABASE IF EXISTS bench_till")
        connection.execute(
            f"CREATE DATABASE bench_till TEMPLATE {os.environ.get('TEST_DATABASE_TEMPLATE', 'template1')}"
        )
    return url.replace("/postgres?", "/bench_till?", 1)
