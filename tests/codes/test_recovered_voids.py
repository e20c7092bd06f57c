"""What was blocked, replaced, withdrawn or called back after the backup is so again after a restore (F27)."""

import pytest
from django.core.management import call_command
from django.db import transaction

from accounts.models import AuditEntry
from codes import recovered
from codes.errors import AwardVoided, CodeSuspended
from codes.journal import FolderJournal, open_journal, read_lines
from codes.models import Award, BatchStatus, CodeBatch, CodeJob, CodeStatus, GiftCode, UnwrittenLine
from codes.selectors import open_code
from codes.services import redeem_code, request_recall, reveal_code, run_job, void_award, void_code
from codes.services.journaling import write_missing
from codes.services.recalling import replace_unseen_code
from codes.services.recovering import plan_recovery, recover
from journeys.audit import violations
from tests.codes.test_recovering import forget
from tests.factories import NOW
from tests.worlds import begin, finish, open_campaign, stock, win

pytestmark = pytest.mark.django_db(transaction=True)  # lines are written behind the commit


@pytest.fixture(autouse=True)
def own_journal(settings, tmp_path):
    settings.JOURNAL = f"folder:{tmp_path / 'journal'}"
    recovered.look_again()
    yield
    recovered.look_again()


@pytest.fixture
def world():
    return open_campaign(codes=4)


def without_journal(settings, tmp_path) -> None:
    settings.JOURNAL = f"folder:{tmp_path / 'another'}"


def use(world, text):
    return redeem_code(agency_id=world.agency.pk, presented=text, store_id=world.store.pk, now=NOW)


def whats() -> list[str]:
    return [line["what"] for line in read_lines(open_journal())[0]]


@pytest.mark.parametrize("has_journal", [True, False], ids=["journal", "control"])
def test_F27_a_given_code_blocked_since_is_refused_at_the_till_again(world, settings, tmp_path, has_journal):
    award = win(world)
    text = reveal_code(award_id=award.pk, now=NOW).code
    void_code(gift_code_id=award.gift_code_id, reason="盗難", now=NOW)
    assert whats() == ["award", "void"]
    GiftCode.objects.filter(pk=award.gift_code_id).update(status=CodeStatus.ISSUED)  # as at the time of the backup
    if not has_journal:
        without_journal(settings, tmp_path)

    done = recover(now=NOW)

    if not has_journal:
        assert use(world, text).amount_jpy == 500
        return
    assert (done.codes_blocked, done.conflicts) == (1, [])
    with pytest.raises(CodeSuspended):
        use(world, text)
    line = AuditEntry.objects.filter(action="code.voided").latest("pk")
    assert (line.reason, line.subject_id) == ("known from the journal", str(award.gift_code.public_id))
    assert recover(now=NOW).codes_blocked == 0
    assert AuditEntry.objects.filter(action="code.voided").count() == 2


@pytest.mark.parametrize("has_journal", [True, False], ids=["journal", "control"])
def test_F27_a_code_in_stock_blocked_since_is_given_to_nobody(world, settings, tmp_path, has_journal):
    blocked = GiftCode.objects.earliest("position")
    void_code(gift_code_id=blocked.pk, reason="損傷", now=NOW)
    GiftCode.objects.filter(pk=blocked.pk).update(status=CodeStatus.AVAILABLE)
    if not has_journal:
        without_journal(settings, tmp_path)

    recover(now=NOW)

    given = {win(world).gift_code_id for _winner in range(3)}
    assert (blocked.pk in given) == (not has_journal)


@pytest.mark.parametrize("was_known", [True, False], ids=["award of before", "award of since"])
def test_F27_a_replaced_code_stays_replaced_and_its_award_has_the_other(world, was_known):
    award = win(world)
    old = award.gift_code
    write_missing(now=NOW)
    replaced = replace_unseen_code(award_id=award.pk, reason="回収", now=NOW)
    new_text = reveal_code(award_id=award.pk, now=NOW).code
    new = replaced.gift_code
    assert whats() == ["award", "void", "award"]
    if was_known:
        Award.objects.filter(pk=award.pk).update(gift_code=old)
        GiftCode.objects.filter(pk=old.pk).update(status=CodeStatus.ISSUED)
    else:
        forget(Award.objects.get(pk=award.pk), result=True)
        GiftCode.objects.filter(pk=old.pk).update(status=CodeStatus.AVAILABLE, issued_at=None)
    GiftCode.objects.filter(pk=new.pk).update(status=CodeStatus.AVAILABLE, issued_at=None)

    done = recover(now=NOW)

    assert done.conflicts == []
    assert GiftCode.objects.get(pk=old.pk).status == CodeStatus.VOID
    assert Award.objects.get(public_id=award.public_id).gift_code_id == new.pk
    assert use(world, new_text).amount_jpy == 500
    others = {win(world).gift_code_id for _winner in range(2)}
    assert others.isdisjoint({old.pk, new.pk})
    again = recover(now=NOW)
    assert (again.codes_blocked, again.codes_recovered, again.conflicts) == (0, 0, [])


def test_F27_a_withdrawn_award_is_withdrawn_again(world):
    award = win(world)
    reveal_code(award_id=award.pk, now=NOW)
    void_award(award_id=award.pk, reason="返品", now=NOW)
    Award.objects.update(voided_at=None)
    GiftCode.objects.filter(pk=award.gift_code_id).update(status=CodeStatus.ISSUED)

    done = recover(now=NOW)

    assert (done.awards_withdrawn, done.conflicts) == (1, [])
    with pytest.raises(AwardVoided):
        reveal_code(award_id=award.pk, now=NOW)
    assert GiftCode.objects.get(pk=award.gift_code_id).status == CodeStatus.VOID
    assert recover(now=NOW).awards_withdrawn == 0


def test_F27_a_code_given_and_blocked_since_stays_blocked_and_its_entry_wins_another(world):
    award = win(world)
    text = reveal_code(award_id=award.pk, now=NOW).code
    void_code(gift_code_id=award.gift_code_id, reason="盗難", now=NOW)
    forget(award, result=False)

    done = recover(now=NOW)

    assert (done.codes_recovered, done.codes_blocked) == (1, 1)
    with pytest.raises(CodeSuspended):
        use(world, text)
    assert finish(begin(world)).status == "won"


def recalled(world) -> tuple[CodeBatch, Award, str]:
    """A batch with a code that was seen and one that was not, called back and worked off."""
    seen, unseen = win(world), win(world)
    text = reveal_code(award_id=seen.pk, now=NOW).code
    batch = seen.gift_code.batch
    stock(world.prize, 2)  # from which the unseen code is replaced
    write_missing(now=NOW)
    job = request_recall(batch_id=batch.pk, reason="回収", now=NOW)
    while run_job(job_id=job.pk, now=NOW).status == "running":
        pass
    write_missing(now=NOW)
    return batch, unseen, text


def as_before_the_recall(batch: CodeBatch, unseen: Award) -> None:
    CodeJob.objects.all().delete()
    CodeBatch.objects.filter(pk=batch.pk).update(status=BatchStatus.ACTIVE, journaled_status="")
    new = Award.objects.get(pk=unseen.pk).gift_code
    Award.objects.filter(pk=unseen.pk).update(gift_code=unseen.gift_code)
    Award.objects.update(revealed_at=None, reveal_count=0)  # who has seen his code is forgotten as well
    GiftCode.objects.filter(pk=new.pk).update(status=CodeStatus.AVAILABLE, issued_at=None)
    GiftCode.objects.filter(batch=batch, award__isnull=True).update(status=CodeStatus.AVAILABLE)
    GiftCode.objects.filter(batch=batch, award__isnull=False).update(status=CodeStatus.ISSUED)


def test_F27_a_batch_called_back_since_gives_out_nothing_and_nobody_gets_a_second_code(world):
    batch, unseen, text = recalled(world)
    assert {"batch", "recall_end"} <= set(whats())
    replaced_by = Award.objects.get(pk=unseen.pk).gift_code_id
    as_before_the_recall(batch, unseen)

    done = recover(now=NOW)

    assert (done.conflicts, done.codes_recalled) == ([], 2)
    batch.refresh_from_db()
    assert batch.status == BatchStatus.RECALLED
    assert sorted(batch.gift_codes.values_list("status", flat=True)) == ["issued", "void", "void", "void"]
    assert Award.objects.get(pk=unseen.pk).gift_code_id == replaced_by
    assert use(world, text).amount_jpy == 500  # had been seen: the desk's, as before the loss
    assert win(world).gift_code.batch_id != batch.pk
    assert recover(now=NOW).codes_recalled == 0


def test_F27_a_recall_that_was_cut_off_blocks_what_nobody_is_known_to_have_seen(world):
    batch, unseen, text = recalled(world)
    as_before_the_recall(batch, unseen)
    (journal,) = [open_journal()]
    assert isinstance(journal, FolderJournal)
    for path in journal.folder.iterdir():
        kept = [row for row in path.read_bytes().splitlines(keepends=True) if b"recall_end" not in row]
        path.write_bytes(b"".join(kept))

    done = recover(now=NOW)

    assert done.codes_recalled == 3
    with pytest.raises(CodeSuspended):
        use(world, text)
    assert not CodeJob.objects.filter(kind="recall", status__in=["queued", "running"]).exists()


def test_F27_a_recall_under_way_at_the_backup_does_not_give_second_codes(world):
    award = win(world)
    reveal_code(award_id=award.pk, now=NOW)
    job = request_recall(batch_id=award.gift_code.batch_id, reason="回収", now=NOW)
    stock(world.prize, 2)
    Award.objects.update(revealed_at=None, reveal_count=0)  # seen after the backup

    assert recover(now=NOW).codes_recalled == 4

    job.refresh_from_db()
    assert job.status == "done"
    assert Award.objects.get().gift_code_id == award.gift_code_id


def test_F27_a_recall_that_waited_for_its_second_person_at_the_backup_is_done(world):
    batch, unseen, _text = recalled(world)
    as_before_the_recall(batch, unseen)
    waiting = CodeJob.objects.create(agency_id=batch.agency_id, batch=batch, kind="recall", status="waiting")

    recover(now=NOW)

    waiting.refresh_from_db()
    assert waiting.status == "done"


def test_F27_while_the_journal_is_away_the_act_holds_and_its_line_waits(world, settings, tmp_path):
    (tmp_path / "journal").write_text("a file where a folder should be")

    void_code(gift_code_id=GiftCode.objects.earliest("pk").pk, reason="損傷", now=NOW)

    assert GiftCode.objects.earliest("pk").status == CodeStatus.VOID
    (waiting,) = UnwrittenLine.objects.all()
    assert open_code(GiftCode.objects.earliest("pk")).code not in str(waiting.line)
    (tmp_path / "journal").unlink()
    assert write_missing(now=NOW) == 1
    assert (whats(), UnwrittenLine.objects.count()) == (["void"], 0)


def test_an_act_that_is_undone_leaves_no_line(world):
    with transaction.atomic():
        void_code(gift_code_id=GiftCode.objects.earliest("pk").pk, reason="損傷", now=NOW)
        transaction.set_rollback(True)

    assert (whats(), UnwrittenLine.objects.count()) == ([], 0)


def test_the_command_counts_what_is_blocked_again(world, capsys):
    award = win(world)
    void_award(award_id=award.pk, reason="返品", now=NOW)
    Award.objects.update(voided_at=None)
    GiftCode.objects.filter(pk=award.gift_code_id).update(status=CodeStatus.ISSUED)
    plan = plan_recovery(now=NOW)
    assert (len(plan.lost_voids), len(plan.lost_withdrawals), plan.lost_recalls) == (1, 1, {})

    call_command("replay_journal", apply=True)

    told = capsys.readouterr().out
    assert "blocked codes that it does not know               1" in told
    assert "awards withdrawn again                            1" in told
    assert violations(NOW) == {}
