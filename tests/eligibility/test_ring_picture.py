"""A ring's picture: everybody has a place, everything shared has its lines, nothing covers another's words."""

import random
from collections import defaultdict

import pytest

from eligibility.ring_picture import BOX_HEIGHT, BOX_WIDTH, MOST_PEOPLE, Tie, draw_ring, ties_of
from eligibility.rings import Shared
from tests.eligibility.crowds import SHAPES


def planted(shape, seed=4):
    groups = defaultdict(set)
    ring = list(range(20))
    shape(ring, groups, random.Random(seed))
    people = sorted(set().union(*groups.values()))
    return people, [Shared(kind, frozenset(members)) for (kind, _), members in groups.items()]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_everybody_and_every_tie_is_drawn_without_covering_another(shape):
    people, shared = planted(shape)
    ties = ties_of(people, shared)

    picture = draw_ring(len(people), ties)

    assert [dot.number for dot in picture.dots] == list(range(1, len(people) + 1))
    assert len({(dot.x, dot.y) for dot in picture.dots}) == len(people)
    assert [box.tie for box in picture.boxes] == ties
    assert all(tuple(dot.number for dot in box.dots) == box.tie.numbers for box in picture.boxes)
    assert all(0 < dot.x < picture.width and 0 < dot.y < picture.height for dot in picture.dots)
    covered = [
        (one.tie, other.tie)
        for one in picture.boxes
        for other in picture.boxes
        if one is not other and abs(one.x - other.x) < BOX_WIDTH and abs(one.y - other.y) < BOX_HEIGHT
    ]
    assert covered == []


def test_the_same_ring_is_drawn_the_same_each_time():
    people, shared = planted(SHAPES[2])

    assert draw_ring(20, ties_of(people, shared)) == draw_ring(20, ties_of(people, list(reversed(shared))))


def test_a_tie_names_its_people_by_number_and_counts_the_others():
    shared = [
        Shared("network", frozenset({7, 8, 90, 91, 92})),
        Shared("device", frozenset({7, 9})),
        Shared("device", frozenset({9, 99})),  # one of them only
        Shared("network", frozenset(range(7, 200))),  # tells nothing
    ]

    assert ties_of([7, 8, 9], shared) == [Tie("device", (1, 3), 0), Tie("network", (1, 2), 3)]


def test_of_a_crowd_the_most_linked_are_drawn_and_the_rest_is_counted():
    picture = draw_ring(MOST_PEOPLE + 15, [Tie("device", tuple(range(16, MOST_PEOPLE + 16)), 0)])

    assert len(picture.dots) == MOST_PEOPLE
    assert picture.left_out == 15
    assert {dot.number for dot in picture.dots} == set(range(16, MOST_PEOPLE + 16))
