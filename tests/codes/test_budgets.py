"""A campaign's budget in yen: every prize that is given takes from it, and none that does not fit is given (I04)."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from campaigns.errors import BudgetBelowUsed, BudgetNotCounted
from campaigns.models import Budget, CampaignStatus, Mechanic, PrizeKind
from campaigns.services import clone_campaign, set_budget
from codes.budgets import given_jpy, miscounted_budgets
from codes.errors import BudgetSpent, OutOfStock
from codes.models import Award, CodeStatus, GiftCode, Reservation
from codes.services import (
    award_prizes,
    expire_reservations,
    reissue_award,
    release_reservation,
    request_recall,
    reserve_code,
    reveal_code,
    run_job,
    set_running_budget,
    void_award,
)
from codes.services.awarding import award_by_steps
from core.errors import DomainError
from draws.models import DrawResult
from journeys.audit import violations
from journeys.services import advance_entry
from participants.models import EntryStatus
from tests import factories
from tests.factories import NOW
from tests.worlds import World, begin, finish, open_campaign, send, stock, win

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def with_budget(total_jpy: int, **details) -> World:
    """A campaign in which everyone wins, with a budget."""
    world = open_campaign(**details)
    set_running_budget(campaign_id=world.campaign.pk, total_jpy=total_jpy, now=NOW)
    return world


def used(world: World) -> int:
    return Budget.objects.get(campaign=world.campaign).used_jpy


def winner(world: World) -> DrawResult:
    """A result that says "won", of an entry of its own, with nothing given yet."""
    return factories.DrawResultFactory.create(entry__campaign=world.campaign, course=world.course)


@pytest.fixture(params=[award_prizes, award_by_steps], ids=["one call", "by steps"])
def give(request):
    """Both ways in which prizes are given: the function in the database and the steps in Python."""
    return request.param


def test_I04_each_prize_takes_its_worth_until_the_budget_is_spent(give):
    world = with_budget(1000, codes=5)

    for _time in range(2):
        give(result_id=winner(world).pk, now=NOW)

    with pytest.raises(BudgetSpent) as refused:
        give(result_id=winner(world).pk, now=NOW)
    assert refused.value.code == "budget_spent"
    assert (
        str(refused.value) == "このキャンペーンの予算を使い切ったため、この賞品は渡せません。予算を増やしてください。"
    )
    assert used(world) == 1000
    assert GiftCode.objects.filter(status=CodeStatus.AVAILABLE).count() == 3  # what was taken for it went back
    assert miscounted_budgets() == []


def test_I04_a_repeat_takes_nothing(give):
    world = with_budget(1000)
    result = winner(world)

    first, again = (give(result_id=result.pk, now=NOW) for _time in range(2))

    assert (again, used(world)) == (first, 500)


def test_I04_all_prizes_of_a_course_count_goods_with_their_stated_value(give):
    world = with_budget(4000)
    factories.PrizeFactory.create(course=world.course, kind=PrizeKind.PHYSICAL, face_value_jpy=3000)

    give(result_id=winner(world).pk, now=NOW)
    with pytest.raises(BudgetSpent):
        give(result_id=winner(world).pk, now=NOW)

    assert used(world) == 3500
    assert sorted(Award.objects.values_list("value_jpy", flat=True)) == [500, 3000]


def test_I04_a_code_counts_with_its_own_face_value(give):
    world = with_budget(10_000)
    world.prize.face_value_jpy = 800  # for the codes that come in from now on
    world.prize.save(update_fields=["face_value_jpy"])

    give(result_id=winner(world).pk, now=NOW)

    assert used(world) == 500


def test_a_dearer_prize_that_does_not_fit_leaves_the_cheaper_ones(give):
    world = with_budget(1500, codes=3)
    dear = factories.PrizeCourseFactory.create(campaign=world.campaign, position=2)
    stock(factories.PrizeFactory.create(course=dear, kind=PrizeKind.OWN_CODE, face_value_jpy=1000), 1)
    give(result_id=winner(world).pk, now=NOW)
    give(result_id=winner(world).pk, now=NOW)
    of_dear = factories.DrawResultFactory.create(entry__campaign=world.campaign, course=dear)

    with pytest.raises(BudgetSpent):
        give(result_id=of_dear.pk, now=NOW)
    give(result_id=winner(world).pk, now=NOW)

    assert used(world) == 1500


def test_a_campaign_without_a_budget_gives_as_long_as_stock_lasts(give):
    world = open_campaign(codes=2)

    give(result_id=winner(world).pk, now=NOW)

    assert Award.objects.get().value_jpy == 500  # kept all the same, should a budget come
    assert not Budget.objects.exists()


def test_an_entrant_for_whom_nothing_is_left_of_the_budget_loses_and_nothing_of_the_win_remains():
    world = with_budget(500, course={"total_cap": 9})
    assert finish(begin(world)).status == EntryStatus.WON

    second = finish(begin(world))

    assert second.status == EntryStatus.LOST
    assert world.course.counters.get().used == 1
    assert violations(NOW) == {}


def test_a_drawn_winner_keeps_his_win_until_the_budget_is_raised():
    world = open_campaign(mechanic=Mechanic.LATER, course={"total_cap": 1})
    set_running_budget(campaign_id=world.campaign.pk, total_jpy=400, now=NOW)
    entry = send(begin(world))
    advance_entry(entry_id=entry.pk, now=NOW)
    draw = factories.DrawFactory.create(campaign=world.campaign)
    factories.DrawResultFactory.create(entry=entry, course=world.course, draw=draw)

    with pytest.raises(BudgetSpent):
        advance_entry(entry_id=entry.pk, now=NOW)

    set_budget(campaign_id=world.campaign.pk, total_jpy=500, now=NOW)
    assert advance_entry(entry_id=entry.pk, now=NOW).status == EntryStatus.WON


def test_I04_what_is_withdrawn_unseen_returns_to_the_budget_once():
    world = with_budget(500)
    award = win(world)

    for _time in range(2):
        void_award(award_id=award.pk, reason="fraud", now=NOW)

    assert used(world) == 0
    assert finish(begin(world)).status == EntryStatus.WON
    assert violations(NOW) == {}


def test_I04_what_was_seen_before_it_was_withdrawn_stays_given():
    world = with_budget(500)
    award = win(world)
    reveal_code(award_id=award.pk, now=NOW)

    void_award(award_id=award.pk, reason="fraud", now=NOW)

    assert used(world) == 500
    assert finish(begin(world)).status == EntryStatus.LOST
    assert violations(NOW) == {}


def test_I04_a_reissue_takes_nothing_though_the_budget_is_spent():
    world = with_budget(500)
    award = win(world)

    other = reissue_award(award_id=award.pk, reason="wrong address", now=NOW)

    assert (used(world), other.value_jpy) == (500, 500)
    assert given_jpy(world.campaign) == 500
    void_award(award_id=other.pk, reason="fraud", now=NOW)
    assert used(world) == 0


def reserve(world: World, reference: str) -> Reservation:
    return reserve_code(
        agency_id=world.agency.pk, prize_id=world.prize.pk, reference=reference, ttl_seconds=3600, now=NOW
    )


def test_I04_a_reserved_code_counts_until_it_comes_back():
    world = with_budget(1000, codes=5)
    kept, other = reserve(world, "a"), reserve(world, "b")

    with pytest.raises(BudgetSpent):
        reserve(world, "c")
    assert violations(NOW) == {}
    release_reservation(reservation_id=kept.pk, now=NOW)
    assert used(world) == 500
    expire_reservations(now=other.expires_at)
    assert used(world) == 0
    assert violations(NOW) == {}


def test_I04_a_reserved_code_that_is_given_counts_once():
    world = with_budget(500, codes=2)
    reserve(world, "mine")
    result = winner(world)
    result.entry.external_reference = "mine"
    result.entry.save(update_fields=["external_reference"])

    award_prizes(result_id=result.pk, now=NOW)

    assert used(world) == 500
    assert given_jpy(world.campaign) == 500


def test_I04_a_recall_gives_back_what_was_kept_for_somebody():
    world = with_budget(1000, codes=2)
    held = reserve(world, "a")
    job = request_recall(batch_id=held.gift_code.batch_id, reason="misprint", now=NOW)

    run_job(job_id=job.pk, now=NOW)

    assert used(world) == 0
    assert violations(NOW) == {}


def test_a_budget_set_while_prizes_are_given_counts_what_was_given():
    world = open_campaign(codes=4)
    void_award(award_id=win(world).pk, reason="fraud", now=NOW)
    win(world)
    reserve(world, "a")

    with pytest.raises(BudgetBelowUsed) as refused:
        set_running_budget(campaign_id=world.campaign.pk, total_jpy=999, now=NOW)
    assert str(refused.value) == "すでに1,000円分の賞品を渡しています。それより小さくない予算を入力してください。"
    assert not Budget.objects.exists()
    set_running_budget(campaign_id=world.campaign.pk, total_jpy=1000, now=NOW)

    assert used(world) == 1000
    assert finish(begin(world)).status == EntryStatus.LOST
    assert violations(NOW) == {}


def test_a_budget_can_be_raised_and_lowered_but_not_below_what_is_given():
    world = with_budget(2000)
    win(world)

    set_budget(campaign_id=world.campaign.pk, total_jpy=500, now=NOW)
    with pytest.raises(BudgetBelowUsed) as refused:
        set_budget(campaign_id=world.campaign.pk, total_jpy=499, now=NOW)

    assert (refused.value.code, refused.value.used_jpy) == ("budget_below_used", 500)
    assert Budget.objects.get().total_jpy == 500
    facts = AuditEntry.objects.filter(action="campaign.budget_set").order_by("pk").values_list("facts", flat=True)
    assert [(line["before_jpy"], line["total_jpy"]) for line in facts] == [(None, 2000), (2000, 500)]


def test_a_campaign_that_has_opened_gets_its_first_budget_only_with_what_it_gave():
    world = open_campaign()

    with pytest.raises(BudgetNotCounted) as refused:
        set_budget(campaign_id=world.campaign.pk, total_jpy=500, now=NOW)

    assert refused.value.code == "budget_not_counted"
    assert isinstance(refused.value, DomainError)
    assert not Budget.objects.exists()


def test_a_budget_that_is_taken_away_limits_nothing():
    world = with_budget(500)
    win(world)

    set_budget(campaign_id=world.campaign.pk, total_jpy=None, now=NOW)

    assert finish(begin(world)).status == EntryStatus.WON
    set_running_budget(campaign_id=world.campaign.pk, total_jpy=1500, now=NOW)
    assert used(world) == 1000


def test_a_copy_of_a_campaign_has_its_budget_unspent():
    world = with_budget(1500)
    win(world)

    draft = clone_campaign(campaign_id=world.campaign.pk, slug="again", now=NOW)

    assert draft.status == CampaignStatus.DRAFT
    assert (draft.budget.total_jpy, draft.budget.used_jpy) == (1500, 0)


def test_a_spent_budget_is_an_empty_stock_for_whoever_waits_for_codes():
    assert issubclass(BudgetSpent, OutOfStock)
