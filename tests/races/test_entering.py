"""Entries that want the same thing at the same moment (I04, I14, I15, I16, T01, T07)."""

import threading
from datetime import timedelta
from functools import partial

import pytest
from django.db.models import F

from campaigns.models import RuleKind
from draws.errors import CapReached
from draws.models import CourseCounter, DrawResult
from draws.services import counters
from eligibility.errors import TooManyAttempts
from eligibility.models import AttemptBudget, NumberUse, Serial
from eligibility.selectors import usable_serial
from eligibility.services import create_serial_batch, deciding, spend_attempt
from journeys import services as journeys
from journeys.audit import violations
from journeys.services import advance_entry, judge_entry, settle_entry
from participants.models import Entry, EntryStatus, Identity, Participant, ProofKind
from participants.selectors import counting_entries
from participants.services import save_typed_proof, verify_identity, wake_entry
from receipts.models import Receipt, ReceiptStatus
from receipts.services import counting
from tests import factories
from tests.factories import NOW
from tests.races.racing import (
    race,
    refusals,
    successes,
    until_shown,
    without_constraints,
    without_locks,
    without_unique,
)
from tests.worlds import World, begin, contact, open_campaign, send

pytestmark = pytest.mark.django_db(transaction=True)


def advance_all(entries: list[Entry]) -> list[object]:
    return race([partial(advance_entry, entry_id=entry.pk, now=NOW) for entry in entries])


def in_status(*entries: Entry) -> list[str]:
    return sorted(Entry.objects.filter(pk__in=[entry.pk for entry in entries]).values_list("status", flat=True))


def entries_with_one_serial(world: World, number: str, count: int) -> list[Entry]:
    create_serial_batch(campaign_id=world.campaign.pk, name=number, values=[number])
    entries = [begin(world) for _person in range(count)]
    for entry in entries:
        save_typed_proof(entry_id=entry.pk, kind=ProofKind.SERIAL, value=number)
        send(entry)
    return entries


def test_I15_one_serial_typed_by_eight_people_is_good_for_one():
    world = open_campaign(codes=10, rules=(RuleKind.SERIAL,))
    entries = entries_with_one_serial(world, "AAAA1111", 8)

    refusals(advance_all(entries))

    assert in_status(*entries) == ["sent_back"] * 7 + ["won"]
    assert Serial.objects.get().used_count == 1
    assert violations(NOW) == {}


def test_negative_control_a_serial_read_first_is_good_for_many(monkeypatch):
    def read_then_count(entry):
        serial = usable_serial(entry)
        if serial is None:
            return False
        Serial.objects.filter(pk=serial.pk).update(used_count=F("used_count") + 1)
        NumberUse.objects.create(entry=entry, serial=serial)
        return True

    monkeypatch.setattr(deciding, "take_serial", read_then_count)
    world = open_campaign(codes=1, rules=(RuleKind.SERIAL,))
    numbers = iter(f"BBBB{number:04}" for number in range(100))

    def is_doubled() -> bool:
        entries = entries_with_one_serial(world, next(numbers), 6)
        race([partial(judge_entry, entry_id=entry.pk, now=NOW) for entry in entries])
        return Serial.objects.filter(used_count__gt=1).exists()

    with without_constraints(Serial, "serial_not_overused"):
        assert until_shown(is_doubled)
        assert "I15" in violations(NOW)


def entries_with_one_receipt(world: World, fingerprint: str, count: int) -> list[Entry]:
    """Receipts without a telephone number: nothing but the fingerprint tells that they are one piece of paper."""
    entries = [begin(world) for _person in range(count)]
    for entry in entries:
        factories.ReceiptFactory.create(
            entry=entry, fingerprint=fingerprint, telephone="", reading={"needs_review": False}
        )
        send(entry)
    return entries


def test_I16_one_receipt_sent_by_eight_people_counts_once():
    world = open_campaign(codes=10)
    entries = entries_with_one_receipt(world, "a" * 64, 8)

    refusals(advance_all(entries))

    assert in_status(*entries) == ["sent_back"] * 7 + ["won"]
    assert Receipt.objects.filter(counts=True).count() == 1
    assert violations(NOW) == {}


def test_negative_control_without_lock_and_constraint_one_receipt_counts_twice(monkeypatch):
    monkeypatch.setattr(counting, "hold", lambda _name: None)
    world = open_campaign(codes=1)
    prints = iter(f"{number:064x}" for number in range(100))

    def is_doubled() -> bool:
        entries = entries_with_one_receipt(world, next(prints), 6)
        race([partial(judge_entry, entry_id=entry.pk, now=NOW) for entry in entries])
        return "I16" in violations(NOW)

    with without_constraints(Receipt, "receipt_counts_once_per_campaign"):
        assert until_shown(is_doubled)


def accepted(world: World, count: int) -> list[Entry]:
    entries = [send(begin(world)) for _person in range(count)]
    for entry in entries:
        judge_entry(entry_id=entry.pk, now=NOW)
    return entries


def settle_all(entries: list[Entry]) -> list[object]:
    return race([partial(settle_entry, entry_id=entry.pk, now=NOW) for entry in entries])


def test_I04_a_cap_of_five_has_five_winners():
    world = open_campaign(codes=16, course={"total_cap": 5, "daily_cap": 9})
    entries = accepted(world, 16)

    refusals(settle_all(entries))

    assert in_status(*entries) == ["lost"] * 11 + ["won"] * 5
    assert list(CourseCounter.objects.values_list("used", flat=True)) == [5, 5]
    assert violations(NOW) == {}


def test_negative_control_a_cap_that_is_read_first_is_exceeded(monkeypatch):
    def read_then_write(course, day, cap, count):
        counter, _created = CourseCounter.objects.get_or_create(course=course, day=day, defaults={"cap": cap})
        if counter.used + count > cap:
            raise CapReached(course_id=course.pk)
        CourseCounter.objects.filter(pk=counter.pk).update(used=counter.used + count)

    monkeypatch.setattr(counters, "_take", read_then_write)

    def is_exceeded() -> bool:
        world = open_campaign(codes=8, course={"total_cap": 2})
        settle_all(accepted(world, 8))
        return DrawResult.objects.filter(course=world.course).count() > 2

    assert until_shown(is_exceeded)
    assert "I04" in violations(NOW)


def test_I14_one_entry_settled_by_eight_workers_has_one_result_one_code_and_one_message():
    world = open_campaign(codes=10)
    (entry,) = accepted(world, 1)

    refusals(settle_all([entry] * 8))

    assert in_status(entry) == ["won"]
    assert (entry.awards.count(), entry.deliveries.count()) == (1, 1)
    assert DrawResult.objects.filter(entry=entry).count() == 1
    assert violations(NOW) == {}


def test_negative_control_without_locks_and_constraint_one_entry_has_two_results():
    def is_doubled() -> bool:
        world = open_campaign(codes=10)
        (entry,) = accepted(world, 1)
        with without_locks():
            settle_all([entry] * 8)
        return DrawResult.objects.filter(entry=entry).count() > 1

    with without_unique(DrawResult, "entry_id"):
        assert until_shown(is_doubled)


def two_entries_of_one_person(world: World) -> list[Entry]:
    """Accepted while they seemed to be two people's; then the same address was confirmed for both."""
    entries = accepted(world, 2)
    Entry.objects.filter(pk=entries[1].pk).update(participant=entries[0].participant_id)
    return entries


def test_of_one_persons_two_entries_the_first_counts():
    world = open_campaign(codes=10)
    entries = two_entries_of_one_person(world)

    refusals(settle_all(entries * 4))

    assert [in_status(entry) for entry in entries] == [["won"], ["refused"]]
    assert violations(NOW) == {}


def test_two_entries_of_one_person_judged_at_once_are_not_both_refused():
    for _round in range(5):
        world = open_campaign(codes=10)
        entries = [send(begin(world)) for _again in range(2)]
        Entry.objects.filter(pk=entries[1].pk).update(participant=entries[0].participant_id)

        refusals(advance_all(entries))

        assert [in_status(entry) for entry in entries] == [["won"], ["refused"]]
    assert violations(NOW) == {}


def test_negative_control_without_the_persons_lock_and_the_order_both_entries_win(monkeypatch):
    def settled_only(entry):
        others = counting_entries(participant_id=entry.participant_id, campaign=entry.campaign, besides_id=entry.pk)
        return others.filter(status=EntryStatus.WON).count() >= entry.campaign.entries_per_person

    monkeypatch.setattr(journeys, "_has_entered_before", settled_only)

    def is_doubled() -> bool:
        world = open_campaign(codes=10)
        entries = two_entries_of_one_person(world)
        with without_locks():
            settle_all(entries)
        return in_status(*entries) == ["won", "won"]

    assert until_shown(is_doubled)


def test_a_merge_between_the_look_and_the_lock_is_noticed(monkeypatch):
    world = open_campaign()
    (entry,) = accepted(world, 1)
    other = factories.ParticipantFactory.create(agency=world.agency)
    select = Participant.objects.select_for_update

    def merged_meanwhile(*arguments, **options):
        Entry.objects.filter(pk=entry.pk).update(participant=other)
        return select(*arguments, **options)

    monkeypatch.setattr(Participant.objects, "select_for_update", merged_meanwhile)

    assert journeys.advance_or_postpone(entry_id=entry.pk, now=NOW) is False
    assert in_status(entry) == ["accepted"]
    monkeypatch.undo()
    assert journeys.sweep(now=NOW + timedelta(seconds=5)) == 1
    assert Entry.objects.get().advance_after is None  # of the other person no contact is confirmed


def test_T04_a_budget_of_five_lets_five_tries_through():
    outcomes = race([partial(spend_attempt, scope="device", limit=5, window_seconds=600, now=NOW)] * 40)

    assert len(successes(outcomes)) == 5
    assert refusals(outcomes) == ["TooManyAttempts"] * 35
    assert AttemptBudget.objects.get().used_count == 5


def test_negative_control_a_budget_that_is_read_first_lets_more_through():
    def read_then_write(scope):
        budget, _created = AttemptBudget.objects.get_or_create(scope=scope, window_started_at=NOW)
        if budget.used_count >= 5:
            raise TooManyAttempts
        AttemptBudget.objects.filter(pk=budget.pk).update(used_count=budget.used_count + 1)

    scopes = iter(f"scope{number}" for number in range(100))

    def is_exceeded() -> bool:
        scope = next(scopes)
        return len(successes(race([partial(read_then_write, scope)] * 16))) > 5

    assert until_shown(is_exceeded)


def test_one_address_confirmed_by_two_people_at_once_makes_them_one():
    world = open_campaign()
    entries = [begin(world, email="taro@example.jp", confirmed=False) for _device in range(4)]

    outcomes = race([partial(verify_identity, identity_id=contact(entry).pk, now=NOW) for entry in entries])

    assert refusals(outcomes) == []
    assert len({person.pk for person in outcomes}) == 1
    assert Identity.objects.filter(verified_at__isnull=False).count() == 1
    assert Entry.objects.values("participant").distinct().count() == 1


def judged_while_the_reader_finishes(world: World, monkeypatch) -> Entry:
    """Judge an entry, and let its receipt's reader finish right after the judge has looked at the receipt."""
    entry = begin(world)
    receipt = factories.ReceiptFactory.create(entry=entry, status=ReceiptStatus.READING, lease_until=NOW)
    send(entry)
    looked, woken = threading.Event(), threading.Event()
    look = deciding.is_being_read

    def look_slowly(judged):
        is_unread = look(judged)
        looked.set()
        woken.wait(0.5)  # with its lock in place the reader cannot get through, and this ends by itself
        return is_unread

    def finish_reading():
        looked.wait(10)
        Receipt.objects.filter(pk=receipt.pk).update(status=ReceiptStatus.READ)
        wake_entry(entry_id=entry.pk, now=NOW)
        woken.set()

    monkeypatch.setattr(deciding, "is_being_read", look_slowly)
    refusals(race([partial(judge_entry, entry_id=entry.pk, now=NOW), finish_reading]))
    entry.refresh_from_db()
    return entry


def test_I09_an_entry_whose_receipt_is_read_while_it_is_judged_is_woken(monkeypatch):
    entry = judged_while_the_reader_finishes(open_campaign(), monkeypatch)

    assert entry.advance_after == NOW
    assert "I09" not in violations(NOW)


def test_negative_control_without_the_lock_the_wake_up_is_lost(monkeypatch):
    with without_locks():
        entry = judged_while_the_reader_finishes(open_campaign(), monkeypatch)

    assert entry.advance_after is None
    assert violations(NOW)["I09"] == [f"participants.entry:{entry.pk}"]
