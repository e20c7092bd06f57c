"""What is handed out or used stands in the journal before anybody learns of it (§10, F27)."""

import json
import os
from datetime import timedelta

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from codes import journal, tasks
from codes.errors import JournalUnavailable
from codes.journal import BucketJournal, FolderJournal, encoded, open_journal, read_lines
from codes.models import Award, Redemption
from codes.selectors import open_code
from codes.services import claiming, redeem_code, replace_unseen_code, reveal_code, reverse_redemption
from codes.services.journaling import write_missing
from core.clients.object_lock import LockedBucket
from distribution.models import Delivery, DeliveryStatus
from distribution.selectors import due_deliveries
from distribution.services import send_delivery
from tests.factories import NOW
from tests.worlds import notice, open_campaign, win

pytestmark = pytest.mark.django_db

LINE = {"what": "award", "id": "1", "at": "2026-11-22"}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.JOURNAL = f"folder:{tmp_path / 'journal'}"
    return tmp_path / "journal"


def lines() -> list[dict]:
    return read_lines(open_journal())[0]


def use(world, code, **more) -> Redemption:
    return redeem_code(agency_id=world.agency.pk, presented=code, store_id=world.store.pk, now=NOW, **more)


def test_F27_an_award_is_written_before_its_code_is_shown(monkeypatch):
    award = win(open_campaign())
    assert lines() == []
    seen = []
    shower = claiming.shown_code
    monkeypatch.setattr(claiming, "shown_code", lambda **given: (seen.append(len(lines())), shower(**given))[1])

    code = reveal_code(award_id=award.pk, now=NOW).code
    reveal_code(award_id=award.pk, now=NOW)

    (line,) = lines()
    assert seen == [1, 1]
    assert (line["what"], line["id"], line["code"]) == ("award", str(award.public_id), str(award.gift_code.public_id))
    assert line["index"] == award.gift_code.code_index
    assert code not in json.dumps(line)
    assert Award.objects.get().journaled_at == NOW


def test_F27_a_code_put_in_anothers_place_at_that_moment_is_written_before_it_is_shown(monkeypatch):
    award = win(open_campaign())
    note, shower, seen = claiming._note_reveal, claiming.shown_code, []

    def replaced_before(award_id, *told):
        if not seen:  # the first code's line is written, its showing not yet noted
            seen.append(replace_unseen_code(award_id=award_id, reason="x", now=NOW).gift_code)
        return note(award_id, *told)

    def shown(**given):
        seen.append({line["code"] for line in lines()})
        return shower(**given)

    monkeypatch.setattr(claiming, "_note_reveal", replaced_before)
    monkeypatch.setattr(claiming, "shown_code", shown)

    code = reveal_code(award_id=award.pk, now=NOW).code

    new, written = seen
    assert code == open_code(new).code
    assert written == {str(award.gift_code.public_id), str(new.public_id)}
    assert Award.objects.get().reveal_count == 1


@pytest.mark.parametrize("write", ["reveal", "sweep"])
def test_F27_an_award_whose_code_is_replaced_while_its_line_is_written_waits_for_another(monkeypatch, write):
    award, other = (win(world) for world in [open_campaign(codes=4)] * 2)
    append, done = FolderJournal.append, []

    def replaced_behind(self, told, now):
        append(self, told, now)
        if not done:
            done.append(replace_unseen_code(award_id=award.pk, reason="x", now=NOW))

    monkeypatch.setattr(FolderJournal, "append", replaced_behind)

    if write == "sweep":
        write_missing(now=NOW)
    else:
        reveal_code(award_id=award.pk, now=NOW)

    codes = {line["code"] for line in lines() if line["id"] == str(award.public_id)}
    assert codes == {str(award.gift_code.public_id), str(done[0].gift_code.public_id)}
    assert Award.objects.get(pk=award.pk).journaled_at == NOW
    assert (Award.objects.get(pk=other.pk).journaled_at is None) == (write == "reveal")


def test_F27_a_message_goes_out_after_its_award_is_written(monkeypatch):
    delivery = notice(open_campaign())
    from distribution.services import sending

    seen = []
    compose = sending.compose
    monkeypatch.setattr(sending, "compose", lambda *a: (seen.append(len(lines())), compose(*a))[1])

    assert send_delivery(delivery_id=delivery.pk, now=NOW).status == DeliveryStatus.ACCEPTED
    assert seen == [1]


def test_F27_while_the_journal_is_away_codes_wait_and_entries_go_on(settings, folder):
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file where a folder should be")
    world = open_campaign()
    delivery = notice(world)

    with pytest.raises(JournalUnavailable) as refused:
        reveal_code(award_id=delivery.award_id, now=NOW)
    waiting = send_delivery(delivery_id=delivery.pk, now=NOW)
    tasks.write_journal()

    assert (refused.value.status, refused.value.code) == (503, "journal_unavailable")
    assert (waiting.status, waiting.attempts, waiting.next_attempt_at) == ("queued", 0, NOW + timedelta(seconds=30))
    assert Award.objects.get(pk=delivery.award_id).reveal_count == 0
    assert win(world).journaled_at is None
    folder.unlink()
    for delivery_id in due_deliveries(NOW + timedelta(seconds=30)):
        send_delivery(delivery_id=delivery_id, now=NOW + timedelta(seconds=30))
    assert set(Delivery.objects.filter(kind="award").values_list("status", flat=True)) == {DeliveryStatus.ACCEPTED}
    assert len(lines()) == 2


def test_F27_a_use_is_written_before_the_till_has_its_answer(django_capture_on_commit_callbacks):
    world = open_campaign()
    code = reveal_code(award_id=win(world).pk, now=NOW).code
    with django_capture_on_commit_callbacks(execute=True):
        used = use(world, code, amount_jpy=200, pos_transaction_id="POS-1")
    with django_capture_on_commit_callbacks(execute=True):
        reverse_redemption(agency_id=world.agency.pk, redemption_public_id=str(used.public_id), now=NOW)

    one, other = (line for line in lines() if line["what"] == "redemption")
    assert (one["kind"], one["amount"], one["balance"], one["reverses"]) == ("redeem", 200, 300, None)
    assert (other["kind"], other["reverses"]) == ("reversal", one["id"])
    assert one["pos"].startswith("#")
    assert "POS-1" not in json.dumps(one)
    assert not Redemption.objects.filter(journaled_at__isnull=True).exists()


def test_F27_a_journal_that_is_away_does_not_stop_a_till(folder, django_capture_on_commit_callbacks):
    world = open_campaign()
    code = reveal_code(award_id=win(world).pk, now=NOW).code
    for path in folder.iterdir():
        path.rename(folder.parent / path.name)
    folder.rmdir()
    journal._opened.cache_clear()
    folder.write_text("in the way")

    with django_capture_on_commit_callbacks(execute=True):
        assert use(world, code).balance_after_jpy == 0

    folder.unlink()
    assert write_missing(now=NOW) == 1
    assert [line["kind"] for line in lines()] == ["redeem"]


def test_the_sweep_writes_what_a_killed_process_left_and_nothing_twice():
    world = open_campaign()
    for _winner in range(2):
        use(world, reveal_code(award_id=win(world).pk, now=NOW).code)
    win(world)

    assert (write_missing(now=NOW), write_missing(now=NOW)) == (3, 0)
    assert len(lines()) == 5


def test_a_torn_line_is_passed_over_and_an_altered_one_counted(folder):
    own = FolderJournal(folder)
    own.append([LINE, {**LINE, "id": "2"}], NOW)
    (path,) = folder.iterdir()
    whole = path.read_bytes()

    path.write_bytes(whole[:-7])
    assert read_lines(own) == ([LINE], 0)
    path.write_bytes(whole.replace(b'"id":"1"', b'"id":"7"'))
    assert read_lines(own) == ([{**LINE, "id": "2"}], 1)
    assert path.stat().st_mode & 0o777 == 0o600


def test_each_process_and_day_has_its_file_and_a_failed_one_is_left(folder, monkeypatch):
    own = FolderJournal(folder)
    own.append([LINE], NOW)
    own.append([{**LINE, "id": "2"}], NOW)
    own.append([{**LINE, "id": "3"}], NOW + timedelta(days=1))
    with monkeypatch.context() as patch:
        patch.setattr(journal.os, "fsync", lambda _handle: (_ for _ in ()).throw(OSError))
        with pytest.raises(JournalUnavailable):
            own.append([{**LINE, "id": "4"}], NOW + timedelta(days=1))
    own.append([{**LINE, "id": "5"}], NOW + timedelta(days=1))

    names = sorted(path.name for path in folder.iterdir())
    assert [name[:10] for name in names] == ["2026-11-22", "2026-11-23", "2026-11-23"]
    assert all(f".{os.getpid()}." in name for name in names)
    assert {"1", "2", "3", "5"} <= {line["id"] for line in read_lines(own)[0]}
    assert {line["id"] for line in read_lines(own, NOW.date() + timedelta(days=1))[0]} >= {"3", "5"}
    assert "1" not in {line["id"] for line in read_lines(own, NOW.date() + timedelta(days=1))[0]}


@pytest.fixture
def bucket(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="ap-northeast-1")
        client.create_bucket(
            Bucket="journal",
            ObjectLockEnabledForBucket=True,
            CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"},
        )
        journal._opened.cache_clear()
        yield client
    journal._opened.cache_clear()


def test_lines_in_a_bucket_cannot_be_deleted_before_their_day(settings, bucket):
    settings.JOURNAL = "s3://journal/issue?days=10"

    open_journal().append([LINE], NOW)

    assert lines() == [LINE]
    assert read_lines(open_journal(), NOW.date())[0] == [LINE]
    assert read_lines(open_journal(), NOW.date() + timedelta(days=1))[0] == []
    (listed,) = bucket.list_object_versions(Bucket="journal")["Versions"]
    assert listed["Key"].startswith("issue/2026-11-22/")
    lock = bucket.head_object(Bucket="journal", Key=listed["Key"])
    assert lock["ObjectLockMode"] == "COMPLIANCE"
    assert lock["ObjectLockRetainUntilDate"] == NOW + timedelta(days=10)
    lasting = BucketJournal(LockedBucket("journal", "", "ap-northeast-1"), timedelta(days=36500))
    lasting.append([LINE], NOW)
    (kept,) = [v for v in bucket.list_object_versions(Bucket="journal")["Versions"] if "issue" not in v["Key"]]
    with pytest.raises(ClientError):
        bucket.delete_object(Bucket="journal", Key=kept["Key"], VersionId=kept["VersionId"])


def test_a_bucket_that_failed_is_left_in_peace_for_some_seconds(settings, bucket):
    settings.JOURNAL = "s3://nowhere"
    with pytest.raises(JournalUnavailable) as first:
        open_journal().append([LINE], NOW)
    with pytest.raises(JournalUnavailable) as second:
        open_journal().append([LINE], NOW)

    assert (first.value.context["reason"], second.value.context["reason"]) == ("NoSuchBucket", "paused")
    with pytest.raises(JournalUnavailable):
        lines()


def test_a_journal_that_is_neither_folder_nor_bucket_is_refused(settings):
    settings.JOURNAL = "ftp://somewhere"
    with pytest.raises(JournalUnavailable):
        open_journal()
    assert encoded([LINE]).endswith(b"}\n")
