"""A restored database learns from the journal what it gave away: no code goes out twice (F27)."""

import pytest
from django.core.management import call_command

from codes import recovered
from codes.journal import open_journal
from codes.links import claim_token
from codes.models import Award, CodeStatus, GiftCode, LedgerTransfer, Redemption
from codes.selectors import award_by_token
from codes.services import redeem_code, reveal_code, reverse_redemption
from codes.services.journaling import write_missing
from codes.services.recovering import plan_recovery, recover
from distribution.models import Delivery
from journeys.audit import lost_promises, violations
from participants.models import Entry
from tests.constraints import postings_can_be_erased
from tests.factories import NOW
from tests.worlds import begin, finish, open_campaign, win

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_journal(settings, tmp_path):
    settings.JOURNAL = f"folder:{tmp_path}"
    recovered.look_again()
    yield
    recovered.look_again()


@pytest.fixture
def world():
    return open_campaign(codes=4)


def use(world, code, **more) -> Redemption:
    return redeem_code(agency_id=world.agency.pk, presented=code, store_id=world.store.pk, now=NOW, **more)


def forget(award: Award, *, result: bool) -> None:
    """Take an award out of the database as a restore to the time before it does."""
    code = award.gift_code
    Delivery.objects.filter(award=award).delete()
    with postings_can_be_erased():
        LedgerTransfer.objects.filter(gift_code=code).delete()
    lines = Redemption.objects.filter(gift_code=code)
    lines.filter(reverses__isnull=False).delete()
    lines.delete()
    award.delete()
    GiftCode.objects.filter(pk=code.pk).update(
        status=CodeStatus.AVAILABLE,
        issued_at=None,
        redeemed_at=None,
        balance_jpy=code.face_value_jpy,
        use_count=0,
    )
    if not result:
        from draws.models import CourseCounter

        CourseCounter.objects.update(used=0)
        award.result.delete()
        Entry.objects.filter(pk=award.entry_id).update(status="accepted", advance_after=NOW)


@pytest.fixture
def forgotten(world):
    """A code that was shown, partly used, used again and that reversed: all of it forgotten, the entry's result too."""
    award = win(world)
    code = reveal_code(award_id=award.pk, now=NOW).code
    use(world, code, amount_jpy=200, pos_transaction_id="POS-1")
    second = use(world, code, amount_jpy=300)
    reverse_redemption(agency_id=world.agency.pk, redemption_public_id=str(second.public_id), now=NOW)
    write_missing(now=NOW)
    forget(award, result=False)
    return award, code


def test_the_dry_run_counts_and_changes_nothing(forgotten, capsys):
    call_command("replay_journal", since=NOW.date())

    told = capsys.readouterr().out.splitlines()
    assert [told[2], told[3], told[5]] == [
        "awards that the database does not know            1",
        "uses that the database does not know              3",
        "batches concerned                                 1",
    ]
    plan = plan_recovery(now=NOW)
    assert (len(plan.lost_awards), len(plan.lost_uses), len(plan.batch_ids)) == (1, 3, 1)
    assert GiftCode.objects.filter(status=CodeStatus.AVAILABLE).count() == 4


def test_F27_a_code_given_after_the_backup_is_given_to_nobody_else_and_its_money_is_right(world, forgotten):
    award, code = forgotten
    assert f"codes.award:{award.public_id}" in lost_promises(NOW)
    assert len(lost_promises(NOW)) == 4  # and its three uses

    done = recover(now=NOW)

    known = GiftCode.objects.get(public_id=award.gift_code.public_id)
    assert (known.status, known.recovered_at, known.balance_jpy) == (CodeStatus.ISSUED, NOW, 300)
    assert (done.codes_held, done.codes_recovered, done.uses_recovered, done.codes_released) == (4, 1, 3, 3)
    assert (done.conflicts, done.unknown_codes) == ([], set())
    assert violations(NOW).keys() <= {"I13"}  # showings of awards that are no more
    assert lost_promises(NOW) == []  # the award is not there, its code is kept for it
    assert use(world, code).balance_after_jpy == 0
    again = use(world, code, amount_jpy=200, pos_transaction_id="POS-1")
    assert (again.amount_jpy, Redemption.objects.count()) == (200, 4)  # the till repeats what it did before
    repeated = recover(now=NOW)
    assert (repeated.codes_recovered, repeated.uses_recovered, len(repeated.conflicts)) == (0, 0, 0)


def test_F27_an_entry_that_wins_again_has_its_code_and_link_back(world, forgotten):
    award, code = forgotten
    recover(now=NOW)

    entry = finish_again(award.entry_id)

    anew = Award.objects.get(entry=entry)
    assert (anew.public_id, anew.gift_code.public_id) == (award.public_id, award.gift_code.public_id)
    assert award_by_token(claim_token(award.public_id)) == anew
    assert reveal_code(award_id=anew.pk, now=NOW).code == code
    other = finish(begin(world))
    assert Award.objects.get(entry=other).gift_code_id != anew.gift_code_id


def finish_again(entry_id: int) -> Entry:
    from journeys.services import advance_entry

    return advance_entry(entry_id=entry_id, now=NOW)


def test_F27_an_award_whose_result_is_known_is_made_anew_with_its_message(world):
    award = win(world)
    reveal_code(award_id=award.pk, now=NOW)
    forget(award, result=True)

    call_command("replay_journal", apply=True)

    anew = Award.objects.get(public_id=award.public_id)
    assert (anew.gift_code_id, anew.entry_id, anew.journaled_at is None) == (award.gift_code_id, award.entry_id, False)
    assert Delivery.objects.get(award=anew).status == "queued"
    assert violations(NOW).keys() <= {"I13"}


def test_without_the_journal_the_same_code_goes_to_somebody_else_which_the_replay_tells(world, forgotten):
    award, _code = forgotten
    GiftCode.objects.exclude(pk=award.gift_code_id).update(status=CodeStatus.VOID)
    taken = win(world)
    assert taken.gift_code_id == award.gift_code_id

    with pytest.raises(SystemExit):
        call_command("replay_journal", apply=True)

    assert recover(now=NOW).conflicts == [str(award.public_id)]
    taken.refresh_from_db()
    assert taken.gift_code_id == award.gift_code_id


def test_a_code_that_came_in_after_the_backup_is_found_once_its_file_is_imported_again(world, forgotten):
    award, _code = forgotten
    anew = GiftCode.objects.filter(pk=award.gift_code_id)
    anew.update(public_id="00000000-0000-0000-0000-000000000001", code_index="f" * 64)
    assert recover(now=NOW).unknown_codes == {str(award.gift_code.public_id)}

    anew.update(code_index=award.gift_code.code_index)
    assert recover(now=NOW).codes_recovered == 1
    assert anew.get().status == CodeStatus.ISSUED


def test_where_the_journal_was_altered_batches_stay_held_back(forgotten, tmp_path):
    (path,) = tmp_path.iterdir()
    path.chmod(0o600)
    with path.open("ab") as file:
        file.write(b'00000000 {"what":"award"}\n')

    done = recover(now=NOW)

    assert (done.altered_lines, done.codes_released) == (1, 0)
    assert GiftCode.objects.filter(status=CodeStatus.HELD).count() == 3
    assert not GiftCode.objects.filter(status=CodeStatus.AVAILABLE).exists()
    assert open_journal()
