"""Stock divided among places: each share is kept, moves keep the sum, nothing is promised twice (I04)."""

from datetime import date

import pytest

from accounts.models import AuditEntry
from campaigns.models import TrackedLinkChannel
from codes.errors import OutOfStock, PlaceNotOfPrize, ShareNotAccepted, ShareTooLarge
from codes.models import Allocation, Award, CodeStatus, GiftCode
from codes.services import Place, allocate_stock, award_prizes, move_allocation, reserve_code, settle_rest, void_code
from codes.services.places import REST
from draws.models import DrawResult
from tests.factories import NOW, DrawResultFactory, EntryFactory, StoreFactory, TrackedLinkFactory
from tests.worlds import World, open_campaign, stock

pytestmark = pytest.mark.django_db
TODAY, TOMORROW = date(2026, 11, 22), date(2026, 11, 23)


@pytest.fixture
def world() -> World:
    return open_campaign(codes=10)


def share(world: World, quota: int, **place) -> Allocation:
    return allocate_stock(prize_id=world.prize.pk, place=Place(**place), quota=quota, now=NOW)


def winner(world: World, *, store=None, channel: str = "x") -> DrawResult:
    link = TrackedLinkFactory(campaign=world.campaign, store=store, channel=channel)
    entry = EntryFactory(campaign=world.campaign, link=link, status="won", submitted_at=NOW)
    return DrawResultFactory(entry=entry, course=world.course)


def figures(world: World) -> dict[str, tuple[int, int]]:
    return {row.place: (row.used, row.quota) for row in Allocation.objects.filter(prize=world.prize)}


def test_the_rest_is_what_no_place_was_promised(world):
    store_id = world.store.pk

    share(world, 4, store_id=store_id)
    share(world, 3, channel="line", day=TOMORROW)

    assert figures(world) == {
        REST: (0, 3),
        f"store:{store_id}": (0, 4),
        "channel:line/day:2026-11-23": (0, 3),
    }
    world.prize.refresh_from_db()
    assert world.prize.is_allocated


def test_I04_the_most_specific_share_is_taken_and_no_other(world):
    store = world.store
    share(world, 1, store_id=store.pk, channel="store", day=TODAY)
    share(world, 2, store_id=store.pk)
    share(world, 2, channel="store")
    share(world, 2, day=TODAY)

    award_prizes(result_id=winner(world, store=store, channel="store").pk, now=NOW)
    award_prizes(result_id=winner(world, store=store).pk, now=NOW)
    award_prizes(result_id=winner(world, store=StoreFactory(agency=world.agency), channel="store").pk, now=NOW)
    award_prizes(result_id=winner(world).pk, now=NOW)
    unlinked = EntryFactory(campaign=world.campaign, status="won", submitted_at=NOW, link=None)
    award_prizes(result_id=DrawResultFactory(entry=unlinked, course=world.course).pk, now=NOW)

    assert figures(world) == {
        f"store:{store.pk}/channel:store/day:{TODAY}": (1, 1),
        f"store:{store.pk}": (1, 2),
        "channel:store": (1, 2),
        f"day:{TODAY}": (2, 2),
        REST: (0, 3),
    }


def test_I04_a_place_without_a_code_left_gives_none_though_others_have_some(world):
    share(world, 1, store_id=world.store.pk)
    award_prizes(result_id=winner(world, store=world.store).pk, now=NOW)

    with pytest.raises(OutOfStock):
        award_prizes(result_id=winner(world, store=world.store).pk, now=NOW)

    assert Award.objects.count() == 1
    assert GiftCode.objects.filter(status=CodeStatus.AVAILABLE).count() == 9
    assert len(award_prizes(result_id=winner(world).pk, now=NOW)) == 1


def test_I04_the_rest_cannot_take_what_is_promised(world):
    share(world, 9, store_id=world.store.pk)
    award_prizes(result_id=winner(world).pk, now=NOW)

    with pytest.raises(OutOfStock):
        award_prizes(result_id=winner(world).pk, now=NOW)
    with pytest.raises(OutOfStock):
        reserve_code(agency_id=world.agency.pk, prize_id=world.prize.pk, reference="r", ttl_seconds=60, now=NOW)

    assert GiftCode.objects.filter(status=CodeStatus.AVAILABLE).count() == 9


def test_a_move_keeps_the_sum_and_is_in_the_trail(world):
    first = share(world, 4, store_id=world.store.pk)
    second = share(world, 1, channel="line")

    move_allocation(from_id=first.pk, to_id=second.pk, count=3, now=NOW, actor_id=world.operator.pk)

    assert figures(world) == {REST: (0, 5), first.place: (0, 1), second.place: (0, 4)}
    line = AuditEntry.objects.get(action="stock.moved")
    assert (line.facts, line.actor_id) == ({"to": str(second.public_id), "count": 3}, world.operator.pk)


def test_nothing_is_moved_that_is_given_out_already(world):
    first, second = share(world, 2, store_id=world.store.pk), share(world, 1, channel="line")
    award_prizes(result_id=winner(world, store=world.store).pk, now=NOW)
    before = figures(world)

    with pytest.raises(ShareTooLarge) as refusal:
        move_allocation(from_id=first.pk, to_id=second.pk, count=2, now=NOW)
    with pytest.raises(ShareTooLarge):
        share(world, 0, store_id=world.store.pk)

    assert refusal.value.left_count == 1
    assert figures(world) == before


def test_no_more_is_promised_than_is_in_stock(world):
    share(world, 6, store_id=world.store.pk)

    with pytest.raises(ShareTooLarge) as refusal:
        share(world, 5, channel="line")

    assert refusal.value.left_count == 4
    assert figures(world) == {REST: (0, 4), f"store:{world.store.pk}": (0, 6)}


def test_the_rest_follows_what_comes_in_and_what_is_blocked(world):
    share(world, 6, store_id=world.store.pk)

    stock(world.prize, 5)
    more = settle_rest(prize_id=world.prize.pk, now=NOW).quota
    for code in GiftCode.objects.all()[:10]:
        void_code(gift_code_id=code.pk, reason="x", now=NOW)
    less = settle_rest(prize_id=world.prize.pk, now=NOW).quota

    assert (more, less) == (9, 0)


@pytest.mark.parametrize(
    ("place", "quota", "refusal"),
    [
        ({}, 1, ShareNotAccepted),
        ({"channel": TrackedLinkChannel.LINE}, -1, ShareNotAccepted),
        ({"store_id": 0}, 1, ShareNotAccepted),
    ],
)
def test_a_share_needs_a_place_and_a_number(world, place, quota, refusal):
    with pytest.raises(refusal):
        share(world, quota, **place)


def test_T16_a_foreign_store_or_another_prizes_share_is_refused(world):
    other = open_campaign(codes=5)
    mine, theirs = share(world, 2, channel="x"), share(other, 2, channel="x")

    with pytest.raises(PlaceNotOfPrize):
        share(world, 1, store_id=other.store.pk)
    with pytest.raises(PlaceNotOfPrize):
        move_allocation(from_id=mine.pk, to_id=theirs.pk, count=1, now=NOW)
    with pytest.raises(ShareNotAccepted):
        move_allocation(from_id=mine.pk, to_id=mine.pk, count=1, now=NOW)
