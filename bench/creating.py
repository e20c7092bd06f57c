"""What it costs to make ten thousand own codes on PostgreSQL by the product's own job, from the order to the last code.

CPU is our process's. `least` is the same without a product around it: a text, AES-GCM, a keyed hash and a row each, by
one COPY into a narrow table with four indexes. Both take turns in one run, so that a slow machine slows them alike. On
the machine where a ticket shop of wide use needed 1.8 s of CPU for as many codes in bulk, such a least took 0.06 s:
twice the least is a fifteenth of the shop's (`docs/performance.md`).
"""

import hmac
import os
import statistics
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.figures import Figure
from bench.loading import prize
from bench.postgres import migrated

COUNT = 10_000
ROUNDS = 9
LETTERS = bytes(b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ"[byte % 32] for byte in range(256))
LEAST_TABLE = """
CREATE TABLE bench_least (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, pool integer NOT NULL, pos bigint NOT NULL,
    state smallint NOT NULL, blob bytea NOT NULL, bidx bytea NOT NULL UNIQUE, UNIQUE (pool, pos)
);
CREATE INDEX bench_least_in_stock ON bench_least (pool, id) WHERE state = 0
"""
LEAST_COPY = "COPY bench_least (pool, pos, state, blob, bidx) FROM STDIN (FORMAT BINARY)"
HEAD, END = b"PGCOPY\n\xff\r\n\0" + bytes(8), struct.pack(">h", -1)


def measure() -> Iterator[Figure]:
    """Seconds for ten thousand codes, the best of a few; and the median of how much more we need than the least."""
    with migrated():
        make_least_table()
        rounds = [(*spent(least_codes), *spent(codes_of(prize()))) for _round in range(ROUNDS)]
    share = statistics.median(cpu / least for least, _least_wall, cpu, _wall in rounds)
    least_cpu, _least_wall, cpu, wall = map(min, zip(*rounds, strict=True))
    yield Figure("least_10k_cpu", least_cpu, "s")
    yield Figure("create_10k_cpu", cpu, "s")
    yield Figure("create_10k_share", share, "of least", "<= 2")
    yield Figure("create_10k", wall, "s", "<= 0.7")


def spent(make: Callable[[], None]) -> tuple[float, float]:
    """Seconds of our CPU and of time."""
    started, used = time.perf_counter(), time.process_time()
    make()
    return time.process_time() - used, time.perf_counter() - started


def codes_of(of: Any) -> Callable[[], None]:
    """What the product does for an order of codes."""
    from codes.services.jobs import run_job, start_generation
    from core import clock

    def make() -> None:
        now = clock.now()
        job = run_job(job_id=start_generation(prize_id=of.pk, name="bench", count=COUNT, now=now).pk, now=now)
        assert (job.status, job.done_count) == ("done", COUNT)

    return make


def make_least_table() -> None:
    """Make the narrow table."""
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in LEAST_TABLE.split(";\n"):
            cursor.execute(statement)


def least_codes() -> None:
    """Draw, seal, hash and store as many codes, all at once."""
    from django.db import connection

    seal, key, pack = AESGCM(bytes(32)).encrypt, bytes(32), struct.Struct(">hiiiqihi").pack
    letters, nonces = os.urandom(16 * COUNT).translate(LETTERS), os.urandom(12 * COUNT)
    parts = [HEAD]
    for n in range(COUNT):
        text, nonce = letters[16 * n : 16 * n + 16], nonces[12 * n : 12 * n + 12]
        blob = b"\1" + nonce + seal(nonce, text, b"pool:1")
        bidx = hmac.digest(key, text, "sha256")
        parts += (pack(5, 4, 1, 8, n, 2, 0, len(blob)), blob, b"\0\0\0\x20", bidx)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE bench_least")
        with cursor.copy(LEAST_COPY) as copy:
            copy.write(b"".join([*parts, END]))
        assert cursor.rowcount == COUNT
