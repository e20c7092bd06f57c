"""Invented crowds, in memory: what honest people share by nature, and rings of several shapes planted among them."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from itertools import pairwise

from eligibility.rings import Shared

Groups = dict[tuple[str, str], set[int]]
HONEST = 5000
BRIDGE = (5020, 5021, 5022, 5023)


@cache
def honest_crowd(seed: int) -> tuple[Shared, ...]:
    """5,000 people: families, offices behind one network, a dormitory, carriers, queues in shops with a network."""
    chance = random.Random(seed)
    groups: Groups = defaultdict(set)
    person = 0
    while person < HONEST - 400:
        family = range(person, min(person + chance.choice([1, 1, 2, 3, 4]), HONEST - 400))
        _family(groups, family, chance)
        person = family.stop
    for office in range(8):  # one network, one domain; colleagues buy lunch in the same shop
        staff = range(person, person + 25)
        groups["network", f"office {office}"].update(staff)
        groups["mail_domain", f"office {office}"].update(staff)
        groups["receipt_run", f"canteen {office}"].update(chance.sample(staff, 2))
        person += 25
    dormitory = range(person, HONEST)
    groups["network", "dormitory"].update(dormitory[:110])
    groups["network", "dormitory, second line"].update(dormitory[110:])
    groups["mail_domain", "university"].update(dormitory)
    for start in range(0, len(dormitory), 20):
        groups["device", f"room {start}"].update(dormitory[start : start + 2])  # a borrowed phone
    groups["network", "shop"].update(chance.sample(range(HONEST), 90))
    return tuple(_things(groups))


def _family(groups: Groups, family: range, chance: random.Random) -> None:
    groups["network", f"home {family.start}"].update(family)
    if chance.random() < 0.2:
        groups["device", f"tablet {family.start}"].update(family)
    for person in family:
        groups["network", f"carrier {chance.randrange(12)}"].add(person)
        groups["mail_domain", chance.choice(["gmail", "docomo", "icloud", "ezweb"])].add(person)
        groups["receipt_run", f"till {chance.randrange(2000)}"].add(person)
    if len(family) > 1 and chance.random() < 0.1:
        groups["opening", f"parent {family.start}"].update(family)
        groups["purchase", f"basket {family.start}"].update(family)


def star(ring: list[int], groups: Groups, chance: random.Random) -> None:
    """One who shares a device with each of the others, none of whom shares one with another."""
    for other in ring[1:]:
        groups["device", f"lent {other}"].update((ring[0], other))


def chain(ring: list[int], groups: Groups, chance: random.Random) -> None:
    """Each shares a device with the next."""
    for first, second in pairwise(ring):
        groups["device", f"link {first}"].update((first, second))


def clique(ring: list[int], groups: Groups, chance: random.Random) -> None:
    """Five on each device, all behind a few addresses."""
    name = ring[0]
    for place, person in enumerate(ring):
        groups["device", f"farm {name} {place // 5}"].add(person)
        groups["network", f"proxy {name} {place % 3}"].add(person)
        groups["mail_domain", f"throwaway {name}"].add(person)


def quiet(ring: list[int], groups: Groups, chance: random.Random) -> None:
    """A device and an address each; only the prizes come together: opened in one browser, used up in few purchases."""
    groups["opening", "boss"].update(ring)
    for place, person in enumerate(ring):
        groups["purchase", f"basket {place // 5}"].add(person)


def bridged(ring: list[int], groups: Groups, chance: random.Random) -> None:
    """Two rings of ten, and an honest family that has lent a phone to one of each."""
    clique(ring[:10], groups, chance)
    clique(ring[10:], groups, chance)
    groups["device", "lent to one"].update((BRIDGE[0], ring[0]))
    groups["device", "lent to the other"].update((BRIDGE[1], ring[10]))
    groups["device", "tablet of the bridge"].update(BRIDGE)


Shape = Callable[[list[int], Groups, random.Random], None]
SHAPES: tuple[Shape, ...] = (star, chain, clique, quiet, bridged)


def crowd_with(shape: Shape, seed: int) -> tuple[list[Shared], set[int]]:
    """Plant a ring of twenty of a shape in the crowd; gives the things shared and who belongs to the ring."""
    chance = random.Random(seed)
    ring = list(range(HONEST, HONEST + 20))
    chance.shuffle(ring)
    groups: Groups = defaultdict(set)
    shape(ring, groups, chance)
    return [*honest_crowd(seed), *_things(groups)], set(ring)


def _things(groups: Groups) -> Iterable[Shared]:
    return [Shared(kind, frozenset(people)) for (kind, _key), people in groups.items() if len(people) > 1]
