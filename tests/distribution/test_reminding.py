"""A prize that waits is reminded of once, by day, and only as long as that is true; and one nobody saw is reissued."""

from datetime import timedelta

import pytest
from django.core import mail

from codes.errors import AlreadyRevealed, AwardVoided, NotEligible, OutOfStock
from codes.holders import Holder
from codes.links import claim_url, moving_url
from codes.models import Award, GiftCode
from codes.services import open_claim, reveal_code, unbind_award, void_award
from core.clock import end_of_jst_day, jst_day
from distribution import tasks
from distribution.errors import NoContact
from distribution.models import Delivery, DeliveryKind, DeliveryStatus
from distribution.selectors import awards_to_remind_of, daytime_from
from distribution.services import reissue, remind_of_award, send_delivery, send_moving_link
from journeys.audit import violations
from participants.models import Identity
from tests.factories import NOW
from tests.worlds import open_campaign, win

pytestmark = pytest.mark.django_db

DEADLINE = end_of_jst_day(jst_day(NOW) + timedelta(days=30))
DUE = DEADLINE - timedelta(days=3)  # midnight in Japan
MORNING = DUE + timedelta(hours=9)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def award() -> Award:
    return win(open_campaign())


def reminders():
    return Delivery.objects.filter(kind=DeliveryKind.REMINDER)


@pytest.mark.parametrize(
    ("hours", "waits_until"),
    [(9, 9), (20 - 1 / 3600, 20 - 1 / 3600), (20, 33), (23.5, 33), (0, 9), (9 - 1 / 3600, 9)],
)
def test_a_reminder_goes_out_between_nine_and_eight_in_japan(hours, waits_until):
    day = DUE
    assert daytime_from(day + timedelta(hours=hours)) == day + timedelta(hours=waits_until)


def test_a_prize_is_due_for_its_reminder_three_days_before_the_deadline_and_not_after_it(award):
    assert award.claim_expires_at == DEADLINE
    assert awards_to_remind_of(DUE - MOMENT) == []
    assert awards_to_remind_of(DUE) == awards_to_remind_of(DEADLINE - MOMENT) == [award.pk]
    assert awards_to_remind_of(DEADLINE) == []


def test_a_campaign_can_go_without_and_none_is_sent_on_the_heels_of_the_notice(award):
    campaign = award.entry.campaign
    for days, claim_days in ((0, 30), (30, 30), (3, 3)):
        type(campaign).objects.update(claim_reminder_days=days, claim_days=claim_days)
        assert awards_to_remind_of(MORNING) == []


def test_the_clock_reminds_once_by_day_in_mail_with_link_number_and_deadline(award, time_machine):
    open_claim(award_id=award.pk, now=NOW)  # looked at, not opened
    for at in (DUE + timedelta(hours=3), MORNING, MORNING + timedelta(hours=1)):
        time_machine.move_to(at, tick=False)
        tasks.remind_of_claims()

    delivery = reminders().get()
    assert (delivery.about, delivery.next_attempt_at) == (award, MORNING)
    assert send_delivery(delivery_id=delivery.pk, now=MORNING).status == DeliveryStatus.ACCEPTED
    sent = mail.outbox[-1]
    assert sent.subject.startswith("【受取期限が近づいています】")
    for text in (sent.body, sent.alternatives[0][0]):
        assert claim_url(award) in text
        assert award.notice_number in text
        assert "/genuine/" in text
        assert "2026年12月22日(火) 23:59" in text
    award.refresh_from_db()
    assert award.reminded_at == MORNING
    assert violations(MORNING) == {}


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (lambda award: reveal_code(award_id=award.pk, now=MORNING), "already_opened"),
        (lambda award: void_award(award_id=award.pk, reason="x", now=MORNING), "award_voided"),
        (lambda award: Award.objects.update(claim_expires_at=MORNING), "past_deadline"),
    ],
)
def test_a_reminder_that_is_no_longer_true_is_not_sent(award, happens, reason):
    delivery = remind_of_award(award_id=award.pk, now=MORNING)
    happens(award)

    cancelled = send_delivery(delivery_id=delivery.pk, now=MORNING)

    assert (cancelled.status, cancelled.failure_code) == (DeliveryStatus.CANCELLED, reason)
    assert remind_of_award(award_id=award.pk, now=MORNING) is None


def test_a_reminder_that_comes_late_in_the_evening_waits_for_the_morning(award):
    delivery = remind_of_award(award_id=award.pk, now=MORNING)

    evening = DUE + timedelta(hours=21)
    assert send_delivery(delivery_id=delivery.pk, now=evening).status == DeliveryStatus.QUEUED
    delivery.refresh_from_db()
    assert delivery.next_attempt_at == MORNING + timedelta(days=1)
    assert mail.outbox == []


def test_nobody_to_write_to_is_reminded_of_nothing(award):
    Identity.objects.update(unreachable_at=NOW)

    assert remind_of_award(award_id=award.pk, now=MORNING) is None
    with pytest.raises(NoContact):
        send_moving_link(award_id=award.pk, now=NOW)


def test_the_link_for_another_device_goes_to_the_winner_and_not_any_more_once_the_desk_freed_the_prize(award):
    type(award.entry.campaign).objects.update(claim_binding="device")
    reveal_code(award_id=award.pk, now=NOW, holder=Holder(device="phone"))
    award.refresh_from_db()
    first, second = (send_moving_link(award_id=award.pk, now=NOW) for _time in range(2))

    send_delivery(delivery_id=first.pk, now=NOW)

    assert moving_url(award) in mail.outbox[-1].body
    unbind_award(award_id=award.pk, reason="x", now=NOW)
    assert send_delivery(delivery_id=second.pk, now=NOW).failure_code == "not_bound"


def test_I01_I03_a_code_that_nobody_saw_is_replaced_by_another_with_a_notice_of_its_own(award):
    old_notice = Delivery.objects.get(award=award)

    new = reissue(award_id=award.pk, reason="誤送信", now=NOW)

    award.refresh_from_db()
    assert (award.voided_at, new.replaces, new.voided_at) == (NOW, award, None)
    assert GiftCode.objects.get(pk=award.gift_code_id).status == "void"
    assert new.gift_code.status == "issued"
    assert claim_url(new) != claim_url(award)
    assert Delivery.objects.get(award=new).status == DeliveryStatus.QUEUED
    assert send_delivery(delivery_id=old_notice.pk, now=NOW).failure_code == "award_voided"
    assert reissue(award_id=award.pk, reason="again", now=NOW) == new
    assert Award.objects.count() == 2
    assert violations(NOW) == {}


def test_a_code_that_was_seen_is_not_reissued(award):
    reveal_code(award_id=award.pk, now=NOW)

    with pytest.raises(AlreadyRevealed):
        reissue(award_id=award.pk, reason="x", now=NOW)
    assert Award.objects.get().voided_at is None


def test_a_withdrawn_prize_and_goods_are_not_reissued(award):
    Award.objects.update(gift_code=None)
    with pytest.raises(NotEligible):
        reissue(award_id=award.pk, reason="x", now=NOW)
    void_award(award_id=award.pk, reason="x", now=NOW)
    with pytest.raises(AwardVoided):
        reissue(award_id=award.pk, reason="x", now=NOW)


def test_without_another_code_the_award_stays_as_it_is():
    award = win(open_campaign(codes=1))

    with pytest.raises(OutOfStock):
        reissue(award_id=award.pk, reason="x", now=NOW)
    award.refresh_from_db()
    assert award.voided_at is None
    assert GiftCode.objects.get().status == "issued"
