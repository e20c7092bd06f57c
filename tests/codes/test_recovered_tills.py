"""A sale that its till undid after the backup stays undone after a restore (F27)."""

import pytest
from django.core.management import call_command

from accounts.models import AuditEntry
from campaigns.models import Store
from codes import recovered
from codes.errors import ReversedBeforeArrival
from codes.journal import open_journal, pos_index, read_lines
from codes.key_use import TILLS_ASK
from codes.models import GiftCode, LedgerTransfer, Redemption, Tombstone
from codes.services import redeem_code, reverse_transaction
from codes.services.index_keys import uses_of_index_keys
from codes.services.journaling import write_missing
from codes.services.recovering import plan_recovery, recover
from core.reindexing import Kept
from journeys.audit import lost_promises, violations
from tests.codes.test_sealing import NEW
from tests.constraints import postings_can_be_erased
from tests.factories import NOW
from tests.worlds import open_campaign, winning_code

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_journal(settings, tmp_path):
    settings.JOURNAL = f"folder:{tmp_path / 'journal'}"
    recovered.look_again()
    yield
    recovered.look_again()


@pytest.fixture
def world():
    return open_campaign(codes=4)


@pytest.fixture
def code(world) -> str:
    return winning_code(world)[1]


def sell(world, code, number="P-1", **more) -> Redemption:
    till = {"agency_id": world.agency.pk, "store_id": world.store.pk, "now": NOW}
    return redeem_code(presented=code, pos_transaction_id=number, **till, **more)


def undo(world, number="P-1") -> Redemption | None:
    return reverse_transaction(
        agency_id=world.agency.pk, store_id=world.store.pk, pos_transaction_id=number, reason="取消", now=NOW
    )


def undone_lines() -> list[dict]:
    return [line for line in read_lines(open_journal())[0] if line["what"] == "undone"]


def forget_sales() -> None:
    """Take what tills did out of the database, as a restore to the time before it does."""
    with postings_can_be_erased():
        LedgerTransfer.objects.all().delete()
    Redemption.objects.filter(reverses__isnull=False).delete()
    Redemption.objects.all().delete()
    Tombstone.objects.all().delete()
    for code in GiftCode.objects.all():
        GiftCode.objects.filter(pk=code.pk).update(balance_jpy=code.face_value_jpy, use_count=0, redeemed_at=None)


def test_F27_the_line_holds_the_number_as_a_keyed_hash_only(world, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        undo(world)
        undo(world)

    (line,) = undone_lines()
    assert line == {
        "what": "undone",
        "id": f"{world.store.public_id}.{pos_index(world.store.pk, 'P-1')}",
        "at": NOW.isoformat(),
        "agency": str(world.agency.public_id),
        "store": str(world.store.public_id),
        "pos": pos_index(world.store.pk, "P-1"),
    }
    assert "P-1" not in str(line)
    assert lost_promises(NOW) == []


@pytest.mark.parametrize("has_journal", [True, False], ids=["journal", "control"])
def test_F27_a_late_sale_that_its_till_undid_is_refused_after_a_restore(world, code, settings, tmp_path, has_journal):
    assert undo(world) is None
    write_missing(now=NOW)
    forget_sales()
    assert lost_promises(NOW) == [f"codes.tombstone:{undone_lines()[0]['id']}"]
    if not has_journal:
        settings.JOURNAL = f"folder:{tmp_path / 'another'}"

    done = recover(now=NOW)

    if not has_journal:
        assert sell(world, code).amount_jpy == 500  # the harm
        return
    assert (done.sales_undone, done.conflicts) == (1, [])
    with pytest.raises(ReversedBeforeArrival):
        sell(world, code)
    assert Redemption.objects.count() == 0
    assert lost_promises(NOW) == []
    line = AuditEntry.objects.filter(action="sale.undone").latest("pk")
    assert (line.reason, line.subject_id) == ("known from the journal", str(world.store.public_id))
    assert (recover(now=NOW).sales_undone, Tombstone.objects.count()) == (0, 1)
    assert undo(world) is None  # the till asks once more
    assert Tombstone.objects.count() == 1


def test_F27_a_sale_that_was_booked_and_undone_is_both_again(world, code):
    sell(world, code)
    undo(world)
    write_missing(now=NOW)
    forget_sales()

    done = recover(now=NOW)

    assert (done.uses_recovered, done.sales_undone, done.conflicts) == (2, 1, [])
    assert violations(NOW).keys() <= {"I13"}
    with pytest.raises(ReversedBeforeArrival):
        sell(world, code)
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 500
    assert undo(world) == Redemption.objects.get(kind="reversal")


def test_F27_the_dry_run_tells_of_undone_sales_and_changes_nothing(world, capsys):
    undo(world)
    write_missing(now=NOW)
    forget_sales()

    call_command("replay_journal")

    assert f"{'undone sales that it does not know':<40} {1:>10}\n" in capsys.readouterr().out
    assert len(plan_recovery(now=NOW).lost_undoings) == 1
    assert Tombstone.objects.count() == 0


def test_F27_an_undone_sale_of_a_store_that_came_after_the_backup_is_left_to_a_person(world):
    undo(world)
    write_missing(now=NOW)
    forget_sales()
    Store.objects.filter(pk=world.store.pk).update(public_id="00000000-0000-0000-0000-000000000001")

    done = recover(now=NOW)

    assert (done.sales_undone, done.conflicts) == (0, [undone_lines()[0]["id"]])


@pytest.mark.parametrize(("use_hashed", "stone_hashed"), [(True, False), (False, True), (True, True)])
def test_I07_a_sale_alive_though_its_till_undid_it_is_found_by_the_hash_of_its_number(
    world, code, use_hashed, stone_hashed
):
    used = sell(world, code)
    other = sell(world, winning_code(world)[1], "P-2")
    name = {True: pos_index(world.store.pk, "P-1"), False: "P-1"}
    Redemption.objects.filter(pk=used.pk).update(pos_transaction_id=name[use_hashed])
    assert "I07" not in violations(NOW)

    Tombstone.objects.create(agency=world.agency, store=world.store, pos_transaction_id=name[stone_hashed], at=NOW)

    assert violations(NOW)["I07"] == [f"codes.redemption:{used.pk}"]
    Redemption.objects.filter(pk=used.pk).update(pos_transaction_id="P-3")
    Redemption.objects.filter(pk=other.pk).update(pos_transaction_id=pos_index(world.store.pk, "P-4"))
    assert "I07" not in violations(NOW)


def test_F27_an_undone_sale_from_the_journal_is_known_across_the_change_of_the_index_key(world, code, settings):
    for key_id in ("0", "1"):
        settings.INDEX_KEYS, settings.INDEX_KEY_ID = {"0": settings.INDEX_KEY, "1": NEW}, key_id
        Tombstone.objects.all().delete()
        Tombstone.objects.create(
            agency=world.agency, store=world.store, pos_transaction_id=pos_index(world.store.pk, "P-1"), at=NOW
        )
        for current in ("0", "1"):
            settings.INDEX_KEY_ID = current
            with pytest.raises(ReversedBeforeArrival):
                sell(world, code)
            counted = uses_of_index_keys(NOW)[key_id]["undone sales from the journal"]
            assert counted == Kept(1, NOW + TILLS_ASK)
