"""What is due is shared out by the hundred; one that is lost, repeated or slow costs the others nothing."""

from datetime import timedelta
from itertools import count

import pytest
from celery import current_app
from django.conf import settings
from django.core import mail
from django.db import transaction

from core import queueing
from distribution import tasks
from distribution.models import Delivery, DeliveryKind, DeliveryStatus
from distribution.selectors import due_deliveries
from distribution.services import SEND_TASK, hand_out, send_delivery, sending
from journeys.audit import violations
from tests.factories import NOW
from tests.worlds import begin, notice, open_campaign

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=settings.LEASE_SECONDS)


@pytest.fixture(autouse=True)
def now(monkeypatch):
    """A clock that tests move."""

    class Now:
        at = NOW

    monkeypatch.setattr(sending.clock, "now", lambda: Now.at)
    return Now


@pytest.fixture
def published(settings, monkeypatch):
    """What reached the broker: the ids of each message."""
    settings.TASKS_ON_COMMIT = True
    batches = []
    monkeypatch.setattr(current_app, "send_task", lambda name, kwargs, **_rest: batches.append((name, kwargs)))
    return batches


@pytest.fixture
def due() -> list[int]:
    """Two hundred and fifty messages that are to be sent now, oldest first."""
    entry = begin(open_campaign())
    Delivery.objects.all().delete()
    made = Delivery.objects.bulk_create(
        Delivery(
            agency_id=entry.agency_id,
            kind=DeliveryKind.NOT_WON,
            entry=entry,
            next_attempt_at=NOW - timedelta(seconds=900 - place),
        )
        for place in range(250)
    )
    return [delivery.pk for delivery in made]


@pytest.fixture
def three() -> list[int]:
    """Three winners that nobody has told yet."""
    world = open_campaign(codes=3)
    return [notice(world).pk for _winner in range(3)]


def states(ids) -> list[str]:
    return list(Delivery.objects.filter(pk__in=ids).order_by("pk").values_list("status", flat=True))


def test_all_that_is_due_is_shared_out_at_once_by_the_hundred(due, published):
    assert hand_out(now=NOW) == due[:100]

    assert published == [
        (SEND_TASK, {"delivery_ids": due[100:200]}),
        (SEND_TASK, {"delivery_ids": due[200:]}),
    ]
    assert set(states(due)) == {DeliveryStatus.QUEUED}
    assert violations(NOW) == {}


def test_handing_out_takes_two_statements_however_much_is_due(due, django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(4):  # two of them the savepoint
        hand_out(now=NOW)


def test_the_next_sweep_leaves_to_the_workers_what_it_has_told_them_of(due, published):
    hand_out(now=NOW)
    published.clear()

    assert hand_out(now=NOW + timedelta(seconds=10)) == []
    assert published == []


def test_F09_what_a_lost_message_told_of_is_handed_out_again_after_the_lease(due):
    hand_out(now=NOW)

    assert due_deliveries(NOW + LEASE - timedelta(microseconds=1)) == []
    assert hand_out(now=NOW + LEASE) == due[:100]


def test_who_is_told_of_a_message_sends_it_though_it_was_handed_out(three):
    hand_out(now=NOW)

    assert send_delivery(delivery_id=three[0], now=NOW).status == DeliveryStatus.ACCEPTED


def test_F11_messages_that_come_three_times_and_in_another_order_send_each_once(three):
    for ids in (three, three[::-1], three[1:]):
        tasks.send_deliveries(delivery_ids=ids)

    assert states(three) == [DeliveryStatus.ACCEPTED] * 3
    assert len(mail.outbox) == 3
    assert violations(NOW) == {}


def test_F06_one_that_fails_in_a_message_does_not_hold_up_the_others(three, monkeypatch, now):
    compose, broken = sending.compose, three[1]

    def without_one(delivery, identity):
        if delivery.pk == broken:
            raise RuntimeError
        return compose(delivery, identity)

    monkeypatch.setattr(sending, "compose", without_one)
    for _round in range(4):
        tasks.send_deliveries(delivery_ids=three)
        now.at += LEASE

    assert states(three) == [DeliveryStatus.ACCEPTED, DeliveryStatus.FAILED, DeliveryStatus.ACCEPTED]
    assert Delivery.objects.get(pk=broken).failure_code == "abandoned"
    assert len(mail.outbox) == 2


def test_F04_a_message_whose_worker_died_half_way_is_finished_by_its_repeat(three, now):
    Delivery.objects.filter(pk=three[0]).update(
        status=DeliveryStatus.SENDING, attempts=1, lease_until=NOW + LEASE, next_attempt_at=None
    )

    tasks.send_deliveries(delivery_ids=three)
    assert states(three) == [DeliveryStatus.SENDING, DeliveryStatus.ACCEPTED, DeliveryStatus.ACCEPTED]
    now.at += LEASE
    tasks.sweep_deliveries()

    assert states(three) == [DeliveryStatus.ACCEPTED] * 3


def test_F07_what_a_worker_has_no_time_for_goes_to_another(three, published, monkeypatch):
    clock = count(0, 31)
    monkeypatch.setattr(queueing.time, "monotonic", lambda: next(clock))

    tasks.send_deliveries(delivery_ids=three)

    assert states(three) == [DeliveryStatus.ACCEPTED, DeliveryStatus.QUEUED, DeliveryStatus.QUEUED]
    assert published == [(SEND_TASK, {"delivery_ids": three[1:]})]


def test_a_message_put_off_by_the_journal_is_due_again_when_its_wait_is_over(three, monkeypatch):
    def unavailable(**_details):
        raise sending.JournalUnavailable(reason="gone")

    hand_out(now=NOW)
    monkeypatch.setattr(sending, "journal_award", unavailable)
    Delivery.objects.get(pk=three[0]).award.__class__.objects.update(journaled_at=None)

    send_delivery(delivery_id=three[0], now=NOW)

    assert due_deliveries(NOW + timedelta(seconds=30)) == [three[0]]
