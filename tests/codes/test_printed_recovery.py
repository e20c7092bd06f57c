"""Codes on paper survive a restore: known, good at the till, and not printed for other people (F27)."""

import pytest

from accounts.models import AuditEntry
from codes import recovered
from codes.errors import CodeSuspended, JournalUnavailable
from codes.export_errors import CodeOnPaperOnly, ExportEnded, ExportNotYours, PrintedBefore
from codes.journal import FolderJournal, open_journal, read_lines
from codes.models import BatchPurpose, BatchStatus, CodeBatch, CodeJob, CodeStatus, GiftCode, JobStatus
from codes.selectors import open_code
from codes.services import (
    activate_batch,
    approve_export,
    generate_codes,
    open_export,
    redeem_code,
    request_export,
    request_recall,
    run_job,
    start_discard,
    take_stock,
)
from codes.services.desk_revealing import reveal_to_desk
from codes.services.index_keys import start_reindex, uses_of_index_keys
from codes.services.journaling import write_missing
from codes.services.recovering import plan_recovery, recover
from core.reindexing import Kept
from journeys.audit import violations
from tests.codes.test_exporting import store
from tests.codes.test_sealing import NEW
from tests.factories import NOW, UserFactory
from tests.worlds import open_campaign, worked_off

pytestmark = pytest.mark.django_db(transaction=True)  # lines are written behind the commit
__all__ = ["store"]


@pytest.fixture(autouse=True)
def own_journal(settings, tmp_path):
    settings.JOURNAL = f"folder:{tmp_path / 'journal'}"
    recovered.look_again()


@pytest.fixture
def world():
    return open_campaign(codes=0)


def own_batch(world, purpose=BatchPurpose.PRINT) -> CodeBatch:
    return generate_codes(prize_id=world.prize.pk, name="店頭用", count=3, now=NOW, purpose=purpose, expires_at=None)


def ask(batch, world, **more) -> CodeJob:
    given = {"form": "file", "symbology": "qr", "reason": "印刷会社へ渡すため", **more}
    return request_export(batch_id=batch.pk, now=NOW, actor_id=world.operator.pk, **given)


def printed(batch, world, **more) -> CodeJob:
    job = ask(batch, world, **more)
    approve_export(job_id=job.pk, now=NOW, actor_id=UserFactory().pk)
    return run_job(job_id=job.pk, now=NOW)


def on_paper(batch) -> dict[str, str]:
    """What stands on the paper, by public id."""
    return {str(code.public_id): open_code(code).code for code in GiftCode.objects.filter(batch=batch)}


def lines(what: str) -> list[dict]:
    return [line for line in read_lines(open_journal())[0] if line["what"] == what]


def forget_print(batch) -> None:
    """Take print run and activation out of the database, as a restore to the time before them does."""
    CodeJob.objects.filter(batch=batch).delete()
    AuditEntry.objects.all().delete()
    GiftCode.objects.filter(batch=batch).update(status=CodeStatus.STAGED, issued_at=None)
    CodeBatch.objects.filter(pk=batch.pk).update(
        status=BatchStatus.STAGED, activated_at=None, activated_by=None, journaled_status=""
    )


def forget_batch(batch) -> None:
    forget_print(batch)
    GiftCode.objects.filter(batch=batch).delete()
    batch.delete()


def use(world, text):
    return redeem_code(agency_id=world.agency.pk, presented=text, store_id=world.store.pk, now=NOW, amount_jpy=100)


def test_a_print_run_is_in_the_journal_before_it_can_be_opened_by_ids_and_hashes_only(world):
    batch = own_batch(world)
    texts = on_paper(batch)

    job = printed(batch, world)
    activate_batch(batch_id=batch.pk, now=NOW)

    (line,) = lines("print")
    assert (line["job"], line["batch"]) == (str(job.public_id), str(batch.public_id))
    codes = GiftCode.objects.order_by("pk")
    assert line["codes"] == [f"{code.public_id.hex}:{code.code_index}:0" for code in codes]
    assert [state["status"] for state in lines("print_batch")] == ["active"]
    assert write_missing(now=NOW) == 0
    everything = b"".join(open_journal().pieces()).decode()
    assert not [text for text in texts.values() if text in everything]


def test_codes_for_the_lists_of_tills_are_no_print_run(world):
    batch = own_batch(world, BatchPurpose.AWARDS)
    printed(batch, world)
    printed(batch, world)  # as often as they are asked for
    activate_batch(batch_id=batch.pk, now=NOW)

    assert (lines("print"), lines("print_batch")) == ([], [])


def test_while_the_journal_is_away_nothing_is_printed_and_then_it_goes_on(world, monkeypatch):
    batch = own_batch(world)

    def away(*_args):
        raise JournalUnavailable(reason="OSError")

    with monkeypatch.context() as patch:
        patch.setattr(FolderJournal, "append", away)
        waiting = printed(batch, world)
        assert (waiting.done_count, waiting.report) == (0, {})
        activate_batch(batch_id=batch.pk, now=NOW)  # has happened: its line follows

    assert run_job(job_id=waiting.pk, now=NOW).status == JobStatus.DONE
    assert write_missing(now=NOW) == 1
    assert (len(lines("print")), len(lines("print_batch"))) == (1, 1)


def test_negative_control_without_the_journal_the_same_codes_are_printed_for_others(world, settings, tmp_path):
    batch = own_batch(world)
    printed(batch, world)
    texts = on_paper(batch)
    forget_print(batch)
    settings.JOURNAL = f"folder:{tmp_path / 'nothing'}"

    recover(now=NOW)

    assert printed(batch, world).done_count == 3
    assert on_paper(batch) == texts  # on two papers each


def test_F27_a_batch_older_than_the_backup_is_printed_and_good_again(world):
    batch = own_batch(world)
    job = printed(batch, world)
    activate_batch(batch_id=batch.pk, now=NOW)
    texts = on_paper(batch)
    forget_print(batch)
    assert sum(len(line["codes"]) for line in plan_recovery(now=NOW).lost_prints) == 3

    done = recover(now=NOW)

    assert (done.prints_recovered, done.conflicts) == (3, [])
    batch.refresh_from_db()
    assert (batch.status, batch.code_count) == (BatchStatus.ACTIVE, 3)
    assert set(GiftCode.objects.values_list("status", flat=True)) == {CodeStatus.PRINTED}
    with pytest.raises(PrintedBefore):
        ask(batch, world)
    again = CodeJob.objects.get(public_id=job.public_id)
    assert (again.status, again.done_count, again.parameters["reason"]) == ("done", 3, "印刷会社へ渡すため")
    with pytest.raises(ExportNotYours):
        open_export(job_id=again.pk, now=NOW, actor_id=world.operator.pk)
    assert use(world, next(iter(texts.values()))).amount_jpy == 100
    assert plan_recovery(now=NOW).lost_prints == []
    assert recover(now=NOW).prints_recovered == 0
    write_missing(now=NOW)
    assert violations(NOW) == {}


def test_F27_a_batch_of_after_the_backup_is_made_anew_and_its_uses_are_booked(world):
    batch = own_batch(world)
    printed(batch, world)
    activate_batch(batch_id=batch.pk, now=NOW)
    texts = on_paper(batch)
    forget_batch(batch)

    done = recover(now=NOW)

    assert (done.prints_recovered, done.conflicts) == (3, [])
    made = CodeBatch.objects.get(public_id=batch.public_id)
    assert (made.status, made.code_count, made.purpose) == (BatchStatus.ACTIVE, 3, BatchPurpose.PRINT)
    assert {str(code.public_id) for code in made.gift_codes.filter(status=CodeStatus.PRINTED)} == set(texts)
    assert use(world, next(iter(texts.values()))).balance_after_jpy == 400
    with pytest.raises(PrintedBefore):
        ask(made, world)
    with pytest.raises(CodeOnPaperOnly):
        reveal_to_desk(
            gift_code_id=made.gift_codes.first().pk, actor_id=world.operator.pk, reason="問い合わせ", now=NOW
        )
    take_stock(agency_id=world.agency.pk, now=NOW)
    write_missing(now=NOW)
    assert violations(NOW) == {}


def test_F27_codes_on_paper_only_keep_the_index_key_that_tills_find_them_by(world, settings):
    batch = own_batch(world)
    printed(batch, world)
    activate_batch(batch_id=batch.pk, now=NOW)
    texts = on_paper(batch)
    forget_batch(batch)
    recover(now=NOW)
    settings.INDEX_KEYS = {**settings.INDEX_KEYS, "1": NEW}
    settings.INDEX_KEY_ID = "1"

    job = worked_off(start_reindex(now=NOW))

    assert (job.report["unreadable"], job.report["left"]) == ({"codes": 3}, {"codes": 3})
    assert uses_of_index_keys(NOW)["0"]["codes"] == Kept(3)
    assert use(world, next(iter(texts.values()))).amount_jpy == 100


def test_F27_printed_but_not_in_stock_yet_stays_worth_nothing_until_somebody_puts_it_there(world):
    batch = own_batch(world)
    printed(batch, world)
    texts = on_paper(batch)
    forget_batch(batch)

    assert recover(now=NOW).prints_recovered == 3

    made = CodeBatch.objects.get(public_id=batch.public_id)
    assert (made.status, set(made.gift_codes.values_list("status", flat=True))) == ("staged", {"staged"})
    activate_batch(batch_id=made.pk, now=NOW)
    assert use(world, next(iter(texts.values()))).amount_jpy == 100


def test_an_export_that_waited_at_the_time_of_the_backup_is_not_let_out_a_second_time(world):
    batch = own_batch(world)
    job = ask(batch, world)
    approve_export(job_id=job.pk, now=NOW, actor_id=UserFactory().pk)
    run_job(job_id=job.pk, now=NOW)
    CodeJob.objects.filter(pk=job.pk).update(status=JobStatus.WAITING, report={}, done_count=0, approved_by=None)

    assert recover(now=NOW).prints_recovered == 3

    job.refresh_from_db()
    assert (job.status, job.done_count) == (JobStatus.DONE, 3)
    CodeJob.objects.filter(pk=job.pk).update(approved_by=UserFactory())
    with pytest.raises(ExportEnded):
        open_export(job_id=job.pk, now=NOW, actor_id=world.operator.pk)


@pytest.mark.parametrize("is_known", [True, False])
def test_a_discarded_batch_does_not_come_back_to_life(world, is_known):
    batch = own_batch(world)
    printed(batch, world)
    start_discard(batch_id=batch.pk, reason="盗難", now=NOW)
    write_missing(now=NOW)
    (forget_print if is_known else forget_batch)(batch)

    recover(now=NOW)

    assert CodeBatch.objects.get().status == BatchStatus.DISCARDED
    assert set(GiftCode.objects.values_list("status", flat=True)) == {CodeStatus.VOID}


@pytest.mark.parametrize("before", [BatchStatus.STAGED, BatchStatus.ACTIVE, BatchStatus.PAUSED])
def test_F27_a_printed_batch_called_back_since_is_called_back_again_and_no_till_takes_its_codes(world, before):
    batch = own_batch(world)
    printed(batch, world)
    activate_batch(batch_id=batch.pk, now=NOW)
    texts = on_paper(batch)
    batch.refresh_from_db()
    request_recall(batch_id=batch.pk, reason="盗難", now=NOW)
    CodeJob.objects.filter(kind="recall").delete()
    state = CodeStatus.STAGED if before == BatchStatus.STAGED else CodeStatus.PRINTED
    CodeBatch.objects.filter(pk=batch.pk).update(status=before)  # as at the time of the backup
    GiftCode.objects.update(status=state)

    done = recover(now=NOW)

    assert (done.conflicts, done.codes_recalled) == ([], 3)
    batch.refresh_from_db()
    assert (batch.status, {code.status for code in batch.gift_codes.all()}) == (BatchStatus.RECALLED, {CodeStatus.VOID})
    with pytest.raises(CodeSuspended):
        use(world, next(iter(texts.values())))
    assert violations(NOW) == {}
    again = recover(now=NOW)
    assert (again.codes_recalled, again.lost_recalls) == (0, {})


def test_a_campaign_of_after_the_backup_leaves_its_print_run_to_a_person(world):
    batch = own_batch(world)
    printed(batch, world)
    forget_batch(batch)
    other = open_campaign(codes=0)
    world.prize.__class__.objects.filter(pk=world.prize.pk).update(public_id=other.agency.public_id)

    done = recover(now=NOW)

    assert (done.prints_recovered, len(done.conflicts)) == (0, 1)


def test_who_wants_the_same_codes_on_paper_once_more_has_to_say_so(world):
    batch = own_batch(world)
    first, second = ask(batch, world), ask(batch, world)
    approve_export(job_id=first.pk, now=NOW, actor_id=UserFactory().pk)

    with pytest.raises(PrintedBefore):
        ask(batch, world)
    with pytest.raises(PrintedBefore):
        approve_export(job_id=second.pk, now=NOW, actor_id=UserFactory().pk)

    assert printed(batch, world, again=True).status == JobStatus.DONE
