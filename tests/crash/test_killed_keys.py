"""kill -9 while keys are replaced, while the journal is written, and while it is replayed (F27, F28)."""

import signal
from datetime import timedelta
from functools import partial

import pytest

from accounts import data_keys
from accounts.models import DataKey
from codes.errors import StockBusy
from codes.journal import open_journal, read_lines
from codes.models import Award, CodeJob, CodeStatus, GiftCode, JobStatus, Redemption
from codes.selectors import open_code
from codes.services import reveal_code
from codes.services.jobs import sweep_jobs
from codes.services.journaling import write_missing
from codes.services.key_duties import KEY_REST, destroy_emptied_keys
from codes.services.master_keys import start_master_rotation, uses_of_master_keys
from codes.services.recovering import recover
from codes.services.rotation import run_rotation, start_rewrap
from core import crypto, resealing
from journeys.audit import violations
from participants.selectors import identity_value
from receipts.models import ReceiptPhoto
from receipts.selectors import photo_bytes
from receipts.services import read_receipt, store_upload
from tests.codes.test_sealing import NEW
from tests.crash.test_killed_processes import KILLED, victims
from tests.factories import NOW
from tests.flows.steps import jpeg, tea_reading
from tests.races.racing import race, refusals, successes
from tests.receipts.test_retention import store
from tests.worlds import begin, contact, open_campaign, win, winning_code

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW + timedelta(minutes=5)  # the lease of the dead is over, however long the machine took to kill it
__all__ = ["store", "victims"]


@pytest.fixture
def journal(settings, tmp_path):
    settings.JOURNAL = f"folder:{tmp_path}"
    return settings.JOURNAL


def lines() -> list[dict]:
    return read_lines(open_journal())[0]


def test_F28_a_rotation_that_is_killed_goes_on_and_loses_no_code(victims):
    world = open_campaign(codes=25)
    before = {code.pk: open_code(code).code for code in GiftCode.objects.all()}
    job = start_rewrap(campaign_id=world.campaign.pk, now=NOW)

    assert victims.run("rotate", crash_at="rotation.after_rows", job_id=job.pk, now=NOW) == KILLED

    assert len({code.code_ciphertext.split(":")[1] for code in GiftCode.objects.all()}) == 2  # half-way
    assert {code.pk: open_code(code).code for code in GiftCode.objects.all()} == before
    assert run_rotation(job_id=job.pk, now=NOW).status == JobStatus.RUNNING  # the lease of the dead still runs
    assert destroy_emptied_keys(now=NOW + KEY_REST) == 0
    assert run_rotation(job_id=job.pk, now=LATER).status == JobStatus.DONE
    assert destroy_emptied_keys(now=NOW + KEY_REST) == 1
    assert DataKey.objects.filter(destroyed_at__isnull=True).count() == 1
    assert {code.pk: open_code(code).code for code in GiftCode.objects.all()} == before
    assert CodeJob.objects.get().done_count == 25


@pytest.mark.parametrize("crash_at", ["rotation.after_rows", "rotation.after_piece", "rotation.after_file"])
def test_F28_a_change_of_the_master_key_that_is_killed_goes_on_and_loses_nothing(
    victims, store, settings, prepared_reader, crash_at
):
    world = open_campaign(codes=2)
    entry = begin(world)
    prepared_reader.prepare(tea_reading())
    read_receipt(receipt_id=store_upload(entry_id=entry.pk, photos=[jpeg()], now=NOW).pk, now=NOW)
    before = [open_code(code).code for code in GiftCode.objects.order_by("pk")], identity_value(contact(entry))
    photo = photo_bytes(ReceiptPhoto.objects.get())
    keys = {**settings.ENCRYPTION_KEYS, "test2": NEW}
    settings.ENCRYPTION_KEYS, settings.ENCRYPTION_KEY_ID = keys, "test2"
    job = start_master_rotation(now=NOW)
    asked = {"job_id": job.pk, "keys": keys, "key_id": "test2", "files": str(store), "now": NOW}

    assert victims.run("change_master_key", crash_at=crash_at, **asked) == KILLED

    assert photo_bytes(ReceiptPhoto.objects.get()) == photo  # half-way, under both keys
    sweep_jobs(now=LATER)
    assert CodeJob.objects.get().status == JobStatus.DONE
    assert set(uses_of_master_keys()["test1"]) == set()
    settings.ENCRYPTION_KEYS = {"test2": NEW}
    crypto._cipher.cache_clear()
    data_keys._opened.clear()
    after = [open_code(code).code for code in GiftCode.objects.order_by("pk")], identity_value(contact(entry))
    assert (after, photo_bytes(ReceiptPhoto.objects.get())) == (before, photo)
    crypto._cipher.cache_clear()


def test_contacts_and_photographs_are_given_and_read_while_the_master_key_is_changed(
    store, settings, prepared_reader, monkeypatch
):
    monkeypatch.setattr(resealing, "CHUNK", 2)
    world = open_campaign(codes=0)
    entries = [begin(world, email=f"before-{number}@example.jp") for number in range(12)]
    prepared_reader.prepare(tea_reading())
    read_receipt(receipt_id=store_upload(entry_id=entries[0].pk, photos=[jpeg()], now=NOW).pk, now=NOW)
    photo = ReceiptPhoto.objects.get()  # as whoever looks at it has read it before
    seen = photo_bytes(photo)
    settings.ENCRYPTION_KEYS, settings.ENCRYPTION_KEY_ID = {**settings.ENCRYPTION_KEYS, "test2": NEW}, "test2"
    job = start_master_rotation(now=NOW)

    def give_and_read(number: int) -> tuple[str, str, bool]:
        late = begin(world, email=f"late-{number}@example.jp")
        values = identity_value(contact(entries[number])), identity_value(contact(late))
        return (*values, all(photo_bytes(photo) == seen for _look in range(5)))

    def change() -> None:
        while sweep_jobs(now=NOW):
            pass

    outcomes = race([change, *[partial(give_and_read, number) for number in range(8)]])

    assert refusals(outcomes) == []
    expected = [(f"before-{number}@example.jp", f"late-{number}@example.jp", True) for number in range(8)]
    assert sorted(successes(outcomes)[1:]) == expected
    assert (CodeJob.objects.get(pk=job.pk).status, uses_of_master_keys()["test1"]) == (JobStatus.DONE, {})


def test_codes_are_won_and_shown_while_their_key_is_replaced(journal):
    world = open_campaign(codes=40)
    job = start_rewrap(campaign_id=world.campaign.pk, now=NOW)

    def win_and_look() -> str:
        while True:
            try:
                return winning_code(world)[1]
            except StockBusy:
                continue

    outcomes = race([lambda: run_rotation(job_id=job.pk, now=NOW), *[win_and_look] * 12])

    assert refusals(outcomes) == []
    assert len(set(map(str, successes(outcomes)[1:]))) == 12
    assert CodeJob.objects.get().report["left"] == 0
    assert len({code.code_ciphertext.split(":")[1] for code in GiftCode.objects.all()}) == 1
    assert len({open_code(code).code for code in GiftCode.objects.all()}) == 40
    assert GiftCode.objects.filter(status=CodeStatus.ISSUED).count() == 12
    assert violations(NOW) == {}


def test_F27_a_process_killed_behind_its_line_leaves_a_line_and_no_showing(victims, journal):
    award = win(open_campaign())

    code = victims.run("reveal", crash_at="journal.after_line", award_id=award.pk, journal=journal, now=NOW)

    award.refresh_from_db()
    assert (code, award.reveal_count, award.journaled_at) == (KILLED, 0, None)
    assert [line["id"] for line in lines()] == [str(award.public_id)]
    assert reveal_code(award_id=award.pk, now=NOW).code
    assert len(lines()) == 1  # the same line twice is one
    assert violations(NOW) == {}


def test_F27_F02_a_till_whose_process_is_killed_behind_the_commit_is_in_the_journal_all_the_same(victims, journal):
    world = open_campaign()
    _award, code = winning_code(world)
    asked = {"agency_id": world.agency.pk, "store_id": world.store.pk, "presented": code, "journal": journal}

    assert victims.run("redeem", crash_at="journal.after_line", now=NOW, **asked) == KILLED

    used = Redemption.objects.get()
    assert used.journaled_at is None
    assert str(used.public_id) in {line["id"] for line in lines()}
    assert write_missing(now=NOW) == 1
    assert len(lines()) == 2
    assert violations(NOW) == {}


@pytest.mark.parametrize("crash_at", ["recovering.after_quarantine", "recovering.after_chunk"])
def test_F27_a_replay_that_is_killed_is_begun_again(victims, journal, crash_at):
    from tests.codes.test_recovering import forget

    world = open_campaign(codes=4)
    award = win(world)
    reveal_code(award_id=award.pk, now=NOW)
    forget(award, result=False)

    assert victims.run("replay", crash_at=crash_at, journal=journal, now=NOW) == KILLED

    assert not GiftCode.objects.filter(status=CodeStatus.AVAILABLE).exists()  # nothing goes out half-way
    recover(now=NOW)
    assert GiftCode.objects.get(pk=award.gift_code_id).status == CodeStatus.ISSUED
    assert GiftCode.objects.filter(status=CodeStatus.AVAILABLE).count() == 3
    assert Award.objects.count() == 0
    assert signal.SIGKILL == -KILLED
