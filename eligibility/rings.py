"""Whether people who enter belong together: what they share, weighed, and the groups that come of it.

One thing shared says little: a family has one network, an office one domain. Only what is shared in several ways, or by
one device, links two people; and what very many share (a carrier's or a shop's network) links nobody.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

# Weight of one thing shared, and the number of people from which on it counts for less.
WEIGHTS: dict[str, tuple[float, int]] = {
    "device": (3.0, 400),
    "mailbox": (3.0, 400),
    "look_alike": (3.0, 40),
    "network": (1.0, 40),
    "receipt_run": (0.75, 40),
    "mail_domain": (0.5, 40),
}
LINK = 2.0  # no sum of a network with a domain, or of a shop's network with its receipts, reaches it
WEAK_LINK = 1.5  # a network with a domain: joins groups that are larger than a household already, and no one else
HOUSEHOLD = 4
STRONGEST = 4.0
HOLD_AT = 60  # six people on one device in one network; a household of five stays below
TOO_COMMON = 3  # times the number above: the rest weighs nothing and is not worth its pairs
Pair = tuple[int, int]
Neighbours = dict[int, dict[int, float]]


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


def find_rings(shared: Iterable[Shared]) -> list[Ring]:
    """Give the groups of linked people, the most suspicious first."""
    sums, kinds = _links(shared)
    neighbours: Neighbours = defaultdict(dict)
    _connect(neighbours, {pair: weight for pair, weight in sums.items() if weight >= LINK})
    large = [people for people in _components(neighbours) if len(people) > HOUSEHOLD]
    grouped = {person for people in large for person in people}
    weak = {pair: weight for pair, weight in sums.items() if weight < LINK and grouped.issuperset(pair)}
    _connect(neighbours, weak)
    rings = [_ring(people, neighbours, kinds) for people in _components(neighbours)]
    return sorted(rings, key=lambda ring: (-ring.score, ring.people))


def weight_of(kind: str, sharing: int) -> float:
    """Give the weight of one thing that so many people share."""
    weight, common = WEIGHTS[kind]
    if sharing > common * TOO_COMMON:
        return 0.0
    return weight * min(1.0, (common / sharing) ** 2)


def _links(shared: Iterable[Shared]) -> tuple[dict[Pair, float], dict[Pair, set[str]]]:
    weights: dict[Pair, dict[str, float]] = defaultdict(dict)
    for thing in shared:
        weight = weight_of(thing.kind, len(thing.people)) if len(thing.people) > 1 else 0.0
        if not weight:
            continue
        for pair in combinations(sorted(thing.people), 2):
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
