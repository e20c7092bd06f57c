"""Every answer of a channel leads to one state of the row; who comes late changes nothing."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import AuditEntry
from codes.links import claim_url
from codes.services import void_award
from core.errors import KeyUnavailable, SecretDamaged, StaleState
from distribution import tasks
from distribution.channels.base import ChannelRefused, ChannelUnavailable
from distribution.channels.memory import MemoryChannel
from distribution.errors import NoContact, NotResendable
from distribution.models import Delivery, DeliveryAttempt, DeliveryKind, DeliveryStatus
from distribution.selectors import due_deliveries
from distribution.services import (
    cancel_delivery,
    queue_award,
    queue_message,
    resend_delivery,
    send_delivery,
    sending,
)
from journeys.audit import violations
from participants.models import Identity
from participants.services import attach_line, mark_unreachable
from tests.factories import NOW
from tests.worlds import World, begin, contact, finish, notice, open_campaign

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=90)
MOMENT = timedelta(microseconds=1)


def busy(seconds=None):
    return ChannelUnavailable(seconds, outcome_unknown=False, detail="451 try later")


def lost():
    return ChannelUnavailable(None, outcome_unknown=True, detail="ReadTimeout")


def refused(*, dead=False):
    return ChannelRefused("recipient_refused", "550 5.1.1 no such user", is_address_dead=dead)


@pytest.fixture
def world() -> World:
    return open_campaign(codes=9)


@pytest.fixture
def now(monkeypatch):
    """A clock that tests move; services read it once a channel has answered."""

    class Now:
        at = NOW

    monkeypatch.setattr(sending.clock, "now", lambda: Now.at)
    return Now


@pytest.fixture
def channels(monkeypatch) -> dict[str, MemoryChannel]:
    """Mail, which knows no keys, and LINE, which knows repeats for 23 hours; answers can be planned."""
    mail_channel, line = MemoryChannel(), MemoryChannel()
    mail_channel.name, mail_channel.repeats_recognised_for = "email", None
    line.name = "line"
    opened = {"email": mail_channel, "line": line}
    monkeypatch.setattr(sending, "open_channels", lambda: opened)
    return opened


@pytest.fixture
def delivery(world, channels, now) -> Delivery:
    return notice(world)


def attempt(delivery: Delivery, at=NOW, now=None) -> Delivery:
    if now is not None:
        now.at = at
    return send_delivery(delivery_id=delivery.pk, now=at)


def log() -> list[tuple[str, str]]:
    return list(DeliveryAttempt.objects.order_by("pk").values_list("channel", "outcome"))


def test_a_taken_message_is_handed_over(delivery, channels):
    sent = attempt(delivery)

    assert (sent.status, sent.attempts, sent.accepted_at, sent.lease_until) == (DeliveryStatus.ACCEPTED, 1, NOW, None)
    assert log() == [("email", "accepted")]
    assert AuditEntry.objects.filter(action="delivery.accepted").count() == 1
    (message,) = channels["email"].sent.values()
    assert claim_url(delivery.award) in message.text
    assert violations(NOW) == {}


def test_F11_a_message_told_of_three_times_is_sent_once(delivery, channels):
    for _again in range(3):
        attempt(delivery)

    assert len(channels["email"].attempts) == 1


def test_nothing_is_sent_before_its_time(world, channels, now):
    opens = NOW + timedelta(days=3)
    type(world.campaign).objects.update(delivery_opens_at=opens)
    delivery = notice(world)

    assert due_deliveries(opens - MOMENT) == []
    assert attempt(delivery, opens - MOMENT).status == DeliveryStatus.QUEUED
    assert due_deliveries(opens) == [delivery.pk]
    assert attempt(delivery, opens).status == DeliveryStatus.ACCEPTED


@pytest.mark.parametrize(("asked", "waited"), [(120, 120), (7200, 3600), (0, 0)])
def test_a_busy_channel_is_asked_again_when_it_says(delivery, channels, asked, waited):
    channels["email"].next_failures = [busy(asked)]

    waiting = attempt(delivery)

    assert (waiting.status, waiting.failure_code) == (DeliveryStatus.QUEUED, "unavailable")
    assert waiting.next_attempt_at == NOW + timedelta(seconds=waited)
    assert attempt(waiting, waiting.next_attempt_at).status == DeliveryStatus.ACCEPTED


def test_without_a_hint_the_pauses_double_up_to_an_hour_and_end_after_twelve_tries(delivery, channels, now):
    channels["email"].next_failures = [busy() for _try in range(20)]
    at, pauses = NOW, []
    while (waiting := attempt(delivery, at, now)).next_attempt_at is not None:
        pauses.append((waiting.next_attempt_at - at).total_seconds())
        at = waiting.next_attempt_at

    assert (waiting.status, waiting.attempts) == (DeliveryStatus.FAILED, 12)
    for number, pause in enumerate(pauses):
        expected = min(30 * 2**number, 3600)
        assert 0.8 * expected <= pause <= 1.2 * expected


def test_F19_a_lost_answer_of_a_mail_waits_fifteen_minutes_and_is_sent_once_more(delivery, channels, now):
    channels["email"].next_failures = [lost(), lost()]
    quarter = NOW + timedelta(minutes=15)

    first = attempt(delivery)
    assert (first.status, first.next_attempt_at) == (DeliveryStatus.UNKNOWN, quarter)
    assert attempt(delivery, quarter - MOMENT).attempts == 1

    second = attempt(delivery, quarter, now)
    assert (second.status, second.attempts, second.next_attempt_at) == (DeliveryStatus.UNKNOWN, 2, None)
    assert due_deliveries(quarter + timedelta(days=9)) == []
    assert log() == [("email", "unknown")] * 2


def test_F19_earlier_busy_answers_do_not_use_up_the_one_repeat(delivery, channels, now):
    channels["email"].next_failures = [busy(0), busy(0), lost()]

    for _try in range(3):
        found = attempt(delivery)

    assert (found.status, found.next_attempt_at) == (DeliveryStatus.UNKNOWN, NOW + timedelta(minutes=15))
    assert attempt(delivery, found.next_attempt_at, now).status == DeliveryStatus.ACCEPTED


def by_line(delivery: Delivery) -> Identity:
    """Give the winner a LINE account, confirmed later than his address."""
    return attach_line(entry_id=delivery.entry_id, line_user_id="U1", is_friend=True, now=NOW + timedelta(hours=1))


def test_F20_a_lost_answer_of_LINE_is_repeated_under_the_same_key(delivery, channels, monkeypatch, now):
    channels["line"].next_failures = [lost(), lost()]
    by_line(delivery)
    at = now.at = timezone.now()  # as the lines of the attempts are dated
    for _try in range(3):
        found = attempt(delivery, at, now)
        at = found.next_attempt_at or at

    assert found.status == DeliveryStatus.ACCEPTED
    assert len(channels["line"].attempts) == 3
    assert len(set(channels["line"].attempts)) == len(channels["line"].sent) == 1


def test_F20_a_message_that_waited_long_for_its_first_try_is_still_repeated(delivery, channels, now):
    """What counts is when LINE first heard the key, not when the row was made."""
    channels["line"].next_failures = [lost()]
    by_line(delivery)
    now.at = timezone.now()
    Delivery.objects.update(created_at=now.at - timedelta(days=5))

    found = attempt(delivery, now.at)

    assert found.next_attempt_at < now.at + timedelta(minutes=1)


def test_F20_after_23_hours_a_lost_answer_of_LINE_waits_like_a_mail(delivery, channels, now):
    channels["line"].next_failures = [lost()]
    by_line(delivery)
    now.at = timezone.now() + timedelta(hours=23, seconds=1)

    found = attempt(delivery, now.at)

    assert (found.status, found.next_attempt_at) == (DeliveryStatus.UNKNOWN, now.at + timedelta(minutes=15))


def test_a_refused_contact_is_followed_by_the_next_one_as_the_same_row(delivery, channels, now):
    channels["line"].next_failures = [refused()]
    line = by_line(delivery)

    first = attempt(delivery)
    assert (first.status, first.next_attempt_at) == (DeliveryStatus.QUEUED, NOW)
    second = attempt(delivery)

    assert (second.status, second.attempts) == (DeliveryStatus.ACCEPTED, 2)
    assert log() == [("line", "refused"), ("email", "accepted")]
    line.refresh_from_db()
    assert line.unreachable_at is None
    assert set(channels["email"].attempts).isdisjoint(channels["line"].attempts)  # a key for each contact
    assert violations(NOW) == {}


def test_a_dead_address_is_remembered_and_without_another_the_desk_is_asked(delivery, channels, now):
    channels["email"].next_failures = [refused(dead=True)]

    found = attempt(delivery)

    assert (found.status, found.failure_code, found.next_attempt_at) == (
        DeliveryStatus.FAILED,
        "recipient_refused",
        None,
    )
    assert contact(delivery.entry).unreachable_at == NOW
    with pytest.raises(NoContact):
        resend_delivery(delivery_id=delivery.pk, actor_id=None, now=NOW)


def test_without_any_contact_a_message_fails_at_once(delivery, channels):
    mark_unreachable(identity_id=contact(delivery.entry).pk, now=NOW)

    found = attempt(delivery)

    assert (found.status, found.failure_code, found.attempts) == (DeliveryStatus.FAILED, "no_contact", 0)


def test_F12_a_worker_that_stood_still_sends_nothing_once_another_took_over(delivery, channels, monkeypatch):
    compose = sending.compose

    def stand_still(claimed, identity):
        monkeypatch.setattr(sending, "compose", compose)
        assert attempt(delivery, NOW + LEASE).status == DeliveryStatus.ACCEPTED
        return compose(claimed, identity)

    monkeypatch.setattr(sending, "compose", stand_still)

    found = attempt(delivery)

    assert (found.status, found.attempts, len(channels["email"].attempts)) == (DeliveryStatus.ACCEPTED, 2, 1)


@pytest.mark.parametrize("late", [None, busy, lost, refused], ids=["accepted", "busy", "lost", "refused"])
def test_F12_an_answer_that_comes_after_the_lease_changes_nothing(delivery, channels, monkeypatch, late):
    send = channels["email"].send
    if late:
        channels["email"].next_failures = [late()]

    def slow(message, *, provider_key):
        monkeypatch.setattr(channels["email"], "send", send)
        planned, channels["email"].next_failures = channels["email"].next_failures, []
        taken_over = attempt(delivery, NOW + LEASE)
        assert (taken_over.status, taken_over.attempts) == (DeliveryStatus.ACCEPTED, 2)
        channels["email"].next_failures = planned
        return send(message, provider_key=provider_key)

    monkeypatch.setattr(channels["email"], "send", slow)
    after = attempt(delivery)

    assert (after.status, after.attempts, after.failure_code) == (DeliveryStatus.ACCEPTED, 2, "")
    assert log() == [("email", ""), ("email", "accepted")]
    assert len(channels["email"].sent) == 1  # both tries under one key


def test_a_lease_keeps_others_away_until_it_ends(delivery, channels):
    Delivery.objects.update(status=DeliveryStatus.SENDING, lease_until=NOW + LEASE, attempts=1, next_attempt_at=None)

    assert due_deliveries(NOW + LEASE - MOMENT) == []
    assert attempt(delivery, NOW + LEASE - MOMENT).attempts == 1
    assert due_deliveries(NOW + LEASE) == [delivery.pk]


def test_F28_while_the_key_is_missing_the_message_waits(delivery, channels, monkeypatch):
    def without_key(claimed, identity):
        raise KeyUnavailable(key_id="lost9")

    monkeypatch.setattr(sending, "compose", without_key)

    found = attempt(delivery)

    assert found.status == DeliveryStatus.QUEUED
    assert found.next_attempt_at > NOW
    assert channels["email"].attempts == []


def test_F06_a_message_that_cannot_be_written_does_not_hold_up_the_others(world, delivery, channels, now, monkeypatch):
    other = notice(world)
    Identity.objects.filter(pk=contact(delivery.entry).pk).update(value_ciphertext="v1:test1:xxxx:xxxx")
    with pytest.raises(SecretDamaged):
        attempt(delivery)
    Delivery.objects.filter(pk=delivery.pk).update(lease_until=NOW)
    for _round in range(4):
        tasks.sweep_deliveries()
        now.at += LEASE

    delivery.refresh_from_db()
    other.refresh_from_db()
    assert (delivery.status, delivery.failure_code, delivery.attempts) == (DeliveryStatus.FAILED, "abandoned", 3)
    assert other.status == DeliveryStatus.ACCEPTED


def test_a_withdrawn_award_is_not_announced_any_more(delivery, channels):
    void_award(award_id=delivery.award_id, reason="fraud", now=NOW)

    found = attempt(delivery)

    assert (found.status, found.failure_code) == (DeliveryStatus.CANCELLED, "award_voided")
    assert channels["email"].attempts == []
    assert violations(NOW) == {}


@pytest.mark.parametrize("status", ["accepted", "delivered", "bounced", "failed", "unknown"])
def test_the_desk_sends_again_under_a_new_key_with_the_same_link(delivery, channels, status):
    attempt(delivery)
    Delivery.objects.update(status=status)

    resend_delivery(delivery_id=delivery.pk, actor_id=None, now=NOW)
    again = attempt(delivery)

    assert (again.status, again.attempts) == (DeliveryStatus.ACCEPTED, 2)
    first, second = channels["email"].sent.values()
    assert claim_url(delivery.award) in first.text
    assert claim_url(delivery.award) in second.text
    assert AuditEntry.objects.filter(action="delivery.resent").count() == 1


@pytest.mark.parametrize("status", ["queued", "sending", "cancelled"])
def test_what_waits_or_was_stopped_is_not_sent_again(delivery, channels, status):
    Delivery.objects.update(status=status)

    with pytest.raises(NotResendable):
        resend_delivery(delivery_id=delivery.pk, actor_id=None, now=NOW)


def test_a_queued_message_can_be_stopped_and_a_sent_one_not(delivery, world, channels):
    cancel_delivery(delivery_id=delivery.pk, reason="mistake", actor_id=None, now=NOW)
    assert attempt(delivery).status == DeliveryStatus.CANCELLED
    assert channels["email"].attempts == []

    other = notice(world)
    attempt(other)
    with pytest.raises(StaleState):
        cancel_delivery(delivery_id=other.pk, reason="mistake", actor_id=None, now=NOW)


def test_I03_an_award_has_one_message_however_often_it_is_queued(delivery):
    assert {queue_award(award_id=delivery.award_id, now=NOW) for _again in range(3)} == {delivery}


def test_the_request_to_confirm_goes_to_the_address_typed_and_everything_else_to_confirmed_ones(world, channels, now):
    entry = begin(world, confirmed=False)
    request = queue_message(kind=DeliveryKind.VERIFY_EMAIL, entry_id=entry.pk, now=NOW)

    assert queue_message(kind=DeliveryKind.RESUME, entry_id=entry.pk, now=NOW) is None
    assert request.identity == contact(entry)
    assert attempt(request).status == DeliveryStatus.ACCEPTED


def test_mail_goes_out_through_django_too():
    entry = finish(begin(open_campaign(), email="hanako@example.jp"))

    send_delivery(delivery_id=entry.deliveries.get().pk, now=NOW)

    (sent,) = mail.outbox
    assert sent.to == ["hanako@example.jp"]
