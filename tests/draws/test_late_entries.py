"""Who is accepted after the draw is drawn at its odds, or given a prize by hand; nobody waits for ever."""

from fractions import Fraction
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import AuditEntry
from campaigns.errors import PremiumLimitExceeded
from campaigns.models import Campaign, Mechanic, Prize
from campaigns.services import set_budget
from codes.errors import BudgetSpent, OutOfStock
from codes.models import Award
from codes.services import set_running_budget
from distribution.errors import NoContact
from draws.errors import CandidatesChanged, DrawNotPossible, NotLate
from draws.mechanics.later import Ticket, draw_apart
from draws.models import CourseCounter, Draw, DrawResult
from draws.selectors import first_draw, late_entries, odds_of
from draws.services import hold_supplementary_draw, supplementary
from journeys.audit import violations
from journeys.late import confirm_late_draw, give_by_hand, preview_late_draw
from journeys.services import advance_entry, confirm_draw, sweep
from participants.models import Entry, EntryStatus
from participants.services import verify_identity
from tests.factories import NOW
from tests.worlds import World, begin, contact, finish, open_campaign, send

SEED = "5a" * 32


def tickets(count: int) -> list[Ticket]:
    return [Ticket(n, f"entry-{n}", participant_id=n, is_confirmed=True) for n in range(count)]


def test_over_many_seeds_each_entry_wins_as_often_as_the_draw_s_odds_say():
    chances = [(7, 1), (8, 2)]
    wins = [draw_apart(f"{seed:064x}", tickets(1), chances, out_of=10, won_before=set()) for seed in range(4_000)]

    assert 320 < sum(won == {0: 7} for won in wins) < 480  # one of ten
    assert 690 < sum(won == {0: 8} for won in wins) < 910  # two of ten


@given(st.integers(0, 30), st.randoms())
def test_I14_a_seed_gives_one_result_whoever_else_takes_part(count, random):
    shuffled = tickets(count)
    random.shuffle(shuffled)
    together = draw_apart(SEED, shuffled, [(7, 3)], out_of=10, won_before=set())

    apart = [draw_apart(SEED, [ticket], [(7, 3)], out_of=10, won_before=set()) for ticket in shuffled]
    assert together == {entry: course for won in apart for entry, course in won.items()}


def test_where_everybody_won_everybody_wins_and_where_nobody_did_nobody_does():
    assert draw_apart(SEED, tickets(5), [(7, 3)], out_of=3, won_before=set()) == dict.fromkeys(range(5), 7)
    assert draw_apart(SEED, tickets(5), [], out_of=3, won_before=set()) == {}


def test_a_person_wins_once_and_who_cannot_be_reached_not_at_all():
    same = [Ticket(1, "a", 10, is_confirmed=True), Ticket(2, "b", 10, is_confirmed=True)]
    others = [Ticket(3, "c", 11, is_confirmed=False), Ticket(4, "d", 12, is_confirmed=True)]

    won = draw_apart(SEED, same + others, [(7, 1)], out_of=1, won_before={12})

    assert len(won) == 1
    assert set(won) < {1, 2}


def drawn(people: int = 3, *, places: int = 1, codes: int = 5, **details) -> World:
    """A campaign that was drawn among these people."""
    world = open_campaign(codes=codes, mechanic=Mechanic.LATER, course={"total_cap": places}, **details)
    for _person in range(people):
        finish(begin(world))
    Campaign.objects.update(status="closed")
    confirm_draw(campaign_id=world.campaign.pk, expected_candidates=people, actor_id=world.operator.pk, now=NOW)
    sweep(now=NOW)
    return world


def accept_late(world: World, **details) -> Entry:
    """An entry begun in time and accepted now."""
    Campaign.objects.update(status="open")
    world.campaign.refresh_from_db()
    entry = send(begin(world, **details))
    Campaign.objects.update(status="closed")
    return advance_entry(entry_id=entry.pk, now=NOW)


def hold(world: World, expected: int) -> Draw:
    return confirm_late_draw(
        campaign_id=world.campaign.pk, expected_candidates=expected, actor_id=world.operator.pk, now=NOW
    )


def grant(world: World, entry: Entry, **details) -> DrawResult:
    asked = {"course_id": world.course.pk, "reason": "再審査で承認したため"} | details
    return give_by_hand(entry_id=entry.pk, actor_id=world.operator.pk, now=NOW, **asked)


@pytest.mark.django_db
class TestWaiting:
    def test_it_waits_without_a_result_and_is_named(self):
        world = drawn()
        late = accept_late(world)
        sweep(now=NOW)

        late.refresh_from_db()
        assert (late.status, late.advance_after) == (EntryStatus.ACCEPTED, None)
        assert list(late_entries()) == [late]
        assert violations(NOW) == {}

    def test_before_the_draw_nobody_is_late(self):
        world = open_campaign(mechanic=Mechanic.LATER, course={"total_cap": 1})
        finish(begin(world))

        assert not late_entries().exists()
        assert "not_drawn_yet" in preview_late_draw(campaign_id=world.campaign.pk).obstacles


@pytest.mark.django_db
class TestSupplementaryDraw:
    def test_the_preview_tells_odds_entries_stock_and_the_highest_value(self):
        world = drawn(4, places=2)
        accept_late(world)
        accept_late(world)
        accept_late(world, confirmed=False)

        preview = preview_late_draw(campaign_id=world.campaign.pk)

        (course,) = preview.courses
        assert (preview.candidate_count, preview.unconfirmed_count, preview.obstacles) == (2, 1, ())
        assert (course.winner_count, course.out_of, course.stock_count) == (2, 4, 3)
        assert preview.most_jpy == 1000

    def test_I14_it_can_be_repeated_from_its_seed_and_every_entry_has_its_result(self):
        world = drawn(4, places=2, codes=6)  # all four may win
        entries = [accept_late(world) for _person in range(4)]

        draw = hold(world, 4)
        sweep(now=NOW)

        made = [Ticket(e.pk, str(e.public_id), e.participant_id, is_confirmed=True) for e in entries]
        odds = odds_of(first_draw(world.campaign))
        again = draw_apart(draw.seed, made, odds.chances, out_of=odds.out_of, won_before=set())
        assert odds.chances == ((world.course.pk, 2),)
        assert Fraction(odds.winner_count, odds.out_of) == Fraction(1, 2)
        assert again == dict(draw.results.filter(course__isnull=False).values_list("entry", "course"))
        assert (draw.number, draw.candidate_count, draw.winner_count) == (2, 4, len(again))
        statuses = Entry.objects.filter(pk__in=[entry.pk for entry in entries]).values_list("status", flat=True)
        assert sorted(statuses) == ["lost"] * (4 - len(again)) + ["won"] * len(again)
        assert violations(NOW) == {}

    def test_I04_a_winner_beyond_the_announced_places_is_added_and_the_cap_stays(self, monkeypatch):
        world = drawn(2, places=1)
        accept_late(world)
        monkeypatch.setattr(
            supplementary,
            "draw_apart",
            lambda _seed, tickets, *_args, **_kwargs: dict.fromkeys(
                (ticket.entry_id for ticket in tickets), world.course.pk
            ),
        )

        hold(world, 1)
        sweep(now=NOW)

        counter = CourseCounter.objects.get(day__isnull=True)
        world.course.refresh_from_db()
        assert (counter.used, counter.cap, counter.added, world.course.total_cap) == (2, 2, 1, 1)
        assert Award.objects.count() == 2
        assert violations(NOW) == {}

    def test_places_that_were_left_over_are_taken_first(self):
        world = drawn(2, places=5)  # both won
        accept_late(world)

        assert hold(world, 1).winner_count == 1
        assert CourseCounter.objects.get(day__isnull=True).added == 0

    def test_another_number_than_confirmed_holds_nothing(self):
        world = drawn()
        accept_late(world)

        with pytest.raises(CandidatesChanged):
            hold(world, 2)
        assert Draw.objects.count() == 1

    def test_without_late_entries_or_a_draw_or_codes_it_is_not_held(self):
        world = drawn(2, places=2, codes=2)
        with pytest.raises(DrawNotPossible):
            hold(world, 0)
        accept_late(world)
        assert preview_late_draw(campaign_id=world.campaign.pk).obstacles == ("stock_too_small",)
        Draw.objects.update(status="planned", seed="", drawn_at=None)
        with pytest.raises(DrawNotPossible):
            hold_supplementary_draw(campaign_id=world.campaign.pk, expected_candidates=1, actor_id=None, now=NOW)

    def test_it_is_not_held_where_the_budget_has_less_left_than_the_winners_to_be_expected_get(self):
        world = drawn(2, places=2, codes=9)
        set_running_budget(campaign_id=world.campaign.pk, total_jpy=1499, now=NOW)  # two winners of 500 yen so far
        accept_late(world)

        assert preview_late_draw(campaign_id=world.campaign.pk).obstacles == ("budget_too_small",)
        set_budget(campaign_id=world.campaign.pk, total_jpy=1500, now=NOW)
        assert preview_late_draw(campaign_id=world.campaign.pk).obstacles == ()

    def test_who_confirms_an_address_afterwards_is_in_the_next_one(self):
        world = drawn(2, places=2)
        accept_late(world)
        unconfirmed = accept_late(world, confirmed=False)
        hold(world, 1)
        verify_identity(identity_id=contact(unconfirmed).pk, now=NOW)
        sweep(now=NOW)

        assert list(late_entries()) == [unconfirmed]
        assert hold(world, 1).number == 3


@pytest.mark.django_db
class TestPrizeByHand:
    def test_it_is_given_at_once_with_its_reason_in_the_trail(self):
        world = drawn()
        late = accept_late(world)

        result = grant(world, late)

        late.refresh_from_db()
        line = AuditEntry.objects.get(action="entry.course_granted")
        assert (late.status, result.course, result.draw) == (EntryStatus.WON, world.course, None)
        assert Award.objects.get(entry=late).delivery.kind == "award"
        assert (line.reason, line.actor) == ("再審査で承認したため", world.operator)
        assert violations(NOW) == {}

    def test_without_a_code_nothing_of_it_stays(self):
        world = drawn(2, places=1, codes=1)
        late = accept_late(world)

        with pytest.raises(OutOfStock):
            grant(world, late)
        late.refresh_from_db()
        assert (late.status, CourseCounter.objects.get(day__isnull=True).added) == (EntryStatus.ACCEPTED, 0)
        assert not DrawResult.objects.filter(entry=late).exists()

    def test_I04_beyond_the_budget_nothing_of_it_stays(self):
        world = drawn(2, places=1)
        late = accept_late(world)
        set_running_budget(campaign_id=world.campaign.pk, total_jpy=999, now=NOW)

        with pytest.raises(BudgetSpent):
            grant(world, late)
        assert not DrawResult.objects.filter(entry=late).exists()
        set_budget(campaign_id=world.campaign.pk, total_jpy=1000, now=NOW)
        assert grant(world, late).is_win
        assert violations(NOW) == {}

    def test_it_is_for_late_entries_that_can_be_reached_and_courses_of_their_campaign(self):
        world = drawn()
        lost = Entry.objects.filter(status=EntryStatus.LOST).first()
        elsewhere = open_campaign()

        with pytest.raises(NotLate):
            grant(world, lost)
        with pytest.raises(NoContact):
            grant(world, accept_late(world, confirmed=False))
        with pytest.raises(NotLate):
            grant(world, accept_late(world), course_id=elsewhere.course.pk)
        assert Award.objects.count() == 1


@pytest.mark.django_db
class TestLawOnPremiums:
    """Prizes of 500 yen; with sales of 75,000 yen all of them may be worth 1,500: three."""

    FIGURES: ClassVar = {"trade_value_jpy": 1_000, "projected_sales_jpy": 75_000}

    def test_a_prize_by_hand_is_refused_where_all_prizes_together_would_be_worth_too_much(self):
        world = drawn(3, places=2, **self.FIGURES)
        grant(world, accept_late(world))
        late = accept_late(world)

        with pytest.raises(PremiumLimitExceeded) as refused:
            grant(world, late)

        late.refresh_from_db()
        assert refused.value.code == "premium_limit_exceeded"
        assert refused.value.context == {"obstacles": ["premiums_above_total"]}
        assert str(refused.value) == (
            "この賞品を加えると景品表示法の限度を超えるか、限度を計算できないため、提供できません。 "
            "すべての賞品の合計額は2,000円です。景品表示法により、売上予定総額から計算した総額の限度は1,500円で、"
            "500円超過しています。"
        )
        assert (late.status, CourseCounter.objects.get(day__isnull=True).added) == (EntryStatus.ACCEPTED, 1)
        assert not DrawResult.objects.filter(entry=late).exists()

    def test_a_place_that_the_draw_left_over_was_counted_already(self):
        world = drawn(1, places=3, **self.FIGURES)

        assert grant(world, accept_late(world)).is_win

    def test_a_prize_that_became_too_dear_for_one_winner_is_refused(self):
        world = drawn(2, **self.FIGURES | {"projected_sales_jpy": 10_000_000})
        late = accept_late(world)
        Prize.objects.update(face_value_jpy=20_001)

        with pytest.raises(PremiumLimitExceeded, match="20,000円で、1円超過") as refused:
            grant(world, late)
        assert refused.value.context == {"obstacles": ["premium_above_limit"]}

    def test_without_projected_sales_nothing_is_given_until_they_are_entered(self):
        world = drawn(2, **self.FIGURES)
        Campaign.objects.update(projected_sales_jpy=None)
        late = accept_late(world)

        with pytest.raises(PremiumLimitExceeded) as refused:
            grant(world, late)
        assert refused.value.context == {"obstacles": ["no_projected_sales"]}

    def test_a_supplementary_draw_is_not_held_where_winners_could_be_worth_too_much(self):
        world = drawn(3, places=2, **self.FIGURES)
        accept_late(world)
        assert preview_late_draw(campaign_id=world.campaign.pk).obstacles == ()
        accept_late(world)

        assert preview_late_draw(campaign_id=world.campaign.pk).obstacles == ("premiums_too_high",)
        with pytest.raises(DrawNotPossible):
            hold(world, 2)
        assert Draw.objects.count() == 1
