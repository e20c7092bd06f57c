"""What it costs to find one code by its text, and a page deep in the list, among a million codes on PostgreSQL.

`bare` is one prepared statement that asks the unique index for one row. The selector of the till and that of the
operator's search take turns with it on the same connection, call by call; what counts is the CPU of the process of the
database behind that connection, which a busy machine hardly changes, by the median. `whole` adds our own. The list is
the page of the admin itself, asked for at its begin and beside the row of the ten thousandth page; the list of batches
tells what is left of each. `BENCH_CODES` makes the stock smaller for a quick look.
"""

import itertools
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.figures import Figure
from bench.postgres import full_stock, migrated
from bench.processes import cpu

REAL = 300  # codes that are sealed and indexed, so that they can be found
LOOKS = 2000
PAGE, PAGE_LOOKS = 10_000, 30
BARE = "SELECT id FROM codes_giftcode WHERE agency_id = %s AND code_index = %s"


def measure() -> Iterator[Figure]:
    """Shares of the bare probe, and of the first page."""
    with migrated():
        ids = full_stock()
        yield from finding(ids["agency"], real_codes(ids["prize"]))
        yield from leafing()
        yield from batches()


def real_codes(prize_id: int) -> dict[str, str]:
    """Make codes by the product's own job and give them out; their texts with their indexes."""
    from codes.models import CodeStatus, GiftCode
    from codes.selectors import open_code
    from codes.services.jobs import run_job, start_generation
    from core import clock

    now = clock.now()
    job = run_job(job_id=start_generation(prize_id=prize_id, name="found", count=REAL, now=now).pk, now=now)
    codes = GiftCode.objects.filter(batch=job.batch)
    codes.update(status=CodeStatus.ISSUED, issued_at=now)
    return {open_code(code).code: code.code_index for code in codes}


def finding(agency_id: int, codes: dict[str, str]) -> Iterator[Figure]:
    """What the database spends on a search in terms of a bare probe, and what everybody spends on all of it."""
    from django.db import connection

    from codes.models import GiftCode
    from codes.presented import presented_code
    from codes.selectors import code_by_text

    def bare(text: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(BARE, [agency_id, codes[text]])
            assert cursor.fetchone()

    def till(text: str) -> None:
        assert presented_code(agency_id=agency_id, presented=text)

    def desk(text: str) -> None:
        assert code_by_text(GiftCode.objects.all(), agency_ids=[agency_id], text=text)

    texts = itertools.cycle(codes)
    spent: dict[str, list[tuple[float, float]]] = {"bare": [], "till": [], "desk": []}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    for _look in range(LOOKS):
        for act in (bare, till, desk):
            before, own = cpu(backend), time.process_time()
            act(next(texts))
            own = time.process_time() - own
            database = cpu(backend) - before
            spent[act.__name__].append((database, database + own))
    medians = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in spent.items()}
    yield Figure("bare_probe_cpu", medians["bare"][0] * 1e6, "µs")
    for name in ("till", "desk"):
        yield Figure(f"find_at_{name}_share", medians[name][0] / medians["bare"][0], "of bare", "<= 2")
        yield Figure(f"find_at_{name}_whole", medians[name][1] * 1e6, "µs")


def leafing() -> Iterator[Figure]:
    """The time of all statements of the admin's list, and its whole time, deep down in terms of the first page."""
    from django.test import Client
    from django.urls import reverse

    from codes.admin.gift_codes import GiftCodeAdmin
    from codes.models import GiftCode

    client, address = Client(), reverse("admin:codes_giftcode_changelist")
    client.force_login(signed_in())
    rows = GiftCode.objects.order_by("-pk").values_list("public_id", flat=True)
    place = min((PAGE - 1) * GiftCodeAdmin.list_per_page, rows.count() - GiftCodeAdmin.list_per_page) - 1
    deep = f"{address}?older={rows[place]}"
    statements: dict[str, list[float]] = {address: [], deep: []}
    wholes: dict[str, list[float]] = {address: [], deep: []}
    for _look in range(PAGE_LOOKS):
        for page in (address, deep):
            with timed() as spent:
                started = time.perf_counter()
                answer = client.get(page)
                wholes[page].append(time.perf_counter() - started)
            assert answer.content.count(b"/change/") >= GiftCodeAdmin.list_per_page
            statements[page].append(sum(spent))
    first, last = (statistics.median(statements[page]) for page in (address, deep))
    yield Figure("list_page_1_statements", first * 1e3, "ms")
    yield Figure("list_page_10000_share", last / first, "of page 1", "<= 2")
    whole = statistics.median(wholes[deep]) / statistics.median(wholes[address])
    yield Figure("list_page_10000_whole_share", whole, "of page 1", "<= 2")


def batches() -> Iterator[Figure]:
    """All statements of the list of batches, one of which holds the whole stock, in terms of a page of codes."""
    from django.test import Client
    from django.urls import reverse

    client, lists = Client(), [reverse(f"admin:codes_{name}_changelist") for name in ("giftcode", "codebatch")]
    client.force_login(signed_in())
    statements: dict[str, list[float]] = {address: [] for address in lists}
    for _look in range(PAGE_LOOKS):
        for address in lists:
            with timed() as spent:
                assert client.get(address).status_code == 200
            statements[address].append(sum(spent))
    codes, found = (statistics.median(statements[address]) for address in lists)
    yield Figure("batch_list_statements", found * 1e3, "ms")
    yield Figure("batch_list_share", found / codes, "of a page of codes", "<= 2")


def signed_in() -> Any:
    """Give an operator who may see everything."""
    from django.contrib.auth import get_user_model

    users = get_user_model().objects
    return users.filter(username="bench").first() or users.create_superuser(username="bench", password=None)


@contextmanager
def timed() -> Iterator[list[float]]:
    """The seconds of each statement that runs within, on the way of this connection."""
    from django.db import connection

    spent: list[float] = []

    def timing(execute: Any, *arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            spent.append(time.perf_counter() - started)

    with connection.execute_wrapper(timing):
        yield spent
