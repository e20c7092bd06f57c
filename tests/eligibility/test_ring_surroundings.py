"""A search around what changed gives what a search through everything gives."""

import random
from collections import defaultdict

import pytest

from eligibility.rings import Shared, find_rings, find_rings_around, most_sharing
from tests.eligibility.crowds import HONEST, bridged, clique, crowd_with, honest_crowd, star

KINDS = {"device": 90, "network": 25, "mail_domain": 6, "receipt_run": 60, "look_alike": 90, "opening": 90, "till": 20}


class World:
    """People who come, leave and share more, with the rings as they were found last."""

    def __init__(self, things=()):
        self.held = defaultdict(set)  # what somebody has or had
        self.sharing = defaultdict(set)  # who shares it now
        self.rings = []
        self.looks = 0
        for number, thing in enumerate(things):
            for person in thing.people:
                self.share(person, (thing.kind, number))

    def share(self, person, key):
        self.held[person].add(key)
        self.sharing[key].add(person)

    def leave(self, person):
        for key in self.held[person]:
            self.sharing[key].discard(person)

    def whole(self):
        return [Shared(kind, frozenset(people)) for (kind, _), people in self.sharing.items() if people]

    def look(self, people, slack):
        self.looks += len(people)
        keys = {key for person in people for key in self.held[person]}
        found = [Shared(key[0], frozenset(self.sharing[key])) for key in keys]
        return [thing for thing in found if len(thing.people) <= most_sharing(thing.kind) + slack]

    def companions(self, people):
        return {other for ring in self.rings if not set(people).isdisjoint(ring.people) for other in ring.people}

    def search_around(self, changed):
        found = find_rings_around(changed, look=self.look, companions=self.companions)
        kept = [ring for ring in self.rings if found.people.isdisjoint(ring.people)]
        assert all(found.people.issuperset(ring.people) for ring in self.rings if ring not in kept)
        self.rings = sorted([*kept, *found.rings], key=lambda ring: (-ring.score, ring.people))
        return found


@pytest.mark.parametrize("seed", range(6))
def test_whoever_comes_and_leaves_the_outcome_is_that_of_a_full_search(seed):
    chance = random.Random(seed)
    world = World()
    present = set()
    for _step in range(60):
        changed = set()
        for _ in range(chance.randrange(1, 6)):
            person = chance.randrange(260)
            if person in present and chance.random() < 0.25:
                world.leave(person)
                present.discard(person)
            else:
                for kind in chance.sample(list(KINDS), chance.randrange(1, 5)):
                    world.share(person, (kind, chance.randrange(KINDS[kind])))
                present.add(person)
            changed.add(person)
        world.search_around(changed)

        assert world.rings == find_rings(world.whole())


def test_one_more_who_shares_a_thing_may_let_all_others_go():
    """Forty-four who open their codes in one browser are linked by it, forty-five are not."""
    world = World([Shared("opening", frozenset(range(44)))])
    world.search_around(set(range(44)))
    linked = [ring.people for ring in world.rings]
    world.share(44, ("opening", 0))

    world.search_around({44})

    assert linked == [tuple(range(44))]
    assert world.rings == find_rings(world.whole()) == []


@pytest.mark.parametrize("shape", [star, bridged], ids=lambda shape: shape.__name__)
def test_a_ring_that_comes_one_by_one_is_found_as_if_at_once(shape):
    things, ring = crowd_with(shape, 4)
    world = World(things)
    for person in ring:
        world.leave(person)
    world.rings = find_rings(world.whole())
    for person in ring:
        for key in world.held[person]:
            world.sharing[key].add(person)
        world.search_around({person})

    assert world.rings == find_rings(world.whole())


def test_one_who_comes_among_five_thousand_costs_a_look_at_few():
    world = World(honest_crowd(4))
    groups = defaultdict(set)
    clique(list(range(HONEST, HONEST + 21)), groups, random.Random(4))
    for key, people in groups.items():
        for person in people - {HONEST + 20}:
            world.share(person, key)
    world.rings = find_rings(world.whole())
    for key, people in groups.items():
        if HONEST + 20 in people:
            world.share(HONEST + 20, key)

    found = world.search_around({HONEST + 20})

    assert world.rings == find_rings(world.whole())
    assert found.people == set(range(HONEST, HONEST + 21))
    assert world.looks <= 50
