"""How fast codes are issued on PostgreSQL, as a share of what the same database does with one bare statement.

`bare` is one prepared statement in autocommit that takes a code and adds a row, which is as good as any design gets.
`claim` is the product's statement in its transaction; `award` is the whole service: result, award, audit line.
The three take turns in one run, so that a busy machine slows all of them alike. Flushing to disk is off.
"""

import os
import shutil
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from bench.figures import Figure

CLIENTS = (1, 8)
ROUNDS = 5
CALLS = {"bare": 1600, "claim": 800, "award": 400}  # a round
GOALS = {1: ">= 0.6", 8: ">= 0.65"}  # by clients
BARE = """
WITH taken AS (
    UPDATE codes_giftcode SET status = 'issued', issued_at = now(), updated_at = now()
    WHERE id = (
        SELECT id FROM codes_giftcode
        WHERE prize_id = %(prize)s AND status = 'available' AND position > %(behind)s
        ORDER BY position LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id, position
), noted AS (
    INSERT INTO bench_issue (code_id) SELECT id FROM taken
)
SELECT position FROM taken
"""
Act = Callable[[Any], None]


def measure() -> Iterator[Figure]:
    """Rates of the bare statement, and the shares that the product reaches."""
    os.environ.setdefault("TEST_REDIS_URL", "redis://127.0.0.1:9/0")  # nothing here asks for it
    import tests.services  # noqa: F401 starts PostgreSQL before Django reads its settings

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    import django
    from django.conf import settings

    settings.DATABASES["default"].setdefault("OPTIONS", {})["server_side_binding"] = True  # as in production
    django.setup()
    with Stock() as stock:
        for clients in CLIENTS:
            rates = stock.rates(clients)
            yield Figure(f"bare_issue_{clients}", statistics.median(rates["bare"]), "1/s")
            for name in ("claim", "award"):
                shares = [ours / bare for ours, bare in zip(rates[name], rates["bare"], strict=True)]
                yield Figure(f"{name}_share_{clients}", statistics.median(shares), "of bare", GOALS[clients])
        yield Figure("issued_twice", stock.doubles(), "codes", "<= 0")


class Stock(ExitStack):
    """A database with a prize for each way of issuing, and winners to be awarded."""

    def __enter__(self) -> "Stock":
        """Migrate an empty database and fill it."""
        super().__enter__()
        from django.conf import settings
        from django.core.management import call_command
        from django.db import connection

        from core import clock

        self.callback(shutil.rmtree, settings.DATA_DIR, ignore_errors=True)
        self.callback(connection.close)
        call_command("migrate", interactive=False, verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS bench_issue (code_id bigint PRIMARY KEY)")
        self.now = clock.now()
        total = {name: calls * ROUNDS * len(CLIENTS) for name, calls in CALLS.items()}
        self.prizes = {name: fill(name, count, self.now) for name, count in total.items()}
        self.results = iter(winners(self.prizes["award"], total["award"], self.now))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        return self

    def rates(self, clients: int) -> dict[str, list[float]]:
        """Issues per second of each way, round by round."""
        ways: dict[str, Callable[[], Act]] = {"bare": self._bare, "claim": self._claim, "award": self._award}
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _round in range(ROUNDS):
            for name, way in ways.items():
                work = [next(self.results) if name == "award" else None for _ in range(CALLS[name])]
                found[name].append(CALLS[name] / together(way, work, clients))
        return found

    def doubles(self) -> int:
        """Codes that two winners got, and codes missing from those that were asked for."""
        from codes.models import Award, CodeStatus, GiftCode

        given = Award.objects.values("gift_code").distinct().count()
        issued = GiftCode.objects.filter(prize=self.prizes["award"], status=CodeStatus.ISSUED).count()
        asked = CALLS["award"] * ROUNDS * len(CLIENTS)
        return abs(asked - given) + abs(asked - issued)

    def _bare(self) -> Act:
        import psycopg

        connection = psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True, prepare_threshold=0)
        parameters = {"prize": self.prizes["bare"].pk, "behind": 0}

        def act(_item: Any) -> None:
            row = connection.execute(BARE, parameters).fetchone()
            assert row is not None, "the stock of the bare statement ran out"
            parameters["behind"] = max(0, row[0] - 64)

        return act

    def _claim(self) -> Act:
        from django.db import transaction

        from codes.claim import claim_next_code

        def act(_item: Any) -> None:
            with transaction.atomic():
                claim_next_code(prize_id=self.prizes["claim"].pk, now=self.now)

        return act

    def _award(self) -> Act:
        from codes.services import award_prizes

        def act(result_id: Any) -> None:
            award_prizes(result_id=result_id, now=self.now)

        return act


def together(way: Callable[[], Act], work: list[Any], clients: int) -> float:
    """Do the work in as many threads as there are clients; returns the seconds, connecting not counted."""
    from django.db import connection

    ready, failures = threading.Barrier(clients + 1), list[BaseException]()

    def client(share: list[Any]) -> None:
        act = way()
        connection.ensure_connection()
        ready.wait()
        try:
            for item in share:
                act(item)
        except BaseException as error:  # noqa: BLE001 raised again by the one who waits
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=client, args=[work[number::clients]]) for number in range(clients)]
    for thread in threads:
        thread.start()
    ready.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    if failures:
        raise failures[0]
    return seconds


def fill(name: str, count: int, now: datetime) -> Any:
    """A prize of a course of its own with codes in stock."""
    from codes.services import activate_batch, generate_codes
    from tests.factories import PrizeFactory

    prize: Any = PrizeFactory(name=name)  # type: ignore[no-untyped-call]
    batch = generate_codes(prize_id=prize.pk, name=name, count=count, expires_at=None, now=now)
    activate_batch(batch_id=batch.pk, now=now)
    return prize


def winners(prize: Any, count: int, now: datetime) -> list[int]:
    """Results of as many winning entries, each of a person of its own."""
    from draws.models import DrawResult
    from participants.models import Entry, EntryStatus, Participant

    campaign = prize.course.campaign
    agency = campaign.agency
    people = Participant.objects.bulk_create(Participant(agency=agency) for _ in range(count))
    entries = Entry.objects.bulk_create(
        Entry(agency=agency, campaign=campaign, participant=person, status=EntryStatus.WON, submitted_at=now)
        for person in people
    )
    results = DrawResult.objects.bulk_create(
        DrawResult(agency=agency, entry=entry, course=prize.course, decided_at=now) for entry in entries
    )
    return [result.pk for result in results]
