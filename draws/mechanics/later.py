"""A draw after closing: the order of entries follows from a secret seed, the same for the same seed and entries."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ticket:
    """An entry in the draw: who holds it and whether he can be reached."""

    entry_id: int
    public_id: str
    participant_id: int
    is_confirmed: bool


def draw_order(seed: str, tickets: Sequence[Ticket]) -> list[Ticket]:
    """Put the tickets in the order in which prizes go to them: by HMAC-SHA-256 of each entry's id under the seed."""
    key = bytes.fromhex(seed)
    return sorted(tickets, key=lambda ticket: hmac.digest(key, ticket.public_id.encode(), hashlib.sha256))


def draw_apart(
    seed: str, tickets: Sequence[Ticket], chances: Sequence[tuple[int, int]], *, out_of: int, won_before: set[int]
) -> dict[int, int]:
    """Draw each ticket by itself at the odds of an earlier draw: of `out_of` entries so many won each course.

    The HMAC of an entry's id under the seed, taken as a share of one, is its number below `out_of`; the winners of the
    earlier draw lie side by side from zero. Who cannot be reached is left out, and a person wins one prize.

    Returns:
        entry id to course id, for winners only.
    """
    winners: dict[int, int] = {}
    people = set(won_before)
    for ticket in draw_order(seed, tickets):
        course = _course_at(_number(seed, ticket, out_of), chances)
        if course is not None and ticket.is_confirmed and ticket.participant_id not in people:
            winners[ticket.entry_id] = course
            people.add(ticket.participant_id)
    return winners


def _number(seed: str, ticket: Ticket, out_of: int) -> int:
    digest = hmac.digest(bytes.fromhex(seed), ticket.public_id.encode(), hashlib.sha256)
    return int.from_bytes(digest) * out_of >> 256


def _course_at(number: int, chances: Sequence[tuple[int, int]]) -> int | None:
    for course, count in chances:
        if number < count:
            return course
        number -= count
    return None


def assign_courses(
    order: Sequence[Ticket], places: Sequence[tuple[int, int]], *, won_before: set[int]
) -> dict[int, int]:
    """Give each course's places (course id, count) to the next tickets: reachable ones, one prize a person.

    Returns:
        entry id to course id, for winners only.
    """
    seats = [course for course, count in places for _seat in range(count)]
    winners: dict[int, int] = {}
    people = set(won_before)
    for ticket in order:
        if len(winners) == len(seats):
            break
        if ticket.is_confirmed and ticket.participant_id not in people:
            winners[ticket.entry_id] = seats[len(winners)]
            people.add(ticket.participant_id)
    return winners
