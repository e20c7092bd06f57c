import pytest

from eligibility.rings import LINK, Shared, find_rings, weight_of
from tests.eligibility.crowds import BRIDGE, HONEST, SHAPES, crowd_with


def shared(kind, *people):
    return Shared(kind, frozenset(people))


@pytest.mark.parametrize("seed", [4, 17, 2026])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_a_ring_of_twenty_of_any_shape_is_found_among_five_thousand(shape, seed):
    things, ring = crowd_with(shape, seed)

    held = {person for found in find_rings(things) if found.is_suspected for person in found.people}

    assert ring <= held
    assert len(held - ring) <= HONEST // 100
    assert held - ring <= set(BRIDGE)  # of the honest, none but the family that lent its phones to two rings


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
    weak = [weight_of(kind, 2) for kind in ("network", "mail_domain", "receipt_run", "till")]

    assert all(first + second < LINK for first in weak for second in weak if first != second)
