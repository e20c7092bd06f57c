"""Who wins, as pure functions: tickets at the edges, an order that a seed fixes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.models import PrizeCourse
from draws.mechanics import first_come, instant
from draws.mechanics.later import Ticket, assign_courses, draw_order

A, B = PrizeCourse(pk=1, win_rate_per_million=1_000), PrizeCourse(pk=2, win_rate_per_million=200_000)
SEED = "ab" * 32


@pytest.mark.parametrize(
    ("ticket", "course"), [(0, A), (999, A), (1_000, B), (200_999, B), (201_000, None), (999_999, None)]
)
def test_chances_lie_side_by_side_and_the_rest_is_no_win(ticket, course):
    assert instant.choose_course([A, B], draw=lambda below: {1_000_000: ticket}[below]) == course


def test_a_chance_of_one_always_wins_and_of_none_never():
    sure, never = PrizeCourse(pk=1, win_rate_per_million=1_000_000), PrizeCourse(pk=2, win_rate_per_million=0)

    assert {instant.choose_course([sure]) for _entry in range(50)} == {sure}
    assert {instant.choose_course([never]) for _entry in range(50)} == {None}
    assert instant.choose_course([]) is None


def test_the_system_s_source_gives_about_the_chance():
    half = PrizeCourse(pk=1, win_rate_per_million=500_000)

    assert 1_700 < sum(instant.choose_course([half]) is half for _entry in range(4_000)) < 2_300


def test_first_come_is_the_one_course():
    assert (first_come.choose_course([A]), first_come.choose_course([])) == (A, None)


def tickets(count: int) -> list[Ticket]:
    return [Ticket(number, f"entry-{number}", participant_id=number, is_confirmed=True) for number in range(count)]


@given(st.integers(0, 40), st.randoms())
def test_I14_a_seed_gives_one_order_however_the_entries_come(count, random):
    shuffled = tickets(count)
    random.shuffle(shuffled)

    assert draw_order(SEED, shuffled) == draw_order(SEED, tickets(count))
    assert sorted(ticket.entry_id for ticket in draw_order(SEED, shuffled)) == list(range(count))


def test_another_seed_gives_another_order():
    orders = [[ticket.entry_id for ticket in draw_order(f"{number:064x}", tickets(20))] for number in range(20)]

    assert all(one != other for one, other in pairwise(orders))


def test_no_ticket_is_favoured_over_many_seeds():
    firsts = [draw_order(f"{seed:064x}", tickets(4))[0].entry_id for seed in range(4_000)]

    assert {entry for entry in range(4) if not 850 < firsts.count(entry) < 1_150} == set()


def test_places_go_to_the_order_courses_first_to_last():
    assert assign_courses(tickets(5), [(7, 1), (8, 2)], won_before=set()) == {0: 7, 1: 8, 2: 8}
    assert assign_courses(tickets(2), [(7, 5)], won_before=set()) == {0: 7, 1: 7}
    assert assign_courses([], [(7, 5)], won_before=set()) == {}
    assert assign_courses(tickets(2), [], won_before=set()) == {}


def test_a_person_wins_once_and_one_who_cannot_be_reached_not_at_all():
    order = [
        Ticket(1, "a", participant_id=10, is_confirmed=True),
        Ticket(2, "b", participant_id=10, is_confirmed=True),
        Ticket(3, "c", participant_id=11, is_confirmed=False),
        Ticket(4, "d", participant_id=12, is_confirmed=True),
        Ticket(5, "e", participant_id=13, is_confirmed=True),
    ]

    assert assign_courses(order, [(7, 9)], won_before={12}) == {1: 7, 5: 7}
