"""Results are fixed once; caps hold by day and in total; a draw is held once, and all of it."""

from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign, Mechanic, PrizeCourse
from codes.models import Award
from codes.services import set_running_budget
from draws.errors import CandidatesChanged, CapReached, DrawNotPossible, NotAccepted
from draws.mechanics import instant
from draws.mechanics.later import Ticket, assign_courses, draw_order
from draws.models import CourseCounter, Draw, DrawResult
from draws.services import decide_result, drawing, hold_draw, record_loss
from draws.services.counters import take_place
from journeys.audit import violations
from journeys.services import confirm_draw, preview_draw, sweep
from participants.models import Entry, EntryStatus
from participants.services import verify_identity
from tests.factories import NOW
from tests.worlds import World, begin, contact, finish, open_campaign, send

pytestmark = pytest.mark.django_db


def statuses() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("status", flat=True))


def test_I14_a_result_is_decided_once(monkeypatch):
    world = open_campaign(mechanic=Mechanic.INSTANT, course={"win_rate_per_million": 500_000})
    tickets = iter([999_999, 0, 0])
    monkeypatch.setattr(instant, "choose_course", lambda courses: courses[0] if next(tickets) == 0 else None)
    entry = finish(begin(world))

    assert entry.status == EntryStatus.LOST
    result = DrawResult.objects.get()
    assert [decide_result(entry_id=entry.pk, now=NOW) for _again in range(3)] == [result] * 3
    assert record_loss(entry_id=entry.pk, now=NOW) == result
    assert finish(begin(world)).status == EntryStatus.WON


def test_an_entry_that_was_not_accepted_has_no_result():
    entry = send(begin(open_campaign()))

    with pytest.raises(NotAccepted):
        decide_result(entry_id=entry.pk, now=NOW)


def test_I04_the_day_s_cap_is_full_until_midnight_in_japan():
    world = open_campaign(codes=9, course={"daily_cap": 1, "total_cap": 2})
    midnight = NOW.replace(hour=15)

    won = [finish(begin(world, now=at), now=at).status for at in (NOW, midnight - timedelta(microseconds=1))]
    won += [finish(begin(world, now=at), now=at).status for at in (midnight, midnight + timedelta(days=1))]

    assert won == ["won", "lost", "won", "lost"]
    assert sorted(CourseCounter.objects.values_list("used", flat=True)) == [1, 1, 2]
    assert violations(NOW) == {}


def test_I04_a_full_total_gives_back_the_day_s_place():
    course = open_campaign(course={"daily_cap": 9, "total_cap": 1}).course
    day = NOW.date()
    take_place(course=course, day=day)

    with pytest.raises(CapReached):
        take_place(course=course, day=day)
    assert sorted(CourseCounter.objects.values_list("used", flat=True)) == [1, 1]


def test_I04_a_cap_that_an_operator_changes_holds_from_then_on():
    course = open_campaign(course={"total_cap": 2}).course
    take_place(course=course, day=NOW.date())
    PrizeCourse.objects.update(total_cap=1)
    course.refresh_from_db()
    with pytest.raises(CapReached):
        take_place(course=course, day=NOW.date())

    PrizeCourse.objects.update(total_cap=3)
    course.refresh_from_db()
    for _place in range(2):
        take_place(course=course, day=NOW.date())
    assert CourseCounter.objects.get().used == 3


def later_draw(people: int, *, places: int = 2, codes: int = 5) -> World:
    """A closed campaign with accepted entries that wait for their draw."""
    world = open_campaign(codes=codes, mechanic=Mechanic.LATER, course={"total_cap": places})
    for _person in range(people):
        assert finish(begin(world)).status == EntryStatus.ACCEPTED
    Campaign.objects.update(status="closed")
    return world


def hold(world: World, expected: int) -> Draw:
    return confirm_draw(
        campaign_id=world.campaign.pk, expected_candidates=expected, actor_id=world.operator.pk, now=NOW
    )


def test_I14_a_draw_can_be_repeated_from_its_seed():
    world = later_draw(6)

    draw = hold(world, 6)

    tickets = [Ticket(e.pk, str(e.public_id), e.participant_id, is_confirmed=True) for e in Entry.objects.all()]
    winners = assign_courses(draw_order(draw.seed, tickets), [(world.course.pk, 2)], won_before=set())
    assert winners == dict(DrawResult.objects.filter(course__isnull=False).values_list("entry", "course"))
    assert (draw.candidate_count, draw.winner_count, len(draw.seed)) == (6, 2, 64)
    sweep(now=NOW)
    assert sorted(statuses()) == ["lost"] * 4 + ["won"] * 2
    assert violations(NOW) == {}


def test_I14_a_draw_is_held_once():
    world = later_draw(3)
    hold(world, 3)

    assert "already_drawn" in preview_draw(campaign_id=world.campaign.pk).obstacles
    with pytest.raises(DrawNotPossible):
        hold(world, 3)
    with pytest.raises(DrawNotPossible):
        hold_draw(campaign_id=world.campaign.pk, expected_candidates=0, actor_id=world.operator.pk, now=NOW)
    assert DrawResult.objects.count() == 3


@pytest.mark.parametrize("expected", [2, 4])
def test_a_draw_over_other_entries_than_confirmed_is_not_held(expected):
    world = later_draw(3)

    with pytest.raises(CandidatesChanged):
        hold(world, expected)
    assert (DrawResult.objects.count(), CourseCounter.objects.count()) == (0, 0)


def test_a_draw_tells_the_workers_of_its_entries_in_one_message(
    settings, monkeypatch, django_capture_on_commit_callbacks
):
    world, published = later_draw(3), []
    settings.TASKS_ON_COMMIT = True
    monkeypatch.setattr(current_app, "send_task", lambda name, kwargs, **_rest: published.append((name, kwargs)))

    with django_capture_on_commit_callbacks(execute=True):
        hold(world, 3)

    ids = list(Entry.objects.order_by("pk").values_list("pk", flat=True))
    assert published == [("journeys.tasks.advance_entries", {"entry_ids": ids})]


def test_F26_a_draw_that_breaks_half_way_leaves_nothing(monkeypatch):
    world = later_draw(3)
    monkeypatch.setattr(drawing, "wake_entries", lambda **_details: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        hold(world, 3)
    assert (DrawResult.objects.count(), CourseCounter.objects.count()) == (0, 0)
    monkeypatch.undo()
    assert hold(world, 3).winner_count == 2
    assert violations(NOW) == {}


def test_a_draw_asks_the_database_no_more_often_for_more_entries():
    def asked(people: int) -> int:
        world = later_draw(people)
        with CaptureQueriesContext(connection) as queries:
            hold(world, people)
        return len(queries)

    assert asked(2) == asked(9)


def test_who_has_not_confirmed_a_contact_is_not_drawn_and_is_told_so_in_the_preview():
    world = later_draw(1)
    Campaign.objects.update(status="open")
    world.campaign.refresh_from_db()
    unconfirmed = finish(begin(world, confirmed=False))
    Campaign.objects.update(status="closed")

    preview = preview_draw(campaign_id=world.campaign.pk)
    assert (preview.candidate_count, preview.unconfirmed_count, preview.courses[0].winner_count) == (1, 1, 1)
    hold(world, 1)
    verify_identity(identity_id=contact(unconfirmed).pk, now=NOW)
    sweep(now=NOW)

    assert statuses() == ["won", "lost"]
    assert violations(NOW) == {}


def test_one_person_with_several_entries_wins_one_prize():
    world = open_campaign(
        codes=5, mechanic=Mechanic.LATER, course={"total_cap": 3}, entries_per_person=9, entries_per_person_a_day=9
    )
    for _entry in range(3):
        finish(begin(world, email="taro@example.jp"))
    finish(begin(world))
    Campaign.objects.update(status="closed")

    assert hold(world, 4).winner_count == 2
    sweep(now=NOW)
    assert Award.objects.count() == 2
    assert Award.objects.values("entry__participant").distinct().count() == 2


def test_I14_a_drawn_winner_who_turns_out_to_have_entered_twice_keeps_his_win():
    world = later_draw(2, places=1)
    hold(world, 2)
    winner = DrawResult.objects.get(course__isnull=False).entry
    other = Entry.objects.exclude(pk=winner.pk).get()
    Entry.objects.filter(pk=other.pk).update(participant=winner.participant_id)  # merged after the draw
    sweep(now=NOW)

    assert Entry.objects.get(pk=winner.pk).status == EntryStatus.WON
    assert Entry.objects.get(pk=other.pk).status == EntryStatus.LOST
    assert violations(NOW) == {}


@pytest.mark.parametrize(
    ("change", "obstacle"),
    [
        (lambda world: Campaign.objects.update(status="open"), "not_closed"),
        (lambda world: Campaign.objects.update(mechanic="everyone"), "not_a_later_draw"),
        (lambda world: Entry.objects.update(status="withdrawn"), "no_candidates"),
        (
            lambda world: Entry.objects.filter(pk=Entry.objects.latest("pk").pk).update(status="in_review"),
            "entries_in_review",
        ),
        (lambda world: world.prize.gift_codes.update(status="void"), "stock_too_small"),
        (lambda world: Campaign.objects.update(trade_value_jpy=100), "premiums_too_high"),  # no projected sales
        (
            lambda world: set_running_budget(campaign_id=world.campaign.pk, total_jpy=999, now=NOW),
            "budget_too_small",  # two winners of 500 yen
        ),
    ],
)
def test_what_stands_in_the_way_of_a_draw_is_named(change, obstacle):
    world = later_draw(3)
    assert preview_draw(campaign_id=world.campaign.pk).obstacles == ()

    change(world)

    assert preview_draw(campaign_id=world.campaign.pk).obstacles == (obstacle,)
    with pytest.raises(DrawNotPossible):
        hold(world, 3)
