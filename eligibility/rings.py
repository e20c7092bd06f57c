"""Whether people who enter belong together: what they share, weighed, and the groups that come of it.

One thing shared says little: a family has one network, an office one domain. Only what is shared in several ways, or by
one device, links two people; and what very many share (a carrier's or a shop's network) links nobody.

After a change only its surroundings are looked at: the people who shared a thing with it before or after, and whoever
is linked with them. Links elsewhere hang on nothing that changed, so that the outcome is that of a full search.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

# Weight of one thing shared, and the number of people from which on it counts for less.
WEIGHTS: dict[str, tuple[float, int]] = {
    "device": (3.0, 400),
    "mailbox": (3.0, 400),
    "look_alike": (3.0, 40),
    "opening": (2.5, 40),  # codes opened in one browser: a family's one phone, or a helper in a shop
    "purchase": (2.5, 40),  # codes used up in one purchase
    "network": (1.0, 40),
    "receipt_run": (0.75, 40),
    "mail_domain": (0.5, 40),
    "till": (0.2, 40),  # a queue looks the same
}
LINK = 2.0  # no sum of a network with a domain, or of a shop's network with its receipts, reaches it
WEAK_LINK = 1.5  # a network with a domain: joins groups that are larger than a household already, and no one else
HOUSEHOLD = 4
STRONGEST = 4.0
HOLD_AT = 60  # six people on one device in one network; a household of five stays below
TOO_COMMON = 3  # times the number above: the rest weighs nothing and is not worth its pairs
Pair = tuple[int, int]
Neighbours = dict[int, dict[int, float]]
Look = Callable[[Collection[int], int], Iterable["Shared"]]
Companions = Callable[[Collection[int]], Iterable[int]]


@dataclass(frozen=True)
class Shared:
    """One thing that people share: its kind (a key of WEIGHTS) and who they are."""

    kind: str
    people: frozenset[int]


@dataclass(frozen=True)
class Ring:
    """People linked with one another; `evidence` counts, by kind, the people whom such a thing links."""

    people: tuple[int, ...]
    score: int
    evidence: Mapping[str, int]

    @property
    def is_suspected(self) -> bool:
        """Tell whether a person should look at the entries before anything is given."""
        return self.score >= HOLD_AT


@dataclass(frozen=True)
class Surroundings:
    """What a change concerns: these people, and the rings they are in now; everybody else is as before."""

    people: frozenset[int]
    rings: list[Ring]


def find_rings(shared: Iterable[Shared], *, among: Collection[int] | None = None) -> list[Ring]:
    """Give the groups of linked people (or those `among` some), the most suspicious first."""
    sums, kinds = _links(shared, among)
    neighbours: Neighbours = defaultdict(dict)
    _connect(neighbours, {pair: weight for pair, weight in sums.items() if weight >= LINK})
    large = [people for people in _components(neighbours) if len(people) > HOUSEHOLD]
    grouped = {person for people in large for person in people}
    weak = {pair: weight for pair, weight in sums.items() if weight < LINK and grouped.issuperset(pair)}
    _connect(neighbours, weak)
    rings = [_ring(people, neighbours, kinds) for people in _components(neighbours)]
    return sorted(rings, key=lambda ring: (-ring.score, ring.people))


def find_rings_around(changed: Collection[int], *, look: Look, companions: Companions) -> Surroundings:
    """Look only at what changed, with the people it touches.

    Args:
        changed: whoever came, left, or shares something new.
        look: gives the whole things that people have or had; those that more people share than `most_sharing` of the
            kind and so many more may be left out.
        companions: gives the people of the rings in which somebody was before.
    """
    things = set(look(changed, len(changed)))  # a thing may have become too common by those who came
    people = set(changed).union(*(thing.people for thing in things))
    fresh = people | set(companions(people))
    people = set(fresh)
    while fresh:
        things.update(look(fresh, 0))
        linked = _linked_with(fresh, things) - people
        fresh = linked | (set(companions(linked)) - people)
        people |= fresh
    return Surroundings(frozenset(people), find_rings(things, among=people))


def most_sharing(kind: str) -> int:
    """Give how many people may share a thing of a kind before it tells nothing."""
    return WEIGHTS[kind][1] * TOO_COMMON


def weight_of(kind: str, sharing: int) -> float:
    """Give the weight of one thing that so many people share."""
    weight, common = WEIGHTS[kind]
    if sharing > most_sharing(kind):
        return 0.0
    return weight * min(1.0, (common / sharing) ** 2)


def _weighed(shared: Iterable[Shared]) -> Iterator[tuple[Shared, float]]:
    for thing in shared:
        if len(thing.people) > 1 and (weight := weight_of(thing.kind, len(thing.people))):
            yield thing, weight


def _linked_with(people: set[int], shared: Iterable[Shared]) -> set[int]:
    """Give whoever is linked with some people, at least weakly, all of whose things are at hand."""
    weights: dict[Pair, dict[str, float]] = defaultdict(dict)
    for thing, weight in _weighed(shared):
        for person in people & thing.people:
            for other in thing.people:
                known = weights[person, other]
                known[thing.kind] = max(known.get(thing.kind, 0.0), weight)
    return {other for (_, other), found in weights.items() if sum(found.values()) >= WEAK_LINK}


def _links(
    shared: Iterable[Shared], among: Collection[int] | None = None
) -> tuple[dict[Pair, float], dict[Pair, set[str]]]:
    weights: dict[Pair, dict[str, float]] = defaultdict(dict)
    for thing, weight in _weighed(shared):
        people = thing.people if among is None else thing.people.intersection(among)
        for pair in combinations(sorted(people), 2):
            known = weights[pair]
            known[thing.kind] = max(known.get(thing.kind, 0.0), weight)  # two networks are no more than one
    sums = {pair: sum(found.values()) for pair, found in weights.items()}
    links = {pair: weight for pair, weight in sums.items() if weight >= WEAK_LINK}
    return links, {pair: set(weights[pair]) for pair in links}


def _connect(neighbours: Neighbours, links: Mapping[Pair, float]) -> None:
    for (first, second), weight in links.items():
        neighbours[first][second] = neighbours[second][first] = weight


def _components(neighbours: Neighbours) -> list[tuple[int, ...]]:
    seen: set[int] = set()
    found = []
    for start in sorted(neighbours):
        if start in seen:
            continue
        seen.add(start)
        waiting, people = [start], []
        while waiting:
            person = waiting.pop()
            people.append(person)
            fresh = [other for other in neighbours[person] if other not in seen]
            seen.update(fresh)
            waiting.extend(fresh)
        found.append(tuple(sorted(people)))
    return found


def _ring(people: tuple[int, ...], neighbours: Neighbours, kinds: Mapping[Pair, set[str]]) -> Ring:
    strength = sum(min(STRONGEST, max(neighbours[person].values())) for person in people) / len(people)
    linked: dict[str, set[int]] = defaultdict(set)
    for person in people:
        for other in neighbours[person]:
            for kind in kinds[min(person, other), max(person, other)]:
                linked[kind].add(person)
    score = round(100 * (1 - math.exp(-(len(people) - 1) * strength / 20)))
    return Ring(people, score, {kind: len(linked[kind]) for kind in WEIGHTS if linked[kind]})
