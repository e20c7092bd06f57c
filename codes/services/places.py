"""A prize's stock divided among places (配分): a share is never overdrawn, and what is promised is in stock (I04).

As soon as a prize is divided it has one more share, of no store, channel or day: the rest, for everybody else. The
quotas of all shares less what they have given out are never more than the codes in stock.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F

from accounts import audit
from campaigns.models import Prize, Store
from campaigns.services import mark_allocated
from codes.errors import OutOfStock, PlaceNotOfPrize, ShareNotAccepted, ShareTooLarge
from codes.models import Allocation
from codes.selectors import available_count, share_for
from core.clock import jst_day
from participants.models import Entry

REST = ""


@dataclass(frozen=True)
class Place:
    """Where a share of the stock is for: a store, a channel, a day, or several of them together."""

    store_id: int | None = None
    channel: str = ""
    day: date | None = None

    @property
    def key(self) -> str:
        """The canonical form, in which a place is unique within a prize; empty for the rest."""
        parts = [
            f"store:{self.store_id}" if self.store_id else "",
            f"channel:{self.channel}" if self.channel else "",
            f"day:{self.day.isoformat()}" if self.day else "",
        ]
        return "/".join(part for part in parts if part)


def take_place_of(*, prize: Prize, entry: Entry, now: datetime) -> None:
    """Take one code out of the share that an entry draws on, in the transaction of its award.

    The rule, for every way in which a code is issued:

    1. Nothing is taken while `prize.is_allocated` is false.
    2. Of the prize's shares those match whose store is empty or the store of the entry's tracked link, whose channel
       is empty or the link's channel, and whose day is empty or the Japanese day of `now`. An entry without a link
       matches shares without store and channel only. The rest (no store, channel or day) matches every entry.
    3. One share counts: a share with a store goes before one without, then one with a channel, then one with a day.
       In SQL: ORDER BY (store_id IS NOT NULL) DESC, (channel <> '') DESC, (day IS NOT NULL) DESC LIMIT 1.
    4. UPDATE … SET used = used + 1 WHERE id = … AND used < quota. No row changed: that place has nothing left, and
       the entry waits as it does for an empty stock. It does not fall back to another share.

    The code is taken before the share, since a share is the hotter row. Reserved codes have been taken out of the
    rest when they were reserved; nothing is taken again when they are awarded.

    Raises:
        OutOfStock: the place has given out its share.
    """
    if not prize.is_allocated:
        return
    share = share_for(prize_id=prize.pk, link=entry.link, day=jst_day(now))
    if share is not None and not _take(share.pk, now):
        raise OutOfStock(prize_id=prize.pk, place=share.place)


def take_from_rest(*, prize: Prize, now: datetime) -> None:
    """Take one code out of what is left for everybody, as a reservation does.

    Raises:
        OutOfStock: all that is in stock is promised to places.
    """
    if not prize.is_allocated:
        return
    rest = Allocation.objects.filter(prize=prize, place=REST, used__lt=F("quota"))
    if not rest.update(used=F("used") + 1, updated_at=now):
        raise OutOfStock(prize_id=prize.pk, place=REST)


def give_back_to_rest(*, prize_id: int, now: datetime) -> None:
    """Return what a reservation had taken out of the rest."""
    Allocation.objects.filter(prize_id=prize_id, place=REST, used__gt=0).update(used=F("used") - 1, updated_at=now)


@transaction.atomic
def allocate_stock(
    *, prize_id: int, place: Place, quota: int, now: datetime, actor_id: int | None = None
) -> Allocation:
    """Give a place so many codes of a prize, out of the rest or back to it.

    Raises:
        ShareNotAccepted: no place is named, or the number is negative.
        PlaceNotOfPrize: the store is another agency's.
        ShareTooLarge: the rest has not so many left, or the place has given out more than that already.
    """
    if not place.key or quota < 0:
        raise ShareNotAccepted
    prize = Prize.objects.select_related("course__campaign").get(pk=prize_id)
    agency_id = prize.course.campaign.agency_id
    if place.store_id and not Store.objects.filter(pk=place.store_id, agency_id=agency_id).exists():
        raise PlaceNotOfPrize
    shares = _shares(prize, agency_id, now)
    share = shares.get(place.key) or Allocation.objects.create(
        agency_id=agency_id,
        prize=prize,
        store_id=place.store_id,
        channel=place.channel,
        day=place.day,
        place=place.key,
        quota=0,
    )
    _shift(shares[REST], share, quota - share.quota, now)
    audit.record("stock.allocated", subject=share, actor_id=actor_id, place=share.place, quota=quota)
    share.refresh_from_db()
    return share


@transaction.atomic
def move_allocation(*, from_id: int, to_id: int, count: int, now: datetime, actor_id: int | None = None) -> None:
    """Move codes from one place's share to another's; their sum stays what it was.

    Raises:
        ShareNotAccepted: not a positive number, or one place twice.
        PlaceNotOfPrize: the shares are of different prizes.
        ShareTooLarge: the first place has fewer left.
    """
    if count < 1 or from_id == to_id:
        raise ShareNotAccepted
    found = Allocation.objects.select_for_update().order_by("pk").in_bulk([from_id, to_id])
    source, target = found[from_id], found[to_id]
    if source.prize_id != target.prize_id:
        raise PlaceNotOfPrize
    _shift(source, target, count, now)
    audit.record("stock.moved", subject=source, actor_id=actor_id, to=str(target.public_id), count=count)


@transaction.atomic
def settle_rest(*, prize_id: int, now: datetime) -> Allocation | None:
    """Make the rest of a divided prize what is in stock and promised to no place; nothing for other prizes.

    Called when codes came in, were held back, blocked or have expired. Never below what the rest has given out.
    """
    prize = Prize.objects.select_related("course__campaign").get(pk=prize_id)
    if not prize.is_allocated:
        return None
    return _shares(prize, prize.course.campaign.agency_id, now)[REST]


def settle_all_rests(*, now: datetime) -> int:
    """Settle the rest of every divided prize; returns how many there are."""
    prize_ids = list(Prize.objects.filter(is_allocated=True).values_list("pk", flat=True))
    for prize_id in prize_ids:
        settle_rest(prize_id=prize_id, now=now)
    return len(prize_ids)


def _shares(prize: Prize, agency_id: int, now: datetime) -> dict[str, Allocation]:
    """Lock all shares of a prize, the rest brought up to date.

    Whoever issues takes his share after his code and before he commits: while the shares are locked, each code in
    flight still counts as available and is not yet counted as used, so that both sides agree.
    """
    rest, _is_new = Allocation.objects.get_or_create(
        prize=prize, place=REST, defaults={"agency_id": agency_id, "quota": 0}
    )
    if not prize.is_allocated:
        mark_allocated(prize_id=prize.pk, is_allocated=True)
    shares = {share.place: share for share in Allocation.objects.select_for_update().filter(prize=prize).order_by("pk")}
    promised = sum(share.quota - share.used for place, share in shares.items() if place != REST)
    rest = shares[REST]
    quota = rest.used + max(0, available_count(prize.pk) - promised)
    if quota != rest.quota:
        Allocation.objects.filter(pk=rest.pk).update(quota=quota, updated_at=now)
        rest.quota = quota
    return shares


def _shift(source: Allocation, target: Allocation, count: int, now: datetime) -> None:
    """Move quota between two shares, in the order of their keys, each only as far as it has something left."""
    for share, change in sorted([(source, -count), (target, count)], key=lambda item: item[0].pk):
        enough = Allocation.objects.filter(pk=share.pk, used__lte=F("quota") + change)
        if not enough.update(quota=F("quota") + change, updated_at=now):
            share.refresh_from_db()
            raise ShareTooLarge(left_count=share.quota - share.used)


def _take(share_id: int, now: datetime) -> bool:
    left = Allocation.objects.filter(pk=share_id, used__lt=F("quota"))
    return bool(left.update(used=F("used") + 1, updated_at=now))
