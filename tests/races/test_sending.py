"""One message, many workers (F07, F11)."""

from functools import partial
from itertools import chain

import pytest
from django.core import mail

from distribution import tasks
from distribution.models import Delivery, DeliveryAttempt, DeliveryStatus
from distribution.services import hand_out, send_delivery, sending
from tests.factories import NOW
from tests.races.racing import race, refusals, until_shown, without_constraints, without_locks
from tests.worlds import notice, open_campaign

pytestmark = pytest.mark.django_db(transaction=True)


def test_F11_eight_workers_that_are_told_of_one_message_send_it_once():
    delivery = notice(open_campaign())

    refusals(race([partial(send_delivery, delivery_id=delivery.pk, now=NOW)] * 8))

    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, len(mail.outbox)) == (DeliveryStatus.ACCEPTED, 1, 1)


def test_F11_eight_workers_with_one_batch_and_sweeps_beside_them_send_each_once():
    world = open_campaign(codes=6)
    ids = [notice(world).pk for _winner in range(6)]
    batch = partial(tasks.send_deliveries, delivery_ids=ids)

    refusals(race([batch, batch, tasks.sweep_deliveries, batch] * 2))

    assert set(Delivery.objects.values_list("status", "attempts")) == {(DeliveryStatus.ACCEPTED, 1)}
    assert len(mail.outbox) == 6


def test_sweeps_at_one_moment_hand_out_each_message_once():
    world = open_campaign(codes=6)
    ids = [notice(world).pk for _winner in range(6)]

    assert sorted(chain(*race([partial(hand_out, now=NOW)] * 8))) == ids


def test_negative_control_without_the_lock_two_sweeps_hand_out_the_same():
    world = open_campaign(codes=6)
    ids = [notice(world).pk for _winner in range(6)]

    def is_doubled() -> bool:
        Delivery.objects.update(lease_until=None)
        with without_locks():
            return len(list(chain(*race([partial(hand_out, now=NOW)] * 8)))) > len(ids)

    assert until_shown(is_doubled)


def test_negative_control_without_lock_and_fence_a_message_is_sent_twice(monkeypatch):
    monkeypatch.setattr(sending, "_held", lambda claim: Delivery.objects.filter(pk=claim.delivery.pk))
    world = open_campaign(codes=30)

    def is_doubled() -> bool:
        delivery = notice(world)
        mail.outbox.clear()
        with without_locks():
            race([partial(send_delivery, delivery_id=delivery.pk, now=NOW)] * 8)
        return len(mail.outbox) > 1

    with without_constraints(DeliveryAttempt, "attempt_number_once"):
        assert until_shown(is_doubled)
