"""A winner gets each prize of his course once."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.models import PrizeKind
from codes.claim import claim_next_code
from codes.errors import NotEligible, OutOfStock
from codes.models import Award, CodeStatus, GiftCode
from codes.services import activate_batch, award_prizes, generate_codes, void_award
from draws.models import DrawResult
from journeys.audit import violations
from journeys.services import advance_entry
from participants.models import EntryStatus
from tests import factories
from tests.factories import NOW
from tests.worlds import begin, finish, open_campaign, send, stock, win

pytestmark = pytest.mark.django_db


def test_I01_a_result_is_awarded_once_however_often_it_is_asked():
    award = win(open_campaign())

    again = award_prizes(result_id=award.result_id, now=NOW)

    assert again == [award]
    assert GiftCode.objects.filter(status=CodeStatus.ISSUED).count() == 1


def test_a_course_gives_all_its_prizes_goods_without_a_code():
    world = open_campaign()
    second = factories.PrizeFactory.create(course=world.course, kind=PrizeKind.GIFT_CODE)
    goods = factories.PrizeFactory.create(course=world.course, kind=PrizeKind.PHYSICAL)
    stock(second, 1)

    win_of = finish(begin(world))

    awards = Award.objects.filter(entry=win_of).order_by("prize")
    assert [award.prize for award in awards] == [world.prize, second, goods]
    assert [award.gift_code is not None for award in awards] == [True, True, False]
    assert violations(NOW) == {}


def test_a_loser_gets_nothing():
    result = factories.DrawResultFactory.create(course=None, entry__status=EntryStatus.LOST)

    with pytest.raises(NotEligible):
        award_prizes(result_id=result.pk, now=NOW)


def test_without_stock_the_entry_loses_and_nothing_of_the_win_remains():
    world = open_campaign(codes=1, course={"total_cap": 9})
    assert finish(begin(world)).status == EntryStatus.WON

    second = finish(begin(world))

    assert second.status == EntryStatus.LOST
    assert DrawResult.objects.get(entry=second).is_win is False
    assert world.course.counters.get().used == 1
    assert violations(NOW) == {}


def test_when_one_of_two_prizes_is_gone_the_other_stays_in_stock():
    world = open_campaign(codes=2)
    factories.PrizeFactory.create(course=world.course, kind=PrizeKind.GIFT_CODE)  # never stocked

    assert finish(begin(world)).status == EntryStatus.LOST
    assert GiftCode.objects.filter(status=CodeStatus.AVAILABLE).count() == 2


def test_codes_go_out_in_the_order_in_which_they_came_in():
    world = open_campaign(codes=3)

    taken = [claim_next_code(prize_id=world.prize.pk, now=NOW).position for _code in range(3)]

    assert taken == sorted(taken)
    with pytest.raises(OutOfStock):
        claim_next_code(prize_id=world.prize.pk, now=NOW)


def test_a_code_past_its_day_is_not_given_out_even_before_the_sweep():
    world = open_campaign(codes=0)
    batch = generate_codes(prize_id=world.prize.pk, name="期限", count=1, expires_at=NOW, now=NOW)
    activate_batch(batch_id=batch.pk, now=NOW)

    with pytest.raises(OutOfStock):
        claim_next_code(prize_id=world.prize.pk, now=NOW)
    assert claim_next_code(prize_id=world.prize.pk, now=NOW - timedelta(microseconds=1)).prize == world.prize


def test_codes_behind_the_remembered_position_are_still_found():
    world = open_campaign(codes=100)
    for _code in range(100):
        last = claim_next_code(prize_id=world.prize.pk, now=NOW)
    early = GiftCode.objects.earliest("position")
    GiftCode.objects.filter(pk=early.pk).update(status=CodeStatus.AVAILABLE)  # as a rollback leaves it

    assert last.position - early.position > 64
    assert claim_next_code(prize_id=world.prize.pk, now=NOW) == early


def test_the_time_to_receive_ends_with_the_last_day_in_japan():
    award = win(open_campaign(claim_days=30))

    assert award.claim_expires_at == datetime(2026, 12, 22, 15, tzinfo=UTC)


def test_I01_a_withdrawn_award_blocks_its_code_and_can_be_asked_again():
    world = open_campaign()
    award = win(world)

    void_award(award_id=award.pk, reason="fraud", now=NOW)
    void_award(award_id=award.pk, reason="fraud", now=NOW)

    award.refresh_from_db()
    assert award.voided_at == NOW
    assert GiftCode.objects.get(award=award).status == CodeStatus.VOID
    assert violations(NOW) == {}


def test_a_drawn_winner_keeps_his_win_while_codes_are_missing(monkeypatch):
    world = open_campaign(codes=0, mechanic="later", course={"total_cap": 1})
    entry = send(begin(world))
    assert advance_entry(entry_id=entry.pk, now=NOW).status == EntryStatus.ACCEPTED
    factories.DrawResultFactory.create(
        entry=entry, course=world.course, draw=factories.DrawFactory.create(campaign=world.campaign)
    )

    with pytest.raises(OutOfStock):
        advance_entry(entry_id=entry.pk, now=NOW)

    stock(world.prize, 1)
    assert advance_entry(entry_id=entry.pk, now=NOW).status == EntryStatus.WON
