"""The crash drill can fail: for each part that it kills, a protection is taken out, and its line says BROKEN.

No server runs. A kill does what the part's death comes to, with the protection and without it, to the drill's own
database; the rounds, the look and the table are the drill's.
"""

import random
import sys
import uuid
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from codes.models import Award, GiftCode, LedgerTransfer, Redemption
from codes.services import activate_batch, generate_codes, redeem_code
from codes.services.journaling import write_missing
from codes.services.redemption import redeeming
from core import clock
from distribution.models import Delivery, DeliveryStatus
from distribution.services import send_delivery
from drill import __main__ as door
from drill import crash
from drill.crashing.people import Counts
from drill.crashing.promises import Promise
from drill.options import VICTIMS, Options
from journeys.services import sweep
from participants.models import Entry
from tests.constraints import drop_constraints, postings_can_be_erased
from tests.factories import NOW
from tests.worlds import open_campaign, winning_code

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
CODES = 3


@pytest.fixture(autouse=True)
def quick(monkeypatch, settings, tmp_path):
    """No waiting, and a connection that stays: the test's transaction is in it."""
    settings.JOURNAL = f"folder:{tmp_path}"
    for name, value in {"LOAD_SECONDS": (0, 0), "IMPORT_SECONDS": (0, 0), "DRAIN_LIMIT_SECONDS": 0.5}.items():
        monkeypatch.setattr(crash, name, value)
    monkeypatch.setattr(crash, "STEP_SECONDS", 0.01)
    monkeypatch.setattr(crash, "BATCH", CODES)
    monkeypatch.setattr(crash, "_forget_connection", lambda: None)
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def promise() -> Promise:
    """What somebody was told who won a code of 500 yen and paid 200 with it."""
    world = open_campaign(codes=2)
    award, code = winning_code(world)
    Entry.objects.filter(pk=award.entry_id).update(external_reference="drill-1")
    till = {"agency_id": world.agency.pk, "store_id": world.store.pk, "now": NOW}
    used = redeem_code(presented=code, amount_jpy=200, pos_transaction_id="drill-1", **till)
    told = Promise(1, str(award.entry.public_id), code, str(used.public_id), 200)
    told.till = {"presented": code} | till  # type: ignore[attr-defined]
    return told


class Part:
    """A part of the product that dies at most once."""

    def __init__(self, dies: Callable[[], None]) -> None:
        self.dies = dies

    def kill(self) -> None:
        dies, self.dies = self.dies, lambda: None
        dies()


def drill_of(promise, part: Part, *, beat: Callable[[], None]) -> crash.CrashDrill:
    """The drill over one person's promises, with nothing of the product running but what `beat` does."""
    write_missing(now=clock.now())
    people = SimpleNamespace(
        promises={1: promise},
        problems=[],
        mailbox=SimpleNamespace(copies=0),
        is_idle=True,
        is_open=SimpleNamespace(set=lambda: None, clear=lambda: None),
        snapshot=lambda: Counts(acknowledged=1),
        count=lambda **_counts: None,
    )
    servers = SimpleNamespace(
        parts=dict.fromkeys(VICTIMS, part),
        wait_until_ready=lambda: None,
        watch=lambda: (beat(), write_missing(now=clock.now())),
    )
    return crash.CrashDrill(servers, people, SimpleNamespace(), random.Random(1))


def web_repeats_a_sale(promise, guarded, monkeypatch):
    """Killed behind the commit it gave no answer, and the till sends the sale once more."""
    if not guarded:
        monkeypatch.setattr(redeeming, "known_sale", lambda _sale, _code, _past: None)
        drop_constraints(Redemption, "redemption_once_per_pos_transaction")
    redeem_code(amount_jpy=200, pos_transaction_id="drill-1", **promise.till)


def worker_gives_again(promise, guarded, _monkeypatch):
    """Killed behind the commit it did not acknowledge, and another one takes the same entry."""
    award = Award.objects.get(entry__public_id=promise.entry)
    if guarded:
        sweep(now=clock.now())
        return
    drop_constraints(Award, "award_once_per_prize")
    batch = generate_codes(prize_id=award.prize_id, name="more", count=1, expires_at=None, now=clock.now())
    activate_batch(batch_id=batch.pk, now=clock.now())
    code = batch.gift_codes.get()
    GiftCode.objects.filter(pk=code.pk).update(status="issued", issued_at=clock.now())
    award.pk, award.public_id, award.gift_code, award.token_index = None, uuid.uuid4(), code, "again"
    award.save(force_insert=True)


def postgres_forgets_a_sale(promise, guarded, _monkeypatch):
    """Killed with commits that had not reached its disk."""
    if guarded:
        return
    sale = Redemption.objects.get(public_id=promise.redemption)
    with postings_can_be_erased():
        LedgerTransfer.objects.filter(redemption=sale).delete()
    sale.delete()
    GiftCode.objects.filter(pk=sale.gift_code_id).update(balance_jpy=500, use_count=0, redeemed_at=None)


def redis_loses_a_message(_promise, _guarded, _monkeypatch):
    """Killed with the message that a winner's notice is due; nobody but the beat finds it."""


DEATHS = {
    "web": web_repeats_a_sale,
    "worker": worker_gives_again,
    "postgres": postgres_forgets_a_sale,
    "redis": redis_loses_a_message,
}
SEEN = {"web": "doubled", "worker": "doubled", "postgres": "lost", "redis": "drain s", "importer": "lost"}


def rehearsed(drill: crash.CrashDrill, victim: str, monkeypatch, capsys) -> tuple[int, dict[str, str]]:
    """Run the drill through its own door; returns its end and the victim's line by the titles of the table."""
    monkeypatch.setattr(sys, "argv", ["drill", "--seconds", "0", "--kill", victim])
    monkeypatch.setattr(door, "modules", lambda _names: [SimpleNamespace(rehearse=drill.run)])
    code = door.main()
    (line,) = [row for row in capsys.readouterr().out.splitlines() if row.startswith(victim)]
    return code, dict(zip((*crash.TITLES, "verdict"), line.split(), strict=False))


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "control"])
@pytest.mark.parametrize("victim", DEATHS)
def test_a_kill_without_its_protection_is_seen_and_with_it_nothing_is(promise, victim, guarded, monkeypatch, capsys):
    dies = Part(lambda: DEATHS[victim](promise, guarded, monkeypatch))
    drill = drill_of(promise, dies, beat=send_what_waits if victim != "redis" or guarded else lambda: None)

    code, line = rehearsed(drill, victim, monkeypatch, capsys)

    if guarded:
        assert (code, line["lost"], line["doubled"], line["violations"]) == (0, "0", "0", "0")
        assert "verdict" not in line
    else:
        assert (code, line["verdict"]) == (1, "BROKEN")
        assert victim == "redis" or int(line[SEEN[victim]]) > 0


def send_what_waits() -> None:
    """The beat: what no message was left for is found by its row."""
    for delivery in Delivery.objects.filter(status=DeliveryStatus.QUEUED):
        send_delivery(delivery_id=delivery.pk, now=NOW)


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "control"])
def test_an_importer_that_acknowledges_before_its_last_code_is_stored_is_seen(promise, guarded, monkeypatch, capsys):
    prize = Award.objects.get(entry__public_id=promise.entry).prize

    class Importer:
        stdout = SimpleNamespace(readline=lambda: b"begun")

        def kill(self) -> None:
            """Die at once."""

        def communicate(self, timeout):
            batch = generate_codes(prize_id=prize.pk, name="drill", count=CODES, expires_at=None, now=clock.now())
            activate_batch(batch_id=batch.pk, now=clock.now())
            if not guarded:  # as if each code were stored by itself, and the answer given first
                batch.gift_codes.earliest("pk").delete()
            return f"begun\n{batch.public_id}\n".encode(), b""

    drill = drill_of(promise, Part(lambda: None), beat=send_what_waits)
    monkeypatch.setattr(drill, "_start_importer", Importer)

    code, line = rehearsed(drill, "importer", monkeypatch, capsys)

    assert (code, line["lost"]) == ((0, "0") if guarded else (1, "3"))
    assert (line["violations"] == "0") is guarded


def test_every_part_that_the_drill_kills_has_such_a_control():
    assert {*DEATHS, "importer"} == set(VICTIMS) == set(SEEN)
    assert Options().victims == VICTIMS
