"""A ring drawn: its people on an oval, each thing they share inside, a line from it to everybody who shares it.

Lines between all who share a thing would be 190 for twenty people on one device; through the thing they are twenty.
Only places are computed here; colours, dashes and words are the page's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from eligibility.rings import Shared, most_sharing, weight_of

MOST_PEOPLE = 60  # more dots than that nobody tells apart
WIDTH = 960
DOT, BOX_WIDTH, BOX_HEIGHT = 15, 144, 24
MARGIN = 30
ROUNDS = 120  # of pushing boxes apart


@dataclass(frozen=True)
class Tie:
    """A thing that people of a ring share: who (by their numbers from 1), and how many others share it, too."""

    kind: str
    numbers: tuple[int, ...]
    other_count: int


@dataclass(frozen=True)
class Dot:
    """A person's place, as whole units of the picture."""

    number: int
    x: int
    y: int


@dataclass(frozen=True)
class Box:
    """A thing's place (its middle) with the lines to its people."""

    tie: Tie
    x: int
    y: int
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class Picture:
    """Everything to draw; `left_out` people have no dot."""

    width: int
    height: int
    dots: tuple[Dot, ...]
    boxes: tuple[Box, ...]
    left_out: int


def ties_of(people: Sequence[int], shared: Sequence[Shared]) -> list[Tie]:
    """Give what at least two of some people share and what tells something, the weightiest first."""
    numbers = {person: number for number, person in enumerate(people, start=1)}
    found = []
    for thing in set(shared):
        own = tuple(sorted(numbers[person] for person in thing.people if person in numbers))
        if len(own) > 1 and len(thing.people) <= most_sharing(thing.kind):
            found.append(Tie(thing.kind, own, len(thing.people) - len(own)))
    return sorted(
        found, key=lambda tie: (-weight_of(tie.kind, len(tie.numbers) + tie.other_count), tie.kind, tie.numbers)
    )


def draw_ring(person_count: int, ties: Sequence[Tie]) -> Picture:
    """Lay a ring out; people who share much stand beside each other."""
    order = _order(person_count, ties)[:MOST_PEOPLE]
    height = 360 + 8 * len(order)
    places = _oval(order, height)
    shown = [tie for tie in ties if sum(number in places for number in tie.numbers) > 1]
    middles = _apart([_middle(tie, places) for tie in shown], height)
    boxes = tuple(
        Box(tie, round(x), round(y), tuple(places[number] for number in tie.numbers if number in places))
        for tie, (x, y) in zip(shown, middles, strict=True)
    )
    dots = tuple(places[number] for number in sorted(places))
    return Picture(WIDTH, height, dots, boxes, person_count - len(dots))


def _order(person_count: int, ties: Sequence[Tie]) -> list[int]:
    """Walk from each to those who share the most with him: `ties` come in the order of their weight."""
    order: list[int] = []
    placed: set[int] = set()
    for first in sorted(range(1, person_count + 1), key=lambda number: -sum(number in tie.numbers for tie in ties)):
        waiting = [first]
        while waiting:
            number = waiting.pop()
            if number in placed:
                continue
            placed.add(number)
            order.append(number)
            near = [other for tie in reversed(ties) if number in tie.numbers for other in reversed(tie.numbers)]
            waiting.extend(other for other in near if other not in placed)
    return order


def _oval(order: Sequence[int], height: int) -> dict[int, Dot]:
    wide, high = WIDTH / 2 - MARGIN, height / 2 - MARGIN
    found = {}
    for place, number in enumerate(order):
        angle = 2 * math.pi * place / len(order) - math.pi / 2
        x, y = WIDTH / 2 + wide * math.cos(angle), height / 2 + high * math.sin(angle)
        found[number] = Dot(number, round(x), round(y))
    return found


def _middle(tie: Tie, places: dict[int, Dot]) -> tuple[float, float]:
    """Stand among the tie's people, drawn inwards."""
    own = [places[number] for number in tie.numbers if number in places]
    return (
        WIDTH / 2 + 0.62 * (sum(dot.x for dot in own) / len(own) - WIDTH / 2),
        sum(dot.y for dot in own) / len(own) * 0.7 + 0.3 * max(dot.y for dot in places.values()) / 2,
    )


def _apart(middles: list[tuple[float, float]], height: int) -> list[tuple[float, float]]:
    """Push boxes off one another until none covers another's words, or the rounds are over."""
    places = [list(middle) for middle in middles]
    for _round in range(ROUNDS):
        moved = False
        for first in range(len(places)):
            for second in range(first):
                moved |= _push(places[first], places[second])
        for place in places:
            place[0] = min(max(place[0], BOX_WIDTH), WIDTH - BOX_WIDTH)
            place[1] = min(max(place[1], 2 * MARGIN + BOX_HEIGHT), height - 2 * MARGIN - BOX_HEIGHT)
        if not moved:
            break
    return [(place[0], place[1]) for place in places]


def _push(one: list[float], other: list[float]) -> bool:
    wide = BOX_WIDTH + 8 - abs(one[0] - other[0])
    high = BOX_HEIGHT + 8 - abs(one[1] - other[1])
    if wide <= 0.5 or high <= 0.5:
        return False
    axis, by = (1, high) if high <= wide else (0, wide)
    sign = 1 if one[axis] >= other[axis] else -1
    one[axis] += sign * by / 2
    other[axis] -= sign * by / 2
    return True
