"""kill -9 while keys are replaced, while the journal is written, and while it is replayed (F27, F28)."""

import signal
from datetime import timedelta

import pytest

from accounts.models import DataKey
from codes.errors import StockBusy
from codes.journal import open_journal, read_lines
from codes.models import Award, CodeJob, CodeStatus, GiftCode, JobStatus, Redemption
from codes.selectors import open_code
from codes.services import reveal_code
from codes.services.journaling import write_missing
from codes.services.key_duties import KEY_REST, destroy_emptied_keys
from codes.services.recovering import recover
from codes.services.rotation import run_rotation, start_rewrap
from journeys.audit import violations
from tests.crash.test_killed_processes import KILLED, victims
from tests.factories import NOW
from tests.races.racing import race, refusals, successes
from tests.worlds import open_campaign, win, winning_code

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW + timedelta(seconds=91)
__all__ = ["victims"]


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
