"""A use that was disputed after the backup is so again after a restore, settled as it was, and not booked (F27)."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from accounts.models import AuditEntry
from campaigns.models import Store
from codes.journal import open_journal, pos_index, read_lines
from codes.key_use import TILLS_ASK
from codes.models import GiftCode, OfflineDispute, Redemption, Tombstone
from codes.services import OfflineUse, report_uses, resolve_dispute, reverse_transaction
from codes.services.index_keys import uses_of_index_keys
from codes.services.journaling import write_missing
from codes.services.recovering import plan_recovery, recover
from core.reindexing import Kept
from journeys.audit import lost_promises, violations
from tests import factories
from tests.codes.test_recovered_tills import forget_sales
from tests.codes.test_sealing import NEW
from tests.factories import NOW
from tests.worlds import open_campaign, winning_code

pytestmark = pytest.mark.django_db

TAKEN_AT = NOW - timedelta(hours=2)
UNKNOWN = "NOSUCHCODE000000"
REFUSED = ("disputed", "offline_limit_exceeded")


@pytest.fixture(autouse=True)
def own_journal(settings, tmp_path):
    settings.JOURNAL = f"folder:{tmp_path / 'journal'}"


@pytest.fixture
def world():
    world = open_campaign(codes=4)
    Store.objects.update(offline_limit_jpy=100)  # what is reported is above it
    return world


@pytest.fixture
def code(world) -> str:
    return winning_code(world)[1]


def report(world, *codes, number="O-1") -> list[tuple[str, str | None]]:
    uses = [OfflineUse(code, 300, number, TAKEN_AT) for code in codes]
    answers = report_uses(agency_id=world.agency.pk, store_id=world.store.pk, uses=uses, now=NOW)
    return [(answer.result, answer.reason) for answer in answers]


def settle(status="sponsor", number="O-1") -> None:
    dispute = OfflineDispute.objects.get(pos_transaction_id=number)
    resolve_dispute(dispute_id=dispute.pk, status=status, note="店長 山田さんと確認", now=NOW + timedelta(minutes=1))


def dispute_lines() -> list[dict]:
    return [line for line in read_lines(open_journal())[0] if line["what"] == "dispute"]


def restore() -> None:
    """Take disputed uses out of the database, as a restore does; since then the store may take more by itself."""
    write_missing(now=NOW)
    OfflineDispute.objects.all().delete()
    Store.objects.update(offline_limit_jpy=500)


def test_F27_the_line_holds_ids_and_hashes_only(world, code, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        report(world, code, code)
        settle()

    opened, settled = dispute_lines()
    dispute, gift_code = OfflineDispute.objects.get(), GiftCode.objects.get(award__isnull=False)
    facts = {
        "what": "dispute",
        "agency": str(world.agency.public_id),
        "dispute": str(dispute.public_id),
        "code": str(gift_code.public_id),
        "index": gift_code.code_index,
        "index_key": gift_code.index_key_id,
        "batch": str(gift_code.batch.public_id),
        "store": str(world.store.public_id),
        "amount": 300,
        "pos": pos_index(world.store.pk, "O-1"),
        "reason": "offline_limit_exceeded",
        "occurred": TAKEN_AT.isoformat(),
        "received": NOW.isoformat(),
    }
    later = (NOW + timedelta(minutes=1)).isoformat()
    at_first = {"id": f"{dispute.public_id}.open", "at": NOW.isoformat(), "status": "open", "resolved": None}
    assert opened == facts | at_first
    assert settled == facts | {
        "id": f"{dispute.public_id}.sponsor",
        "at": later,
        "status": "sponsor",
        "resolved": later,
    }
    assert not any(told in str(dispute_lines()) for told in (code, "O-1", "山田"))
    assert lost_promises(NOW) == []


@pytest.mark.parametrize("status", ["open", "store", "sponsor", "dropped"])
@pytest.mark.parametrize("has_journal", [True, False], ids=["journal", "control"])
def test_F27_I07_a_disputed_use_is_as_it_was_and_its_repeat_books_nothing(
    world, code, settings, tmp_path, has_journal, status
):
    assert report(world, code) == [REFUSED]
    if status != "open":
        settle(status)
    restore()
    last = dispute_lines()[-1]["id"]
    assert f"codes.offlinedispute:{last}" in lost_promises(NOW)
    if not has_journal:
        settings.JOURNAL = f"folder:{tmp_path / 'another'}"

    done = recover(now=NOW)

    if not has_journal:
        assert report(world, code) == [("booked", None)]  # the harm: whoever bears it pays again
        return
    assert (done.disputes_recovered, done.conflicts, done.unknown_codes) == (1, [], set())
    dispute = OfflineDispute.objects.get()
    assert (f"{dispute.public_id}.{dispute.status}", dispute.status) == (last, status)
    assert (dispute.amount_jpy, dispute.reason_code) == (300, "offline_limit_exceeded")
    assert (dispute.occurred_at, dispute.received_at) == (TAKEN_AT, NOW)
    assert dispute.gift_code == GiftCode.objects.get(award__isnull=False)
    assert dispute.resolved_at == (None if status == "open" else NOW + timedelta(minutes=1))
    assert dispute.note == ("" if status == "open" else "known from the journal")
    assert report(world, code) == [REFUSED]
    assert (Redemption.objects.count(), OfflineDispute.objects.count()) == (0, 1)
    assert lost_promises(NOW) == []
    assert violations(NOW).keys() <= {"I13"}
    actions = AuditEntry.objects.filter(reason="known from the journal", subject_id=str(dispute.public_id))
    resolved = [] if status == "open" else ["dispute.resolved"]
    assert list(actions.order_by("pk").values_list("action", flat=True)) == ["use.disputed", *resolved]
    assert recover(now=NOW).disputes_recovered == 0
    assert OfflineDispute.objects.count() == 1


def test_F27_what_was_on_the_list_at_the_backup_and_settled_behind_it_is_settled_as_it_was(world, code):
    report(world, code, UNKNOWN)
    disputes = OfflineDispute.objects.all()
    for dispute in disputes.order_by("pk"):
        resolve_dispute(dispute_id=dispute.pk, status="store", note="x", now=NOW)
    write_missing(now=NOW)
    disputes.update(status="open", note="", resolved_at=None)
    assert len(lost_promises(NOW)) == 2

    assert recover(now=NOW).disputes_recovered == 2

    assert set(disputes.values_list("status", "note", "resolved_at")) == {("store", "known from the journal", NOW)}
    assert set(disputes.values_list("pos_transaction_id", flat=True)) == {"O-1"}


def test_F27_an_unknown_code_under_the_same_number_stays_apart(world, code):
    first = report(world, code, UNKNOWN)
    restore()

    assert recover(now=NOW).disputes_recovered == 2
    assert report(world, code, UNKNOWN) == first == [REFUSED, ("disputed", "code_not_accepted")]
    assert (Redemption.objects.count(), OfflineDispute.objects.count()) == (0, 2)


def test_F27_a_disputed_use_that_its_till_undid_is_dropped_before_and_behind_the_restore(world, code):
    other = winning_code(world)[1]
    undone = {"agency_id": world.agency.pk, "store_id": world.store.pk, "now": NOW}
    report(world, code)
    report(world, other, number="O-2")
    reverse_transaction(pos_transaction_id="O-1", **undone)
    restore()
    Tombstone.objects.all().delete()

    done = recover(now=NOW)
    reverse_transaction(pos_transaction_id="O-2", **undone)

    assert (done.sales_undone, done.disputes_recovered) == (1, 2)
    assert list(OfflineDispute.objects.values_list("status", flat=True)) == ["dropped"] * 2


@pytest.mark.parametrize("was_early", ["settled", "booked", "disputed", "another store"])
def test_F27_what_was_judged_anew_before_the_replay_is_left_to_a_person(world, code, was_early):
    report(world, code)
    dispute = OfflineDispute.objects.get()
    settle("sponsor")
    write_missing(now=NOW)
    if was_early == "settled":
        OfflineDispute.objects.update(status="store")
    else:
        restore()
    if was_early == "booked":
        assert report(world, code) == [("booked", None)]
    if was_early == "disputed":
        Store.objects.update(offline_limit_jpy=100)
        assert report(world, code) == [REFUSED]
    if was_early == "another store":
        Store.objects.update(public_id="00000000-0000-0000-0000-000000000001")

    done = recover(now=NOW)

    assert (done.disputes_recovered, done.conflicts) == (0, [f"{dispute.public_id}.sponsor"])
    assert not OfflineDispute.objects.filter(status="sponsor").exists()


def test_F27_another_use_of_the_same_code_since_is_no_conflict(world, code):
    report(world, code)
    restore()
    assert report(world, code, number="O-2") == [("booked", None)]

    assert recover(now=NOW).disputes_recovered == 1


def test_F27_a_disputed_use_of_a_code_that_came_in_later_waits_for_its_file(world, code):
    report(world, code)
    restore()
    gift_code = GiftCode.objects.get(award__isnull=False)
    named = gift_code.public_id, gift_code.code_index
    nowhere = "00000000-0000-0000-0000-000000000001"
    GiftCode.objects.filter(pk=gift_code.pk).update(public_id=nowhere, code_index="f" * 64)
    done = recover(now=NOW)
    assert (done.disputes_recovered, OfflineDispute.objects.count()) == (0, 0)
    assert str(named[0]) in done.unknown_codes

    GiftCode.objects.filter(pk=gift_code.pk).update(code_index=named[1])  # the same file came in once more

    assert recover(now=NOW).disputes_recovered == 1
    assert OfflineDispute.objects.get().gift_code == gift_code


def booked_and_disputed(world, code) -> None:
    """One till's use is booked, another one's under the same number, of the same code and amount, is disputed."""
    Store.objects.update(offline_limit_jpy=500)
    use = OfflineUse(code, 300, "O-1", TAKEN_AT)
    for terminal in ("A", "B"):
        report_uses(agency_id=world.agency.pk, store_id=world.store.pk, uses=[use], terminal=terminal, now=NOW)
    assert (Redemption.objects.count(), OfflineDispute.objects.count()) == (1, 1)
    restore()
    forget_sales()


def test_F27_a_use_that_was_booked_and_one_that_was_disputed_under_its_number_are_both_again(world, code):
    booked_and_disputed(world, code)

    done = recover(now=NOW)

    assert (done.uses_recovered, done.disputes_recovered, done.conflicts) == (1, 1, [])
    assert OfflineDispute.objects.get().reason_code == "duplicate_transaction"
    assert recover(now=NOW).conflicts == []


def test_F27_the_limit_of_a_store_counts_what_it_took_before_the_restore(world, code):
    booked_and_disputed(world, code)
    recover(now=NOW)

    line = Redemption.objects.get()
    assert (line.is_offline, line.occurred_at, line.amount_jpy) == (True, TAKEN_AT, 300)
    GiftCode.objects.update(face_value_jpy=1000, balance_jpy=700)
    assert report(world, code, number="O-2") == [REFUSED]


def test_F27_the_dry_run_tells_of_disputed_uses_and_changes_nothing(world, code, capsys):
    report(world, code)
    restore()

    call_command("replay_journal")

    assert f"{'disputed uses that it does not know':<40} {1:>10}\n" in capsys.readouterr().out
    assert len(plan_recovery(now=NOW).lost_disputes) == 1
    assert OfflineDispute.objects.count() == 0


def test_F27_a_disputed_use_from_the_journal_is_known_across_the_change_of_the_index_key(world, code, settings):
    gift_code = GiftCode.objects.get(award__isnull=False)
    for key_id in ("0", "1"):
        settings.INDEX_KEYS, settings.INDEX_KEY_ID = {"0": settings.INDEX_KEY, "1": NEW}, key_id
        OfflineDispute.objects.all().delete()
        number = pos_index(world.store.pk, "O-1")
        facts = {"store": world.store, "gift_code": gift_code, "reason_code": "offline_limit_exceeded"}
        factories.OfflineDisputeFactory.create(pos_transaction_id=number, **facts)
        for current in ("0", "1"):
            settings.INDEX_KEY_ID = current
            assert report(world, code) == [REFUSED]
            counted = uses_of_index_keys(NOW)[key_id]["disputed uses from the journal"]
            assert counted == Kept(1, NOW + TILLS_ASK)
    assert OfflineDispute.objects.count() == 1
