"""Each check of the audit finds the violation it is for, planted behind the services' backs."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from campaigns.models import Campaign, Mechanic, RuleKind
from codes.models import Allocation, Award, GiftCode, Household, Redemption
from codes.services import redeem_code, reveal_code, reverse_redemption
from codes.services.journaling import write_missing
from core import clock
from distribution.models import Delivery
from draws.models import CourseCounter
from eligibility.services import create_serial_batch
from journeys.audit import CHECKS, audit_invariants, lost_promises, violations
from participants.models import Entry, EntryStatus, ProofKind
from participants.services import save_typed_proof
from receipts.models import Receipt
from tests import factories
from tests.constraints import drop_constraints, drop_unique
from tests.factories import NOW
from tests.journeys.plants import PLANTS
from tests.journeys.value_plants import first, name, parcel
from tests.worlds import World, begin, finish, open_campaign, win, winning_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """A campaign with two winners, one of whom has used half of his code and had it reversed."""
    world = open_campaign(codes=5, rules=(RuleKind.SERIAL,), course={"daily_cap": 9}, entries_per_person=2)
    create_serial_batch(campaign_id=world.campaign.pk, name="版", values=["AAAA1111", "BBBB2222", "CCCC3333"])
    for number in ("AAAA1111", "BBBB2222"):
        entry = begin(world)
        save_typed_proof(entry_id=entry.pk, kind=ProofKind.SERIAL, value=number)
        assert finish(entry).status == EntryStatus.WON
    code = reveal_code(award_id=first(Award).pk, now=NOW).code
    till: dict[str, Any] = {
        "agency_id": world.agency.pk,
        "store_id": world.store.pk,
        "pos_transaction_id": "1",
        "now": NOW,
    }
    used = redeem_code(presented=code, amount_jpy=200, **till)
    reverse_redemption(agency_id=world.agency.pk, redemption_public_id=str(used.public_id), now=NOW)
    assert violations(NOW) == {}
    return world


def found(invariant: str) -> list[str]:
    """What the audit finds; a plant may break other invariants too, but not silently this one."""
    return CHECKS[invariant](NOW)


@contextmanager
def rolled_back() -> Iterator[None]:
    """Undo what was planted, so that the next plant meets a sound world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("invariant", PLANTS)
def test_the_audit_finds_what_was_planted(world, invariant, subtests):
    for plant in PLANTS[invariant]:
        with subtests.test(plant.__name__), rolled_back():
            row = plant(world)

            assert name(row) in found(invariant)


@pytest.mark.postgres
def test_I01_the_audit_finds_a_code_that_was_given_twice(world):
    drop_unique(Award, "gift_code_id")
    one, other = Award.objects.order_by("pk")
    Award.objects.filter(pk=other.pk).update(gift_code=one.gift_code)

    assert {name(one), name(other)} <= set(found("I01"))


@pytest.mark.postgres
def test_I01_the_audit_finds_two_awards_of_one_prize_to_one_entry(world):
    drop_constraints(Award, "award_once_per_prize")
    one, other = Award.objects.order_by("pk")
    Award.objects.filter(pk=other.pk).update(entry=one.entry)

    assert {name(one), name(other)} <= set(found("I01"))


@pytest.mark.postgres
def test_I03_the_audit_finds_two_messages_of_one_award(world):
    drop_unique(Delivery, "award_id")
    award = first(Award)
    factories.DeliveryFactory.create(award=award)

    assert {name(row) for row in award.entry.deliveries.all()} <= set(found("I03"))


@pytest.mark.postgres
def test_I04_the_audit_finds_a_cap_that_was_exceeded(world):
    drop_constraints(CourseCounter, "counter_within_cap")
    CourseCounter.objects.update(cap=1)

    assert {name(row) for row in CourseCounter.objects.all()} <= set(found("I04"))


@pytest.mark.postgres
def test_I04_the_audit_finds_a_share_that_was_overdrawn(world):
    drop_constraints(Allocation, "allocation_within_quota")
    share = Allocation.objects.create(agency=world.agency, prize=world.prize, place="", quota=1, used=2)

    assert name(share) in found("I04")


@pytest.mark.postgres
def test_I04_the_audit_finds_a_household_above_its_cap(world):
    drop_constraints(Household, "household_within_cap")
    household = parcel().household
    Household.objects.filter(pk=household.pk).update(cap=0)

    assert name(household) in found("I04")


@pytest.mark.postgres
def test_I05_the_audit_finds_a_balance_above_the_value(world):
    drop_constraints(GiftCode, "gift_code_balance_within_face")
    code = GiftCode.objects.latest("pk")
    GiftCode.objects.filter(pk=code.pk).update(balance_jpy=501)

    assert name(code) in found("I05")


@pytest.mark.postgres
def test_I05_the_audit_finds_a_second_reversal(world):
    again = Redemption.objects.get(kind="reversal")
    again.pk, again.public_id = None, uuid.uuid4()
    again.save(force_insert=True)

    assert name(again.reverses) in found("I05")
    assert name(again) in found("I06")
    assert name(again.gift_code) in found("I05")


@pytest.mark.postgres
def test_I05_the_audit_finds_one_transaction_of_a_till_with_two_lines(world):
    drop_constraints(Redemption, "redemption_once_per_pos_transaction")
    Redemption.objects.update(pos_transaction_id="1")

    assert {name(row) for row in Redemption.objects.all()} <= set(found("I05"))


@pytest.mark.postgres
def test_I16_the_audit_finds_a_receipt_that_counts_twice(world):
    drop_constraints(Receipt, "receipt_counts_once_per_campaign")
    both = [
        factories.ReceiptFactory.create(entry=entry, counts=True, fingerprint="f" * 64) for entry in Entry.objects.all()
    ]

    assert sorted(name(receipt) for receipt in both) == found("I16")


@pytest.mark.postgres
def test_I20_the_audit_finds_money_that_is_no_integer(world):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE campaigns_prize ALTER COLUMN face_value_jpy TYPE numeric(12, 2)")

    assert found("I20") == ["campaigns_prize.face_value_jpy"]


@pytest.fixture
def journal(settings, tmp_path):
    settings.JOURNAL = f"folder:{tmp_path}"
    return tmp_path


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize("what", [Award, Redemption])
def test_I08_the_audit_finds_what_was_promised_and_is_not_there(world, what, monkeypatch):
    write_missing(now=NOW)
    assert lost_promises(NOW) == []
    known = first(what).public_id
    what.objects.filter(public_id=known).update(public_id=uuid.uuid4())

    assert lost_promises(NOW) == [f"{what._meta.label_lower}:{known}"]
    assert lost_promises(NOW + timedelta(days=3)) == []
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with pytest.raises(SystemExit):
        call_command("audit_invariants", stdout=(out := StringIO()))
    assert f"I08 1 {what._meta.label_lower}:{known}\n" in out.getvalue()


def test_I08_a_line_that_was_torn_or_altered_promises_nothing(world, journal):
    write_missing(now=NOW)
    (file,) = journal.iterdir()
    file.write_bytes(file.read_bytes().replace(str(first(Award).public_id).encode(), b"0" * 36) + b"00000000 {")

    assert lost_promises(NOW) == []


def test_I08_a_journal_that_cannot_be_read_is_no_good_news(world, settings):
    settings.JOURNAL = "nowhere:"
    out = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("audit_invariants", stdout=out)

    assert ended.value.code == 1
    assert "I08 not asked" in out.getvalue()


@pytest.mark.usefixtures("journal")
def test_the_command_says_ok_and_ends_well_where_nothing_is_wrong(world):
    out = StringIO()

    call_command("audit_invariants", stdout=out)

    lines = out.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == sorted([*audit_invariants(NOW), "I08"])
    assert {line.split(" ", 1)[1] for line in lines} == {"ok"}


@pytest.mark.usefixtures("journal")
def test_the_command_names_ids_only_and_fails_where_something_is_wrong(world):
    award = first(Award)
    Delivery.objects.filter(award=award).delete()
    out = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("audit_invariants", stdout=out)

    assert ended.value.code == 1
    assert f"I03 1 codes.award:{award.pk}\n" in out.getvalue()


def test_I19_a_verdict_can_be_repeated_after_the_rules_were_changed(world):
    Campaign.objects.update(entries_per_person=1, entry_closes_at=NOW + timedelta(days=300))
    win_later = begin(world)
    save_typed_proof(entry_id=win_later.pk, kind=ProofKind.SERIAL, value="CCCC3333")
    finish(win_later)

    assert found("I19") == []


def test_a_later_draw_that_waits_is_no_violation():
    world = open_campaign(mechanic=Mechanic.LATER, course={"total_cap": 1})
    assert finish(begin(world)).status == EntryStatus.ACCEPTED
    assert finish(begin(world, confirmed=False)).status == EntryStatus.ACCEPTED

    assert violations(NOW) == {}


def test_revealing_and_winning_leave_nothing_to_find():
    world = open_campaign()
    winning_code(world)
    win(world)

    assert violations(NOW) == {}
