"""How fast codes come in on PostgreSQL, as a multiple of COPY of the very same bytes into the very same table.

`import` reads a held, checked file, and `generate` makes its own texts: both are the whole job with all its chunks.
COPY writes the rows that the import stored, in binary form, into the same table, emptied: what is in the indexes
already would slow down whoever comes later. All take turns in one run, so that a busy machine slows them alike.
Flushing to disk is off. `bulk_create` is the way of Django's own documentation, for the same rows, once. `BENCH_ROWS`
makes the file larger or smaller.
"""

import gc
import os
import resource
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bench.figures import Figure

ROWS = int(os.environ.get("BENCH_ROWS", "200000"))
ROUNDS = 3
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
    imports, makes, growths = [], [], []
    for number in range(ROUNDS):
        imported, growth, data = import_seconds(of, number)
        copied = copy_seconds(data)
        imports.append(imported / copied)
        makes.append(generate_seconds(of) / copied)
        growths.append(growth)
    bulk = bulk_create_seconds(of)
    made = generate_seconds(of)
    yield Figure("copy_rate", ROWS / copied, "1/s")
    yield Figure("import_share", statistics.median(imports), "of COPY", "<= 2.8")
    yield Figure("generate_share", statistics.median(makes), "of COPY", "<= 1.8")
    yield Figure("bulk_create_share", bulk / made, "of making", ">= 8")
    yield Figure("code_cpu", code_cpu(of), "µs", "<= 8")
    yield Figure("memory_growth", growths[0], "MB", "<= 64")


def prize() -> Any:
    """A prize of a campaign of its own."""
    from tests import factories

    made: Any = factories
    return made.PrizeFactory(face_value_jpy=500)


def empty() -> None:
    """Take everything out of the table of codes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE codes_giftcode CASCADE")


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


def copy_seconds(data: bytes) -> float:
    """Seconds of a bare COPY of the same rows."""
    from django.db import connection

    empty()
    with connection.cursor() as cursor:
        started = time.perf_counter()
        with cursor.copy("COPY codes_giftcode FROM STDIN (FORMAT BINARY)") as copy:
            for start in range(0, len(data), 1 << 18):
                copy.write(data[start : start + (1 << 18)])
        seconds = time.perf_counter() - started
        assert cursor.rowcount == ROWS
    return seconds


def bulk_create_seconds(of: Any) -> float:
    """Seconds of `bulk_create` for as many codes."""
    from codes.making import make_texts
    from codes.models import GiftCode
    from codes.services.incoming import new_batch, sealer_of

    batch, sealer = new_batch(of, name="bulk", source="generated"), sealer_of(of)
    empty()
    started = time.perf_counter()
    codes = []
    for position, text in enumerate(make_texts("typed", ROWS), start=1):
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
