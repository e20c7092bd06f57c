"""How fast codes come in on PostgreSQL, as a multiple of COPY of the very same bytes into the very same table.

`import` reads a held, checked file, and `generate` makes its own texts: both are the whole job with all its chunks.
COPY writes the rows that the import stored, in binary form, into the same table, emptied: what is in the indexes
already would slow down whoever comes later. All take turns in one run, so that a busy machine slows them alike.
Flushing to disk is off. `bulk_create` is the way of Django's own documentation, for a tenth of the rows. On a busy
machine its time, and that of making, is what our process and the database's use of the CPU together, which is told as
well. `BENCH_ROWS` makes the file larger or smaller.

What COPY itself is made of is told in CPU of the database: tables like ours without its foreign key, and without its
indexes too, take the same bytes in turns with ours.
"""

import gc
import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from bench.figures import Figure
from bench.processes import cpu

ROWS = int(os.environ.get("BENCH_ROWS", "200000"))
ROUNDS = 3
TENTH = 10
LIKE_OURS = {  # a foreign key is never copied
    "bench_codes_unbound": "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES",
    "bench_codes_plain": "INCLUDING DEFAULTS INCLUDING CONSTRAINTS",
    "bench_codes_agency": "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES",  # and one more, below
}
AGENCY_INDEX = "ALTER TABLE bench_codes_agency ADD UNIQUE (id, agency_id)"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def measure() -> Iterator[Figure]:
    """Shares of COPY, client CPU a code, and what the importing process grows by for a whole file."""
    os.environ.setdefault("TEST_REDIS_URL", "redis://127.0.0.1:9/0")  # nothing here asks for it
    import tests.services  # noqa: F401 starts PostgreSQL before Django reads its settings

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    try:
        yield from figures()
    finally:
        connection.close()


def figures() -> Iterator[Figure]:
    """All figures, each the median of its rounds."""
    of = prize()
    imports, makes, growths, gains, cpu_gains = [], [], [], [], []
    for number in range(ROUNDS):
        imported, growth, data = import_seconds(of, number)
        copied = copy_seconds(data)
        imports.append(imported / copied)
        made, made_cpu = with_cpu(generate_seconds, of)
        bulk, bulk_cpu = with_cpu(bulk_create_seconds, of)
        makes.append(made / copied)
        gains.append(bulk * TENTH / made)
        cpu_gains.append(bulk_cpu * TENTH / made_cpu)
        growths.append(growth)
    yield Figure("copy_rate", ROWS / copied, "1/s")
    yield from parts_of_copy(data)
    yield Figure("import_share", statistics.median(imports), "of COPY", "<= 2.8")
    yield Figure("generate_share", statistics.median(makes), "of COPY", "<= 1.8")
    yield Figure("bulk_create_share", statistics.median(gains), "of making", ">= 8")
    yield Figure("bulk_create_cpu_share", statistics.median(cpu_gains), "of making")
    yield Figure("code_cpu", code_cpu(of), "µs", "<= 8")
    yield Figure("memory_growth", growths[0], "MB", "<= 64")


def prize() -> Any:
    """A prize of a campaign of its own."""
    from tests import factories

    made: Any = factories
    return made.PrizeFactory(face_value_jpy=500)


def empty(table: str = "codes_giftcode") -> None:
    """Take everything out of a table of codes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")


def import_seconds(of: Any, number: int) -> tuple[float, float, bytes]:
    """Seconds of the import of a checked file, megabytes that the process grew by, and the rows as COPY takes them."""
    from codes.services.jobs import run_job, start_check, start_import
    from core import held_files

    lines = (b"L%02d%013d\n" % (number, row) for row in range(ROWS))
    ticket = held_files.hold(piece for part in ([b"code\n"], lines) for piece in part)
    check = start_check(prize_id=of.pk, name="bench", ticket=ticket, expires_at=None, now=NOW)
    gc.collect()
    before = peak_mb()
    assert run_job(job_id=check.pk, now=NOW).report["usable_count"] == ROWS
    job = start_import(check_id=check.pk, now=NOW)
    empty()
    started = time.perf_counter()
    job = run_job(job_id=job.pk, now=NOW)
    seconds = time.perf_counter() - started
    assert (job.status, job.done_count) == ("done", ROWS)
    return seconds, peak_mb() - before, stored_rows()


def stored_rows() -> bytes:
    """All rows of the table in binary form."""
    from django.db import connection

    with (
        connection.cursor() as cursor,
        cursor.copy("COPY codes_giftcode TO STDOUT (FORMAT BINARY)") as copy,
    ):
        return b"".join(bytes(block) for block in copy)


def generate_seconds(of: Any) -> float:
    """Seconds to make as many codes of our own."""
    from codes.services.jobs import run_job, start_generation

    job = start_generation(prize_id=of.pk, name="bench", count=ROWS, now=NOW)
    empty()
    started = time.perf_counter()
    while job.status in ("queued", "running"):
        job = run_job(job_id=job.pk, now=NOW)
    seconds = time.perf_counter() - started
    assert (job.status, job.done_count) == ("done", ROWS)
    return seconds


def parts_of_copy(data: bytes) -> Iterator[Figure]:
    """What the foreign key and the indexes take of the database's CPU for a COPY, and what one more would.

    The one more is (id, agency_id), to which foreign keys from awards and uses could refer.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        for table, copied in LIKE_OURS.items():
            cursor.execute(f"CREATE TABLE {table} (LIKE codes_giftcode {copied})")
        cursor.execute(AGENCY_INDEX)
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    tables, rounds = ("codes_giftcode", *LIKE_OURS), []
    for _round in range(ROUNDS):
        marks = [cpu(backend)]
        for table in tables:
            copy_seconds(data, table)
            marks.append(cpu(backend))
        rounds.append([after - before for before, after in pairwise(marks)])
    yield Figure("copy_cpu", statistics.median(ours for ours, *_others in rounds) / ROWS * 1e6, "µs")
    key = statistics.median((ours - unbound) / ours for ours, unbound, *_others in rounds)
    yield Figure("copy_foreign_key_part", key, "of COPY")
    indexes = statistics.median((unbound - plain) / ours for ours, unbound, plain, _agency in rounds)
    yield Figure("copy_indexes_part", indexes, "of COPY")
    agency = statistics.median((agency - unbound) / ours for ours, unbound, _plain, agency in rounds)
    yield Figure("copy_agency_index_part", agency, "of COPY")


def copy_seconds(data: bytes, table: str = "codes_giftcode") -> float:
    """Seconds of a bare COPY of the same rows."""
    from django.db import connection

    empty(table)
    with connection.cursor() as cursor:
        started = time.perf_counter()
        with cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
            for start in range(0, len(data), 1 << 18):
                copy.write(data[start : start + (1 << 18)])
        seconds = time.perf_counter() - started
        assert cursor.rowcount == ROWS
    return seconds


def with_cpu(way: Callable[[Any], float], of: Any) -> tuple[float, float]:
    """Seconds of a way to bring codes in, and of CPU that our process and the database's used together."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    before = cpu(backend) + time.process_time()
    seconds = way(of)
    return seconds, cpu(backend) + time.process_time() - before


def bulk_create_seconds(of: Any) -> float:
    """Seconds of `bulk_create` for a tenth of the codes."""
    from codes.making import make_texts
    from codes.models import GiftCode
    from codes.services.incoming import new_batch, sealer_of

    batch, sealer = new_batch(of, name="bulk", source="generated"), sealer_of(of)
    empty()
    started = time.perf_counter()
    codes = []
    for position, text in enumerate(make_texts("typed", ROWS // TENTH), start=1):
        code = GiftCode(agency_id=batch.agency_id, batch=batch, prize=of, position=position, face_value_jpy=500)
        code.code_ciphertext, code.code_index = sealer.seal("code", text, code.public_id), sealer.index(text)
        codes.append(code)
    GiftCode.objects.bulk_create(codes, batch_size=5000)
    return time.perf_counter() - started


def code_cpu(of: Any) -> float:
    """Microseconds of our own CPU to seal, index, number and pack one code; the best of a few."""
    from codes.csv_import import CodeRow
    from codes.loading import packed
    from codes.making import make_texts
    from codes.services.incoming import sealer_of

    rows = [CodeRow(row, text) for row, text in enumerate(make_texts("typed", 20_000), start=1)]
    sealer, best = sealer_of(of), float("inf")
    for _round in range(5):
        started = time.process_time()
        for _block in packed(rows, first=1, sealer=sealer):
            pass
        best = min(best, time.process_time() - started)
    return best / len(rows) * 1e6


def peak_mb() -> float:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
