import random
from collections import defaultdict

import pytest

from eligibility.rings import LINK, Shared, find_rings, weight_of


def shared(kind, *people):
    return Shared(kind, frozenset(people))


def test_a_ring_of_twenty_is_found_among_five_thousand_and_nobody_else_is_held():
    chance = random.Random(4)
    groups = defaultdict(set)
    for person in range(4980):
        groups["network", f"carrier {chance.randrange(30)}"].add(person)  # thousands behind few addresses
        groups["network", f"home {person // chance.choice([2, 3, 4])}"].add(person)
        groups["device", f"own {person if chance.random() > 0.05 else person // 3}"].add(person)
        groups["mail_domain", chance.choice(["gmail", "docomo", "icloud", f"office {person // 25}"])].add(person)
        groups["receipt_run", f"till {person // 3}"].add(person)
    groups["network", "shop wifi"].update(range(300, 700))
    ring = range(4980, 5000)
    for place, person in enumerate(ring):
        groups["device", f"farm {place // 5}"].add(person)
        groups["network", f"proxy {place % 3}"].add(person)
        groups["mail_domain", "throwaway"].add(person)
        groups["receipt_run", "one till"].add(person)

    rings = find_rings(Shared(kind, frozenset(people)) for (kind, _key), people in groups.items())
    held = {person for found in rings if found.is_suspected for person in found.people}

    assert held == set(ring)


@pytest.mark.parametrize(
    "things",
    [
        [shared("network", 1, 2, 3, 4), shared("device", 1, 2, 3, 4)],  # a family with one tablet
        [shared("network", *range(12)), shared("mail_domain", *range(12))],  # an office
        [shared("network", *range(30)), shared("receipt_run", *range(30))],  # a queue in a shop with a network
        [shared("network", *range(400)), shared("mail_domain", *range(400)), shared("receipt_run", *range(30))],
        [
            shared("device", *range(4)),
            shared("device", *range(4, 8)),
            shared("network", *range(8)),
            shared("mail_domain", *range(8)),
        ],  # two families in one company's house
        [shared("mailbox", 1, 2), shared("look_alike", 1, 2)],  # worth showing, not worth holding
    ],
)
def test_what_honest_people_share_holds_nobody(things):
    assert not any(ring.is_suspected for ring in find_rings(things))


def test_a_device_of_six_people_is_held_with_what_links_them():
    (ring,) = find_rings([shared("device", *range(6)), shared("network", *range(4, 12)), shared("network", *range(6))])

    assert (ring.people, ring.score, ring.is_suspected) == ((0, 1, 2, 3, 4, 5), 63, True)
    assert ring.evidence == {"device": 6, "network": 6}


def test_a_thing_counts_the_less_the_more_people_share_it():
    assert [weight_of("network", people) for people in (2, 40, 80, 121)] == [1.0, 1.0, 0.25, 0.0]


def test_no_pair_of_weak_things_links():
    weak = [weight_of(kind, 2) for kind in ("network", "mail_domain", "receipt_run")]

    assert all(first + second < LINK for first in weak for second in weak if first != second)
