"""How eight processes give prizes at once on one SQLite file, with the settings of `./run serve`.

Each run is the whole service over results of its own; one process and eight take turns. A prize given twice or lost
and a database that says it is locked are counted over all runs.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from bench.figures import Figure

WRITERS, ROUNDS, SECONDS = 8, 3, 3.0
MOST = 12_000  # results and codes in stock


def measure() -> Iterator[Figure]:
    """What the process of its own saw: it has other settings than those on PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="mizuhiki-bench-") as folder:
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.local", "MIZUHIKI_DATA_DIR": folder}
        command = [sys.executable, "-m", "bench.embedded"]
        printed = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    one, many, locked, wrong = map(float, printed.split()[-4:])
    yield Figure("sqlite_1_writer", one, "1/s")
    yield Figure("sqlite_8_writers_share", many / one, "of 1 writer", ">= 0.3")
    yield Figure("sqlite_locked", locked, "times", "<= 0")
    yield Figure("sqlite_given_twice_or_lost", wrong, "prizes", "<= 0")


def main() -> None:
    """Fill a file, let one and eight write in turns, and print both rates and what went wrong."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    results = make_results()
    connections.close_all()
    rates: dict[int, list[float]] = {1: [], WRITERS: []}
    given = locked = used = 0
    for _round in range(ROUNDS):
        for writers, found in rates.items():
            share = MOST // (2 * ROUNDS)
            of_run = results[used : used + share]
            used += share
            counted = run([of_run[place::writers] for place in range(writers)])
            given += sum(count for count, _locked, _took in counted)
            locked += sum(refused for _count, refused, _took in counted)
            found.append(sum(count / took for count, _locked, took in counted))
    one, many = (sorted(found)[ROUNDS // 2] for found in rates.values())
    print(one, many, locked, wrong(given))


def make_results() -> list[int]:
    """Winners of a prize whose stock is full; the ids of their results."""
    from bench.issuing import world
    from codes.models import CodeStatus, GiftCode
    from codes.services import generate_codes
    from core import clock
    from draws.models import DrawResult
    from participants.models import Entry

    ids, now = world(), clock.now()
    generate_codes(prize_id=ids["prize"], name="bench", count=MOST, expires_at=None, now=now)
    GiftCode.objects.update(status=CodeStatus.AVAILABLE)
    details: dict[str, Any] = {"agency_id": ids["agency"], "campaign_id": ids["campaign"]}
    details |= {"participant_id": ids["participant"], "status": "won", "submitted_at": now}
    Entry.objects.bulk_create((Entry(**details) for _winner in range(MOST)), batch_size=500)
    winners = Entry.objects.filter(campaign=ids["campaign"]).values_list("pk", flat=True)
    DrawResult.objects.bulk_create(
        [DrawResult(agency_id=ids["agency"], entry_id=pk, course_id=ids["course"], decided_at=now) for pk in winners],
        batch_size=500,
    )
    return list(DrawResult.objects.order_by("pk").values_list("pk", flat=True))


def run(shares: list[list[int]]) -> list[tuple[int, int, float]]:
    """Have processes give at once, each its share; prizes given, locked databases and seconds of each."""
    context: Any = multiprocessing.get_context("fork")
    start, answers = context.Barrier(len(shares)), context.Queue()
    running = [context.Process(target=give, args=(share, start, answers)) for share in shares]
    for process in running:
        process.start()
    counted = [answers.get(timeout=120) for _process in running]
    for process in running:
        process.join(30)
    return counted


def give(results: list[int], start: Any, answers: Any) -> None:
    """One process: one prize after the other for so long; nobody is woken, since nobody would send the mails."""
    from django.conf import settings
    from django.db import OperationalError

    from core import clock
    from distribution.services import give_prizes

    settings.TASKS_ON_COMMIT = False
    given = locked = 0
    start.wait(60)
    started = time.perf_counter()
    for result_id in results:
        if time.perf_counter() - started > SECONDS:
            break
        try:
            given += len(give_prizes(result_id=result_id, now=clock.now()))
        except OperationalError as error:
            if "locked" not in str(error):
                raise
            locked += 1
    answers.put((given, locked, time.perf_counter() - started))


def wrong(given: int) -> int:
    """Prizes that were said to be given and are not, codes given twice, issued for nobody, or told to nobody."""
    from codes.models import Award, CodeStatus, GiftCode

    awards, issued = Award.objects.count(), GiftCode.objects.filter(status=CodeStatus.ISSUED).count()
    codes = Award.objects.values("gift_code").distinct().count()
    told = Award.objects.filter(delivery__isnull=False).count()
    return sum(abs(awards - other) for other in (given, issued, codes, told))


if __name__ == "__main__":
    main()
